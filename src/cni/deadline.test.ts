import { once } from 'node:events';
import { expect } from 'chai';
import { deadline } from './deadline.js';

describe('a deadline', () => {
  it('comes after its time', async () => {
    // Its timer keeps no process alive; the test's does.
    const alive = setInterval(() => {}, 1000);
    using over = deadline(1);
    if (!over.signal.aborted) await once(over.signal, 'abort');
    clearInterval(alive);
  });

  it('comes with the other signal, also with one that has come already', () => {
    const other = new AbortController();
    using before = deadline(60_000, other.signal);
    expect(before.signal.aborted).to.equal(false);
    other.abort();
    using after = deadline(60_000, other.signal);
    expect([before.signal.aborted, after.signal.aborted]).to.deep.equal([true, true]);
  });

  it('that nobody waits for any more does not come', () => {
    const other = new AbortController();
    const over = deadline(60_000, other.signal);
    over[Symbol.dispose]();
    other.abort();
    expect(over.signal.aborted).to.equal(false);
  });
});
