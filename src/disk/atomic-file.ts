/**
 * Files that are old or new, never half: write under another name, fsync, rename, fsync of the directory.
 *
 * Calls are synchronous on purpose. On tmpfs each takes a few microseconds, while a call that goes through libuv's pool
 * takes a thread switch each way and queues behind whatever else is in the pool. It also means that two writes of one
 * process never interleave, so one temporary name per file is enough.
 */
import {
  closeSync,
  constants,
  fstatSync,
  fsyncSync,
  mkdirSync,
  openSync,
  readFileSync,
  renameSync,
  unlinkSync,
  writeFileSync,
} from 'node:fs';
import { join } from 'node:path';
import { refuseUnlessPrivate } from '../private-directory.js';

const { O_CREAT, O_DIRECTORY, O_EXCL, O_NOFOLLOW, O_NONBLOCK, O_RDONLY, O_WRONLY } = constants;

/** No file of ours is nearly as long; a longer one is not read. */
const MAX_BYTES = 4 * 1024 * 1024;

/** A private directory, held open so that what is renamed in it can be made durable. */
export interface Directory extends Disposable {
  readonly path: string;
  readonly fd: number;
}

/** Opens a directory that belongs to this process's user alone, and makes it first where there is none. */
export function openPrivateDirectory(path: string): Directory {
  makeDirectory(path);
  refuseUnlessPrivate(path);
  const fd = openSync(path, O_RDONLY | O_DIRECTORY | O_NOFOLLOW);
  return { path, fd, [Symbol.dispose]: () => closeSync(fd) };
}

/** The name a file has while it is written. A leftover of it is of no use to anybody. */
export function temporaryName(name: string): string {
  return `.${name}.tmp`;
}

/** Writes or replaces one file (mode 0600), durably. When it throws, the old file is as it was. */
export function writeAtomically(directory: Directory, name: string, text: string): void {
  const temporary = join(directory.path, temporaryName(name));
  const fd = create(temporary);
  try {
    try {
      writeFileSync(fd, text);
      fsyncSync(fd);
    } finally {
      closeSync(fd);
    }
    renameSync(temporary, join(directory.path, name));
  } catch (error) {
    removeIfThere(temporary);
    throw error;
  }
  fsyncSync(directory.fd);
}

/** Removes one file, durably. What is gone already is fine. */
export function removeDurably(directory: Directory, name: string): void {
  if (removeIfThere(join(directory.path, name))) fsyncSync(directory.fd);
}

/** The text of a regular file, or undefined when there is no file. Follows no symbolic link, waits for no pipe. */
export function readRegularFile(path: string): string | undefined {
  const fd = openIfThere(path);
  if (fd === undefined) return undefined;
  try {
    const found = fstatSync(fd);
    if (!found.isFile()) throw new Error('not a regular file');
    if (found.size > MAX_BYTES) throw new Error(`${found.size} bytes are more than any record has (${MAX_BYTES})`);
    return readFileSync(fd, 'utf8');
  } finally {
    closeSync(fd);
  }
}

function makeDirectory(path: string): void {
  try {
    mkdirSync(path, { mode: 0o700 });
  } catch (error) {
    if (codeOf(error) === 'EEXIST') return;
    throw new Error(`cannot make the directory ${path} (${codeOf(error)}); its parent must be there and writable`, {
      cause: error,
    });
  }
}

/** O_EXCL follows no planted link. What stands there is a leftover, or nothing that we want to keep. */
function create(temporary: string): number {
  const flags = O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW;
  try {
    return openSync(temporary, flags, 0o600);
  } catch (error) {
    if (codeOf(error) !== 'EEXIST') throw error;
    unlinkSync(temporary);
    return openSync(temporary, flags, 0o600);
  }
}

function openIfThere(path: string): number | undefined {
  try {
    return openSync(path, O_RDONLY | O_NOFOLLOW | O_NONBLOCK);
  } catch (error) {
    if (codeOf(error) === 'ENOENT') return undefined;
    throw error;
  }
}

function removeIfThere(path: string): boolean {
  try {
    unlinkSync(path);
    return true;
  } catch (error) {
    if (codeOf(error) === 'ENOENT') return false;
    throw error;
  }
}

function codeOf(error: unknown): string | undefined {
  return (error as NodeJS.ErrnoException).code;
}
