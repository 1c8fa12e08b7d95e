/** flock(2), which Node has not. The kernel lets go of a lock with the descriptor, so a kill leaves none behind. */
import { closeSync, constants, openSync } from 'node:fs';
import { setTimeout as pause } from 'node:timers/promises';
import koffi from 'koffi';

/** LOCK_EX | LOCK_NB (sys/file.h). */
const EXCLUSIVE_NOW = 2 | 4;
const EWOULDBLOCK = 11;
const EINTR = 4;

const flock = koffi.load(null).func('int flock(int fd, int operation)');

/**
 * The exclusive lock of a file, which is made if need be. Undefined when others have held it for `patience`
 * milliseconds. It asks again and again rather than wait in the kernel, where nothing could end the waiting.
 */
export async function exclusiveLock(path: string, patience: number): Promise<Disposable | undefined> {
  const fd = openSync(path, constants.O_RDWR | constants.O_CREAT | constants.O_NOFOLLOW, 0o600);
  const until = performance.now() + patience;
  try {
    while (!lockNow(fd, path)) {
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

function lockNow(fd: number, path: string): boolean {
  if (flock(fd, EXCLUSIVE_NOW) === 0) return true;
  const errno = koffi.errno();
  if (errno === EWOULDBLOCK || errno === EINTR) return false;
  throw new Error(`cannot lock ${path}: errno ${errno}`);
}
