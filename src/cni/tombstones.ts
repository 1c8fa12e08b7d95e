/**
 * DELs that found no controller (plugin/PROTOCOL.md). The runtime was told that they succeeded, so they must happen
 * before the first ADD is served: nothing reminds us of them again.
 *
 * An entry that cannot be read is put aside for people; one whose DEL fails stays for the next start; neither keeps us
 * from serving. Entries are begun in the order of their names, which is the order of events, and many are under way at
 * a time, because the kernel takes a hundred links away as fast as one.
 */
import { constants } from 'node:fs';
import { mkdir, open, readdir, rename, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { aborted } from './aborted.js';
import { asCniError } from './answer.js';
import { MAX_FRAME, parseFrame } from './frame.js';
import type { Log } from './log.js';
import { type DelRequest, parseRequest } from './request.js';
import { turns } from './turns.js';
import type { Handle } from './verbs.js';

/** What a drain did with the entries it found. */
export interface Drained {
  done: number;
  corrupt: number;
  left: number;
}

export interface DrainOptions {
  readonly directory: string;
  readonly handle: Handle;
  readonly log: Log;
  /** Milliseconds after which the rest is left: forwarders wait 10 s for us. */
  readonly budget?: number;
}

/** The lock that forwarders share while they write, and what is put aside: neither is an entry. */
export const LOCK = '.lock';
const CORRUPT = 'corrupt';
const AT_A_TIME = 64;
const ENTRY = /^(\d{20})-\d+$/;

/** Works off every entry. To be called with the lock held exclusively, when no forwarder is writing. */
export async function drain({ directory, handle, log, budget = 8_000 }: DrainOptions): Promise<Drained> {
  const names = await entries(directory);
  const drained: Drained = { done: 0, corrupt: 0, left: names.length };
  const enough = AbortSignal.timeout(budget);
  const slots = turns(AT_A_TIME);
  const begun: Promise<unknown>[] = [];
  const count = (as: 'done' | 'corrupt') => {
    drained[as]++;
    drained.left--;
  };
  for (const name of names) {
    const request = await read(directory, name).catch((reason: Error) => putAside(directory, name, reason, log));
    if (!request) count('corrupt');
    else {
      const slot = await slots.take(enough).catch(() => undefined);
      if (!slot) break;
      const performed = perform(join(directory, name), request, handle, log).then((done) => done && count('done'));
      begun.push(performed.finally(() => slot[Symbol.dispose]()));
    }
  }
  await Promise.race([Promise.all(begun), aborted(enough)]);
  if (names.length > 0) log.info('worked off the DELs that came while slash32d was down', { ...drained });
  return drained;
}

/** Their names in order. What a killed forwarder left half written was never promised to anybody: removed. */
async function entries(directory: string): Promise<readonly string[]> {
  const names = await readdir(directory);
  const halfWritten = names.filter((name) => name.startsWith('.') && name !== LOCK);
  await Promise.all(halfWritten.map((name) => rm(join(directory, name), { recursive: true, force: true })));
  return names.filter((name) => !name.startsWith('.') && name !== CORRUPT).sort();
}

/** The DEL in an entry. Throws when it is not one. */
async function read(directory: string, name: string): Promise<DelRequest> {
  const queuedAt = ENTRY.exec(name)?.[1];
  if (queuedAt === undefined) throw new Error('its name is not <boot time>-<pid>');
  // Neither through a link nor waiting on a pipe: the forwarder writes plain files only.
  const file = await open(join(directory, name), constants.O_RDONLY | constants.O_NOFOLLOW | constants.O_NONBLOCK);
  try {
    const found = await file.stat();
    if (!found.isFile() || found.size > MAX_FRAME) throw new Error("it is not a file of a request's size");
    const request = parseRequest(parseFrame(await file.readFile()));
    if (request.verb !== 'DEL') throw new Error(`it is not a DEL but ${request.verb}`);
    return { ...request, queuedAt: BigInt(queuedAt) };
  } finally {
    await file.close();
  }
}

async function putAside(directory: string, name: string, reason: Error, log: Log): Promise<undefined> {
  const aside = join(directory, CORRUPT);
  log.error(`tombstone ${name} cannot be read: ${reason.message}; it is kept in ${aside}`);
  await mkdir(aside, { recursive: true, mode: 0o700 });
  await rename(join(directory, name), join(aside, name));
}

/** Whether it succeeded, and the entry is gone. */
async function perform(path: string, request: DelRequest, handle: Handle, log: Log): Promise<boolean> {
  const { containerId, ifname } = request;
  try {
    await handle(request, new AbortController().signal);
    await rm(path, { force: true });
    return true;
  } catch (thrown) {
    const { code, message } = asCniError(thrown);
    log.warn(`tombstone: DEL failed and is kept for the next start: ${message}`, { containerId, ifname, code });
    return false;
  }
}
