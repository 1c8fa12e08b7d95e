/**
 * flock(2), which Node does not have. The kernel lets go of a lock with its descriptor, so a kill leaves none behind;
 * Node's descriptors are close-on-exec, so no child keeps one.
 */
import koffi from 'koffi';

/** LOCK_EX | LOCK_NB (sys/file.h). */
const EXCLUSIVE_NOW = 2 | 4;

const flock = koffi.load(null).func('int flock(int fd, int operation)');

/** Takes the exclusive lock of an open file, unless somebody else has it. Throws when the file cannot be locked at all. */
export function lockNow(fd: number): boolean {
  if (flock(fd, EXCLUSIVE_NOW) === 0) return true;
  const errno = koffi.errno();
  const { EAGAIN, EINTR } = koffi.os.errno;
  if (errno === EAGAIN || errno === EINTR) return false;
  throw new Error(`cannot lock the file (errno ${errno}); is it on a file system with flock(2)?`);
}
