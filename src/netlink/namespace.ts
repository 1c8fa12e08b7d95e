/**
 * Network namespaces: opening the one that a path names, and working in it.
 *
 * A path comes from a container runtime and is not trusted: it is opened once, and everything after looks at the open
 * file. O_NONBLOCK keeps a FIFO from blocking us for ever.
 */
import { closeSync, constants, fstatSync, openSync, statfsSync, statSync } from 'node:fs';
import { ioctl, setns } from './libc.js';

/** linux/magic.h, linux/sched.h, linux/nsfs.h */
const NSFS_MAGIC = 0x6e736673;
const CLONE_NEWNET = 0x40000000;
const NS_GET_NSTYPE = 0xb703;

/** A namespace file that is open, until it is disposed of. The namespace lives at least as long. */
export interface OpenNamespace extends Disposable {
  readonly path: string;
  readonly fd: number;
  /** Names the namespace while it lives (nsfs). */
  readonly inode: number;
}

/** The path does not lead to a network namespace that may be worked in. */
export class NamespaceError extends Error {
  override readonly name = 'NamespaceError';
}

/** Opens the network namespace of a path. Throws NamespaceError when it is none, or is the caller's own. */
export function openNamespace(path: string): OpenNamespace {
  const fd = openPath(path);
  try {
    const { ino } = fstatSync(fd);
    if (statfsSync(`/proc/self/fd/${fd}`).type !== NSFS_MAGIC) {
      throw new NamespaceError(
        `"${path}" is not a namespace: expected a file like /run/netns/NAME or /proc/PID/ns/net`,
      );
    }
    if (ioctl(fd, NS_GET_NSTYPE, 0) !== CLONE_NEWNET) {
      throw new NamespaceError(`"${path}" is a namespace, but not of the network kind`);
    }
    if (ino === statSync(OWN).ino) {
      throw new NamespaceError(`"${path}" is the host's own network namespace, which is no container's`);
    }
    return { path, fd, inode: ino, [Symbol.dispose]: () => closeSync(fd) };
  } catch (error) {
    closeSync(fd);
    throw error;
  }
}

/**
 * Runs `work` in another network namespace. Synchronous on purpose: an await in between would leave the whole process
 * in there. What `work` opens stays there: a socket goes on talking to that namespace. Only this thread moves, so `work`
 * must not start processes, and must not use what runs on other threads (asynchronous fs calls).
 */
export function inNamespace<T>(fd: number, work: () => T): T {
  const home = openSync(OWN, constants.O_RDONLY);
  try {
    setns(fd, CLONE_NEWNET);
    try {
      return work();
    } finally {
      comeHome(home);
    }
  } finally {
    closeSync(home);
  }
}

/** Of the thread, not of the process: they differ while we are away. */
const OWN = '/proc/thread-self/ns/net';

/** A controller that programs the host from inside a container is worse than none. */
function comeHome(home: number): void {
  try {
    setns(home, CLONE_NEWNET);
  } catch {
    process.abort();
  }
}

function openPath(path: string): number {
  try {
    return openSync(path, constants.O_RDONLY | constants.O_NONBLOCK);
  } catch (cause) {
    const reason = (cause as NodeJS.ErrnoException).code ?? String(cause);
    throw new NamespaceError(`cannot open the network namespace "${path}": ${reason}`, { cause });
  }
}
