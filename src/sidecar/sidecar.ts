/**
 * The supervisor of gobgpd: starts it, starts it again, and kills it when it hangs.
 *
 * gobgpd 3.x dies of one malformed message from a peer, so its death is a normal event. With graceful restart, a peer keeps
 * our routes while it is away, if it comes back soon and if it did not say goodbye. So every ending here is a SIGKILL, also
 * when the sidecar itself is stopped; only `stop: 'withdraw'`, to drain a node, lets it say goodbye.
 */
import { rm } from 'node:fs/promises';
import { setTimeout as sleep } from 'node:timers/promises';
import { noteGoodbyes } from '../gobgp/goodbyes.js';
import { noteCrash } from '../gobgp/last-crash.js';
import { prepareDirectory, removeStaleSocket, socketPath } from './api-socket.js';
import { isCrash, startGobgpd } from './gobgpd.js';
import { processorMilliseconds } from './processor-time.js';
import { deathsInARow, restartDelay } from './restart-delay.js';
import { untilItAnswers, untilItHangs } from './watchdog.js';

/** How long gobgpd may take to say goodbye. */
const GOODBYE_MS = 5_000;

/** How gobgpd is run. */
export interface SidecarOptions {
  /** `unix:///path`, in a directory of its own: it is created with mode 0700, and refused when others may enter it. */
  readonly api: string;
  /** Name or path of the binary. */
  readonly gobgpd?: string;
  /** The hold time of the node's BGP sessions. */
  readonly holdSeconds?: number;
  /** What our own end means to peers: they keep our routes for the restart time, or drop them at once. */
  readonly stop?: 'silent' | 'withdraw';
  readonly log?: (entry: SidecarEvent) => void;
  /** Gets each line that gobgpd itself prints. */
  readonly output?: (line: string) => void;
}

/** What happens in a sidecar. */
export type SidecarEvent =
  | { readonly event: 'gobgpd-started'; readonly pid: number | undefined }
  | { readonly event: 'gobgpd-answers'; readonly pid: number | undefined }
  | { readonly event: 'gobgpd-hangs'; readonly pid: number | undefined }
  | { readonly event: 'gobgpd-died'; readonly reason: string; readonly restartInMilliseconds: number }
  | { readonly event: 'stopped' };

type Settings = Required<SidecarOptions>;

/**
 * Keeps one gobgpd running until the signal; then none is left. Throws when it cannot be done at all: the directory is not
 * private, another gobgpd listens, there is no such binary.
 */
export async function runSidecar(options: SidecarOptions, signal: AbortSignal): Promise<void> {
  const path = socketPath(options.api);
  const settings: Settings = { ...DEFAULTS, ...options };
  await prepareDirectory(path);
  for (let deaths = 0; !signal.aborted; ) {
    await removeStaleSocket(path);
    const born = performance.now();
    const reason = await life(settings, signal);
    if (signal.aborted) break;
    deaths = deathsInARow(deaths, performance.now() - born);
    const restartInMilliseconds = restartDelay(deaths);
    settings.log({ event: 'gobgpd-died', reason, restartInMilliseconds });
    if (isCrash(reason)) await noteCrash(options.api, reason);
    await sleep(restartInMilliseconds, undefined, { signal }).catch(() => {});
  }
  await rm(path, { force: true });
  settings.log({ event: 'stopped' });
}

const DEFAULTS = {
  gobgpd: 'gobgpd',
  holdSeconds: 9,
  stop: 'silent',
  log: (entry: SidecarEvent) =>
    process.stderr.write(`${JSON.stringify({ time: new Date().toISOString(), ...entry })}\n`),
  output: (line: string) => process.stderr.write(`${line}\n`),
} as const;

/** One life of gobgpd, from its start to its end, which it returns in words. */
async function life({ api, gobgpd, holdSeconds, stop, log, output }: Settings, signal: AbortSignal): Promise<string> {
  const note = noteGoodbyes(api);
  const daemon = startGobgpd(gobgpd, api, (line) => {
    output(line);
    note(line);
  });
  log({ event: 'gobgpd-started', pid: daemon.pid });
  const over = new AbortController();
  const end = () => {
    daemon.kill(stop === 'silent' ? 'SIGKILL' : 'SIGTERM');
    sleep(GOODBYE_MS, undefined, { signal: over.signal }).then(() => daemon.kill('SIGKILL'), ignored);
  };
  const watch = async () => {
    // 4.x runs on without an API when it cannot listen: what never answers is killed like what hangs.
    if (await untilItAnswers(api, over.signal)) log({ event: 'gobgpd-answers', pid: daemon.pid });
    await untilItHangs(api, holdSeconds, () => processorMilliseconds(daemon.pid ?? 0), over.signal);
    log({ event: 'gobgpd-hangs', pid: daemon.pid });
    daemon.kill('SIGKILL');
  };
  signal.addEventListener('abort', end, { once: true });
  if (signal.aborted) end();
  watch().catch(ignored);
  try {
    return await daemon.ended;
  } finally {
    over.abort();
    signal.removeEventListener('abort', end);
  }
}

/** The end of a wait that nobody needs any more. */
const ignored = () => {};
