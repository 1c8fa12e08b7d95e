/** What a process costs, by the kernel's own accounting. */
import { readFileSync } from 'node:fs';
import { ticksIn } from '../src/sidecar/processor-time.js';

/** USER_HZ: the unit of proc_pid_stat(5), whatever the kernel's own clock does. */
const TICKS_PER_SECOND = 100;

/** Resident memory of these processes together, MB; what they share counts for each. */
export function residentMegabytes(pids: readonly number[]): number {
  const kilobytes = pids.map((pid) =>
    Number(/^Rss:\s+(\d+) kB/m.exec(readFileSync(`/proc/${pid}/smaps_rollup`, 'utf8'))?.[1]),
  );
  return kilobytes.reduce((sum, it) => sum + it, 0) / 1000;
}

/** Seconds of processor time that these processes have used together, with all their threads, in 10 ms steps. */
export function processorSeconds(pids: readonly number[]): number {
  return pids.reduce((sum, pid) => sum + ticksIn(readFileSync(`/proc/${pid}/stat`, 'utf8')), 0) / TICKS_PER_SECOND;
}

/** Milliseconds of processor time of a process's first thread, in which Node runs its loop; to the nanosecond. */
export function loopMilliseconds(pid: number): number {
  return Number(readFileSync(`/proc/${pid}/task/${pid}/schedstat`, 'utf8').split(' ')[0]) / 1e6;
}
