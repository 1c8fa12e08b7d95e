/** What a process has used of the processors, by the kernel's accounting. */
import { readFileSync } from 'node:fs';

/** USER_HZ: the unit of proc_pid_stat(5), whatever the kernel's own clock does. */
const TICK_MS = 10;

/** Milliseconds of all its threads since its start, in steps of ten. 0 when there is no such process. */
export function processorMilliseconds(pid: number): number {
  try {
    return ticksIn(readFileSync(`/proc/${pid}/stat`, 'utf8')) * TICK_MS;
  } catch {
    return 0;
  }
}

/** utime and stime; they come after the command, which may hold anything. */
export function ticksIn(stat: string): number {
  const fields = stat.slice(stat.lastIndexOf(')') + 2).split(' ');
  return Number(fields[11]) + Number(fields[12]);
}
