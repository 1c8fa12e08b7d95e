import { expect } from 'chai';
import { ticksIn } from '../src/sidecar/processor-time.js';
import { loopMilliseconds, processorSeconds, residentMegabytes } from './accounting.js';

describe('the accounting', () => {
  it('finds the ticks whatever the command is called', () => {
    expect(ticksIn('7 (a) b) (c) S 1 7 7 0 -1 4194304 100 0 0 0 25 17 0 0 20 0 1 0 100')).to.equal(42);
  });

  it('sees this process work', () => {
    const [seconds, loop] = [processorSeconds([process.pid]), loopMilliseconds(process.pid)];
    // Processor time and not the clock: on a busy machine a process may get none of 60 ms.
    const before = process.cpuUsage();
    const used = () => (({ user, system }) => (user + system) / 1000)(process.cpuUsage(before));
    while (used() < 100);
    // Other threads of Node may have had a part of it, and the kernel's figures are a tick apart.
    expect(loopMilliseconds(process.pid) - loop).to.be.within(20, used() + 20);
    expect(processorSeconds([process.pid])).to.be.at.least(seconds);
  });

  it('agrees with Node on its memory', () => {
    expect(residentMegabytes([process.pid])).to.be.closeTo(process.memoryUsage().rss / 1e6, 30);
  });
});
