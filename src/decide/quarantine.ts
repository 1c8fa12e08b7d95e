/**
 * Which peer makes gobgpd break down? After a few breakdowns in a short time the peers are let in one at a time, the least
 * suspected first. Who was the last to come in when it breaks down again is left out, for a time that grows; the others
 * stay. When that time is over, it comes in last, on trial again.
 */
import type { PeerKey } from '../model/peer.js';

/** So many breakdowns within so many ms are no accident. */
const CRASHES = 3;
const WINDOW = 120_000;
/** A trial is passed when the session has stood so long, in ms, or did not come up in a longer time. */
const STANDS = 5_000;
const COMES = 20_000;
/** How long a peer is left out, in ms: doubled each time. */
const FIRST = 600_000;
const LONGEST = 7_200_000;

export interface Quarantine {
  /** When gobgpd broke down lately, in ms of the clock. */
  readonly crashes: readonly number[];
  /** Whose sessions were up when it did: the newest counts most. */
  readonly suspicion: ReadonlyMap<PeerKey, number>;
  /** How often all were let in one at a time: each time with more patience, for a peer may strike late. */
  readonly rounds: number;
  /** Still to come in, in that order. Who is neither here nor left out is in. */
  readonly waiting: readonly PeerKey[];
  readonly trial: Trial | undefined;
  readonly leftOut: ReadonlyMap<PeerKey, LeftOut>;
  /** How often each was left out. */
  readonly guilt: ReadonlyMap<PeerKey, number>;
}

interface Trial {
  readonly peer: PeerKey;
  /** Since when it is in, and since when its session stands, in ms of the clock. */
  readonly since: number;
  readonly stands?: number;
  /** gobgpd broke down once before the session stood, which may have had another reason. */
  readonly doubtful?: true;
}

/** A peer that is left out. */
export interface LeftOut {
  /** In ms of the clock. */
  readonly until: number;
  /** What gobgpd said last when it broke down. */
  readonly words: string;
}

/** Nothing has happened. */
export const ALL_IN: Quarantine = {
  crashes: [],
  suspicion: new Map(),
  rounds: 0,
  waiting: [],
  trial: undefined,
  leftOut: new Map(),
  guilt: new Map(),
};

/** Is this peer let in now? */
export function isLetIn({ waiting, leftOut }: Quarantine, peer: PeerKey): boolean {
  return !waiting.includes(peer) && !leftOut.has(peer);
}

/** gobgpd has broken down: when, with which last words, and whose sessions stood, the newest first. */
export interface Crash {
  readonly now: number;
  readonly words: string;
  readonly up: readonly PeerKey[];
}

/** @param peers all that are configured */
export function afterCrash(before: Quarantine, crash: Crash, peers: readonly PeerKey[]): Quarantine {
  const { now, up } = crash;
  if (before.trial) return afterTrialCrash(before, before.trial, crash);
  const crashes = [...before.crashes.filter((at) => now - at < WINDOW), now];
  const suspicion = new Map(before.suspicion);
  for (const [i, peer] of up.entries()) suspicion.set(peer, (suspicion.get(peer) ?? 0) + 1 / (i + 1));
  if (crashes.length < CRASHES) return { ...before, crashes, suspicion };
  const rank = (peer: PeerKey) => suspicion.get(peer) ?? 0;
  const waiting = peers.filter((peer) => !before.leftOut.has(peer)).sort((a, b) => rank(a) - rank(b));
  return next({ ...before, crashes: [], suspicion, waiting, rounds: before.rounds + 1 }, now);
}

function afterTrialCrash(before: Quarantine, trial: Trial, { now, words, up }: Crash): Quarantine {
  const { peer, doubtful } = trial;
  if (!up.includes(peer) && !doubtful) return { ...before, trial: { peer, since: now, doubtful: true } };
  const times = (before.guilt.get(peer) ?? 0) + 1;
  const until = now + Math.min(LONGEST, FIRST * 2 ** (times - 1));
  const leftOut = new Map(before.leftOut).set(peer, { until, words });
  return next({ ...before, leftOut, guilt: new Map(before.guilt).set(peer, times) }, now);
}

/** Lets the next one in. */
function next(before: Quarantine, now: number): Quarantine {
  const [peer, ...waiting] = before.waiting;
  return { ...before, waiting, trial: peer === undefined ? undefined : { peer, since: now } };
}

/** Time has gone by; `up` are those whose sessions stand. The same object when nothing has changed. */
export function afterWhile(before: Quarantine, now: number, up: readonly PeerKey[]): Quarantine {
  const { trial, rounds } = before;
  if (!trial) return released(before, now);
  if (!up.includes(trial.peer)) return now - trial.since >= COMES ? next(before, now) : before;
  if (trial.stands === undefined) return { ...before, trial: { ...trial, stands: now } };
  return now - trial.stands >= STANDS * 2 ** Math.max(0, rounds - 1) ? next(before, now) : before;
}

/** Whose time is over comes in, one at a time. */
function released(before: Quarantine, now: number): Quarantine {
  const [due] = [...before.leftOut].filter(([, { until }]) => now >= until);
  if (!due) return before;
  const leftOut = new Map(before.leftOut);
  leftOut.delete(due[0]);
  return next({ ...before, leftOut, waiting: [due[0]] }, now);
}
