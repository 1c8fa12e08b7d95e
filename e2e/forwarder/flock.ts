/**
 * flock(2), which Node does not have: what a controller does to `tombstones/.lock`. It tries instead of waiting, because a
 * call that blocks here would block the test's whole process.
 */
import { closeSync, openSync } from 'node:fs';
import { setTimeout as pause } from 'node:timers/promises';
import koffi from 'koffi';

const flock = koffi.load('libc.so.6').func('int flock(int fd, int operation)') as (fd: number, how: number) => number;
const LOCK_EX = 2;
const LOCK_NB = 4;

/** Takes the file's lock exclusively; disposing lets go. */
export async function lockExclusively(path: string): Promise<Disposable> {
  const fd = openSync(path, 'a+', 0o600);
  while (flock(fd, LOCK_EX | LOCK_NB) !== 0) await pause(1);
  return { [Symbol.dispose]: () => closeSync(fd) };
}
