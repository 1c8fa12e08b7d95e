/**
 * A unix socket that only root reaches: its directory is 0700 and ours, or we do not start. The socket's own mode is the
 * second lock on the same door.
 */
import { once } from 'node:events';
import { lstat, mkdir, unlink } from 'node:fs/promises';
import { connect, type Server } from 'node:net';
import { dirname } from 'node:path';
import { refuseUnlessPrivate } from '../private-directory.js';

/** Makes a directory of mode 0700, or checks the one that is there. Throws an Error that names what is wrong with it. */
export async function privateDirectory(path: string): Promise<void> {
  await mkdir(path, { recursive: true, mode: 0o700 });
  refuseUnlessPrivate(path);
}

/** Makes the server listen on `path`: directory checked, a dead socket removed, mode 0600. */
export async function listenPrivately(server: Server, path: string): Promise<void> {
  await privateDirectory(dirname(path));
  await removeDead(path);
  const listening = once(server, 'listening');
  // bind() runs inside listen(), so the mask holds for this one file and nobody else's.
  const mask = process.umask(0o177);
  try {
    server.listen(path);
  } finally {
    process.umask(mask);
  }
  await listening;
}

/** A socket stays behind after a kill, and bind() refuses its name. Only one that nobody answers on is removed. */
async function removeDead(path: string): Promise<void> {
  const found = await lstat(path).catch(absent);
  if (!found) return;
  if (!found.isSocket()) throw new Error(`${path} is there and is not a socket; remove it, slash32d needs the name`);
  if (await isAnswered(path)) throw new Error(`another slash32d answers on ${path}; stop it first`);
  await unlink(path).catch(absent);
}

function isAnswered(path: string): Promise<boolean> {
  return new Promise((resolve, reject) => {
    const attempt = connect(path, () => {
      attempt.destroy();
      resolve(true);
    });
    attempt.on('error', (error: NodeJS.ErrnoException) => {
      if (error.code === 'ECONNREFUSED' || error.code === 'ENOENT') resolve(false);
      else reject(error);
    });
  });
}

function absent(error: NodeJS.ErrnoException): undefined {
  if (error.code !== 'ENOENT') throw error;
}
