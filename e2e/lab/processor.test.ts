import { cpus } from 'node:os';
import { expect } from 'chai';
import { execa } from 'execa';
import { waitedForProcessor } from './processor.js';
import { until } from './until.js';

describe('the time in which somebody waited for a processor', () => {
  it('passes while more processes want to run than there are processors', async () => {
    const before = waitedForProcessor();
    const spins = [...cpus(), 'one more'].map(() => execa('sh', ['-c', 'while :; do :; done'], { reject: false }));
    try {
      await until(() => waitedForProcessor() - before > 100, { what: '100 ms of waiting' });
    } finally {
      for (const spin of spins) spin.kill('SIGKILL');
      await Promise.all(spins);
    }
  });

  it('is never more than has passed', async () => {
    const [before, waited] = [performance.now(), waitedForProcessor()];
    await until(() => performance.now() - before > 200, { what: '200 ms' });
    // What is counted now may have been before, up to two seconds of it.
    expect(waitedForProcessor() - waited).to.be.within(0, performance.now() - before + 2_000);
  });
});
