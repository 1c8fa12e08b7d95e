/**
 * The place of gobgpd's socket. Who reaches it can announce anything and read every password: so its directory is ours, and
 * closed to all others.
 */
import { lstat, mkdir, rm } from 'node:fs/promises';
import { connect } from 'node:net';
import { dirname } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { refuseUnlessPrivate } from '../private-directory.js';

/** sun_path in linux/un.h, with its closing NUL. */
const LONGEST_PATH = 107;
/** A gobgpd whose supervisor was killed dies with it (PR_SET_PDEATHSIG), but maybe a moment after we have started. */
const DYING_MS = 2_000;
const LOOK_AGAIN_MS = 50;

/** The path in `unix:///path`. Throws when it is anything else: a TCP port would be open to every process of the host. */
export function socketPath(api: string): string {
  const path = /^unix:\/\/(\/[^\0]+)$/.exec(api)?.[1];
  if (path === undefined)
    throw new Error(`gobgpd's API must be a unix socket, like unix:///run/slash32/gobgpd.sock, not "${api}"`);
  if (Buffer.byteLength(path) > LONGEST_PATH)
    throw new Error(`socket path of more than ${LONGEST_PATH} bytes: ${path}`);
  return path;
}

/** Makes the directory, mode 0700. Throws when one is there that others could enter, or that is not ours. */
export async function prepareDirectory(path: string): Promise<void> {
  const directory = dirname(path);
  await mkdir(directory, { recursive: true, mode: 0o700 });
  refuseUnlessPrivate(directory);
}

/**
 * Removes a socket that a killed gobgpd has left behind: beside one, 3.x does not start, and 4.x runs without its API.
 * Throws when somebody listens on it, or when it is no socket at all.
 */
export async function removeStaleSocket(path: string): Promise<void> {
  const found = await lstat(path).catch(() => undefined);
  if (!found) return;
  if (!found.isSocket()) throw new Error(`${path} is not a socket: remove it, or choose another path`);
  for (let waited = 0; await listens(path); waited += LOOK_AGAIN_MS) {
    if (waited >= DYING_MS) throw new Error(`another process listens on ${path}: stop it first (ss -xlp shows which)`);
    await sleep(LOOK_AGAIN_MS);
  }
  await rm(path, { force: true });
}

function listens(path: string): Promise<boolean> {
  return new Promise((resolve) => {
    const socket = connect(path, () => {
      socket.destroy();
      resolve(true);
    });
    socket.on('error', () => resolve(false));
  });
}
