/** One connection to gobgpd from its first word to its loss: begin, tell what stands, then listen on three ways at once. */
import { setTimeout as sleep } from 'node:timers/promises';
import { address, type Prefix } from '../model/address.js';
import type { Announcement } from '../model/announcement.js';
import type { Speaker } from '../model/peer.js';
import type { BgpEvent, Running } from '../ports.js';
import { rehearse } from './announcing.js';
import { Bell } from './bell.js';
import { alwaysInDoubt, doubts } from './doubts.js';
import type { Finished } from './end-of-rib.js';
import { applyExportPolicy, sayOutdatedAnew } from './export-policy.js';
import { takeLastCrash } from './last-crash.js';
import { type NextHops, nextHopsFor } from './next-hop.js';
import { keepOut } from './peers.js';
import { pulse } from './pulse.js';
import { checkRelease, findAnnounced, listAnnounced, openSession, type Session, startBgp } from './session.js';
import { openWatch, type Watch } from './watch.js';
import { watchSessions } from './watch-sessions.js';

const AUDIT_MS = 30_000;
/** So many heard paths are listed at each audit to find ours among them, which takes gobgpd 70 ms. */
const FEW_PATHS = 5_000;

/** Where gobgpd is, and who hears of oddities. */
export interface ConnectionOptions {
  readonly api: string;
  /** false: gobgpd has a file of its own, so BGP and peers are never touched. Default: true. */
  readonly manage?: boolean;
  /** One line for people, about something odd that is survived. */
  readonly warn?: (line: string) => void;
  readonly auditMilliseconds?: number;
}

/** A connection that stands. */
export interface Connection {
  readonly session: Session;
  readonly nextHops: NextHops;
  /** Who has said everything, as far as our reading of the table has kept up. */
  finished: Finished;
  /** Calls that announce or withdraw, so that an audit knows whether it was overtaken. */
  readonly writes: { begun: number; done: number };
  /** The prefixes that gobgpd was asked to announce, or did when we came, and was not asked to withdraw since. */
  readonly said: Set<Prefix>;
}

/** Connects and listens. `begun` gets the connection just before `hear` gets `connected`. Rejects with the reason of the loss. */
export async function connected(
  options: ConnectionOptions,
  speaker: Speaker,
  begun: (connection: Connection) => void,
  hear: (event: BgpEvent) => void,
  signal: AbortSignal,
): Promise<never> {
  using session = await openSession(options.api);
  const fresh = await startBgp(session, speaker, options.manage);
  await checkRelease(session);
  const nextHops = chooseNextHops(speaker, options);
  rehearse(session, nextHops);
  // Before what stands is said again, so that no peer hears for a moment what it should not.
  const anew = (options.manage ?? true) ? await applyExportPolicy(session, speaker, nextHops) : undefined;
  const announced = anew ?? (await sayOutdatedAnew(session, nextHops));
  const said = new Set(announced.map(({ prefix }) => prefix));
  const connection: Connection = { session, nextHops, finished: new Map(), writes: { begun: 0, done: 0 }, said };
  begun(connection);
  const crash = fresh ? await takeLastCrash(options.api) : undefined;
  hear({ kind: 'connected', announced, fresh, ...(crash && { crash }), running: runningOf(session, speaker, fresh) });
  return await listen(connection, options, hear, signal);
}

function runningOf({ found }: Session, speaker: Speaker, fresh: boolean): Running {
  if (fresh) return speaker;
  const { asn, listenPort, listenAddresses } = found;
  return { asn, listenPort, routerId: address(found.routerId), listenAddresses: listenAddresses.map(address) };
}

function chooseNextHops(speaker: Speaker, { warn }: ConnectionOptions): NextHops {
  const { nextHops, useless } = nextHopsFor(speaker);
  for (const peer of useless) {
    warn?.(
      `peer ${peer.address} cannot use our IPv6 announcements: an IPv4 session has no IPv6 next hop, and no address of ` +
        'the link was found: name nextHop6, or give the peer an IPv6 session',
    );
  }
  return nextHops;
}

async function listen(
  connection: Connection,
  options: ConnectionOptions,
  hear: (event: BgpEvent) => void,
  signal: AbortSignal,
): Promise<never> {
  const over = new AbortController();
  const either = AbortSignal.any([signal, over.signal]);
  const refused = (count: number, example: string) =>
    options.warn?.(`${count} heard path${count > 1 ? 's' : ''} refused: ${example}`);
  const bell = new Bell();
  const hearAll = (event: BgpEvent) => {
    if (event.kind === 'peers-changed') bell.ring();
    hear(event);
  };
  const watch = openWatch(connection.session, hear, refused);
  const overLimit = (peer: string) => hold(connection.session, peer, options, hearAll);
  const beating = {
    session: connection.session,
    watch,
    bell,
    doubts: options.manage === false ? alwaysInDoubt : doubts(),
  };
  const settled = (finished: Finished) => {
    connection.finished = finished;
  };
  try {
    return await Promise.race([
      watch.broken,
      watchSessions(connection.session, hearAll, overLimit, either),
      pulse(beating, settled, hear, either),
      audit(connection, watch, options.auditMilliseconds ?? AUDIT_MS, hear, either),
    ]);
  } finally {
    over.abort();
    watch.close();
  }
}

/** Before it can come back. If that fails, it is tried again when its session ends the next time. */
function hold(
  session: Session,
  peer: string,
  { manage = true }: ConnectionOptions,
  hear: (event: BgpEvent) => void,
): void {
  if (!manage) return;
  keepOut(session, peer).then(
    () => hear({ kind: 'peers-changed' }),
    () => {},
  );
}

/** Reads now and then what gobgpd says for us. */
async function audit(
  connection: Connection,
  watch: Watch,
  every: number,
  hear: (event: BgpEvent) => void,
  signal: AbortSignal,
): Promise<never> {
  for (;;) {
    await sleep(every, undefined, { signal });
    const { begun, done } = connection.writes;
    const announced = await announcedNow(connection, watch);
    // Overtaken by an announcement or a withdrawal, it tells of a time that is over.
    if (begun === done && begun === connection.writes.begun) hear({ kind: 'audited', announced });
  }
}

/**
 * 3.10 has no table of local paths alone. What somebody else has announced in our place is found among few others, and in
 * any case at the next connection; 100,000 are not listed for it, which takes gobgpd a second and 230 MB.
 */
async function announcedNow({ session, nextHops, said }: Connection, watch: Watch): Promise<readonly Announcement[]> {
  if (watch.count() > FEW_PATHS) return findAnnounced(session, [...said]);
  return (await listAnnounced(session, nextHops)).announced;
}
