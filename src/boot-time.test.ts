import { readFileSync } from 'node:fs';
import { expect } from 'chai';
import { bootTime } from './boot-time.js';

describe('the boot time', () => {
  it('is the uptime that the kernel prints, only finer', () => {
    const before = bootTime();
    const uptime = Number(readFileSync('/proc/uptime', 'utf8').split(' ')[0]);
    expect(uptime).to.be.within(Number(before / 1_000_000n) / 1000 - 0.011, Number(bootTime()) / 1e9);
  });
});
