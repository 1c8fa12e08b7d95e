/** Waiting for a lock that others may hold. */
import { closeSync, constants, openSync } from 'node:fs';
import { setTimeout as pause } from 'node:timers/promises';
import { lockNow } from '../flock.js';

/**
 * The exclusive lock of a file, which is made if need be. Undefined when others have held it for `patience`
 * milliseconds. It asks again and again rather than wait in the kernel, where nothing could end the waiting.
 */
export async function exclusiveLock(path: string, patience: number): Promise<Disposable | undefined> {
  const fd = openSync(path, constants.O_RDWR | constants.O_CREAT | constants.O_NOFOLLOW, 0o600);
  const until = performance.now() + patience;
  try {
    while (!lockNow(fd)) {
      if (performance.now() > until) {
        closeSync(fd);
        return undefined;
      }
      await pause(10);
    }
  } catch (error) {
    closeSync(fd);
    throw error;
  }
  return { [Symbol.dispose]: () => closeSync(fd) };
}
