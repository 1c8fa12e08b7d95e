/**
 * The run directory: private, and used by one controller at a time.
 *
 * The lock is flock(2), which the kernel takes back when its holder ends in whatever way, so there is no stale lock.
 * The lock file stays for ever: removing it would let two hold a lock each, on two files of one name.
 */
import { closeSync, constants, ftruncateSync, openSync, readFileSync, writeSync } from 'node:fs';
import { join } from 'node:path';
import { lockNow } from '../flock.js';
import { type Directory, openPrivateDirectory } from './atomic-file.js';

declare const locked: unique symbol;

/** A run directory that is ours until it is disposed of. */
export interface RunDirectory extends Directory {
  readonly [locked]: true;
}

/**
 * Makes the directory where there is none (mode 0700), checks it, and takes its lock.
 * Throws when others can reach into it, or when another controller holds it.
 */
export function openRunDirectory(path: string): RunDirectory {
  const directory = openPrivateDirectory(path);
  try {
    const lock = takeLock(join(path, 'lock'));
    const dispose = () => {
      directory[Symbol.dispose]();
      closeSync(lock);
    };
    return { path, fd: directory.fd, [Symbol.dispose]: dispose } as RunDirectory;
  } catch (error) {
    directory[Symbol.dispose]();
    throw error;
  }
}

function takeLock(path: string): number {
  const { O_CREAT, O_NOFOLLOW, O_RDWR } = constants;
  const fd = openSync(path, O_RDWR | O_CREAT | O_NOFOLLOW, 0o600);
  if (!lockNow(fd)) {
    const holder = readFileSync(fd, 'utf8').trim();
    closeSync(fd);
    throw new Error(
      `another controller (process ${holder || 'unknown'}) holds ${path}; stop it, or set another runDir`,
    );
  }
  ftruncateSync(fd);
  writeSync(fd, `${process.pid}\n`, 0);
  return fd;
}
