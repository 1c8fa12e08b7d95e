/**
 * DELs that found no controller (plugin/PROTOCOL.md). The runtime was told that they succeeded, so they must happen
 * before the first ADD is served: nothing reminds us of them again. Those that come later got no answer in time, from
 * a controller that was stopped or overrun; they are worked off as soon as they appear.
 *
 * An entry that cannot be read is put aside for people; one whose DEL fails stays for the next drain; neither keeps us
 * from serving. Entries are begun in the order of their names, which is the order of events, and many are under way at
 * a time, because the kernel takes a hundred links away as fast as one.
 */
import { constants, watch } from 'node:fs';
import { mkdir, open, readdir, rename, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { Loop } from '../reconcile/loop.js';
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
/** How often DELs that failed are tried again, in milliseconds. */
const AGAIN_EVERY = 30_000;
const ENTRY = /^(\d{20})-\d+$/;

/**
 * Drains whenever an entry appears, and now and then for those whose DEL failed, until the signal. Forwarders may be
 * writing meanwhile: an entry is there as a whole or not at all.
 */
export function drainAsTheyCome(options: DrainOptions, signal: AbortSignal): void {
  const { directory, log } = options;
  const complain = (error: unknown) => log.error(`cannot drain ${directory}: ${(error as Error).message}`);
  const loop = new Loop(async () => void (await drain(options)), complain);
  watch(directory, { signal, persistent: false }, (_event, name) => {
    if (name === null || ENTRY.test(name)) loop.nudge();
  }).on('error', complain);
  loop.nudge();
  const timer = setInterval(() => loop.nudge(), AGAIN_EVERY);
  timer.unref();
  signal.addEventListener('abort', () => clearInterval(timer), { once: true });
}

/** Removes what killed forwarders left half written, which was promised to nobody. With the lock held: nobody writes. */
export async function removeHalfWritten(directory: string): Promise<void> {
  const names = await readdir(directory);
  const halfWritten = names.filter((name) => name.startsWith('.') && name !== LOCK);
  await Promise.all(halfWritten.map((name) => rm(join(directory, name), { recursive: true, force: true })));
}

/** Works off every entry. One drain at a time. */
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
  if (names.length > 0) log.info('worked off the DELs that slash32d had not answered', { ...drained });
  return drained;
}

/** Their names in order. */
async function entries(directory: string): Promise<readonly string[]> {
  const names = await readdir(directory);
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
    log.warn(`tombstone: DEL failed and is kept for the next drain: ${message}`, { containerId, ifname, code });
    return false;
  }
}
