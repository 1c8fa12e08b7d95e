/**
 * What a controller does to `tombstones/.lock`. It tries instead of waiting, because a call that blocks here would block
 * the test's whole process.
 */
import { closeSync, openSync } from 'node:fs';
import { setTimeout as pause } from 'node:timers/promises';
import { lockNow } from '../../src/flock.js';

/** Takes the file's lock exclusively; disposing lets go. */
export async function lockExclusively(path: string): Promise<Disposable> {
  const fd = openSync(path, 'a+', 0o600);
  while (!lockNow(fd)) await pause(1);
  return { [Symbol.dispose]: () => closeSync(fd) };
}
