/** How busy this machine is, for promises about time: what it was kept waiting for is not our time. */
import { existsSync, readFileSync } from 'node:fs';

const PRESSURE = '/proc/pressure/cpu';

/**
 * Milliseconds, since some moment, in which a process that could run had to wait for a processor (Linux, accounting/psi.rst,
 * "some"); the kernel brings it up to date every two seconds. Where the kernel does not count that, all time counts as such:
 * nobody can tell there.
 */
export function waitedForProcessor(): number {
  if (!existsSync(PRESSURE)) return performance.now();
  return Number(/^some .*total=(\d+)/.exec(readFileSync(PRESSURE, 'utf8'))?.[1]) / 1000;
}
