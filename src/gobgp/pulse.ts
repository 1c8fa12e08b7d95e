/**
 * The pulse of a connection: lists the peers about every second. It notices a gobgpd that hangs, which no stream does;
 * what 3.x has no event for, End-of-RIB; and peers that somebody else changed.
 *
 * gobgpd's list of peers and its watch are two streams. So a peer's End-of-RIB may be seen before its last paths are, and
 * absence be believed too early. Hence: when a peer has finished, the table is read again, and only then is it told.
 * It is read too when a session with paths is lost, and when that is overcome: another kind of watch is due then.
 */
import type { BgpEvent } from '../ports.js';
import type { Bell } from './bell.js';
import { reasonOf } from './call.js';
import type { ListedPeer, Subject } from './codec.js';
import type { Doubts } from './doubts.js';
import { allFinished, type Finished, finishedPeers, newlyFinished } from './end-of-rib.js';
import { listPeers } from './peers.js';
import type { Session } from './session.js';
import type { Watch } from './watch.js';

const PULSE_MS = 1_000;
/** While a peer is still sending its table. */
const EAGER_PULSE_MS = 250;

/** What beats, and who has a say in it. */
export interface Beating {
  readonly session: Session;
  readonly watch: Watch;
  readonly doubts: Doubts;
  /** Rings when a session has changed: that is no time to wait for the next beat. */
  readonly bell: Bell;
}

/**
 * Beats until the signal; rejects when gobgpd does not answer in time. `settled` gets who has finished, once that is safe to
 * say.
 */
export async function pulse(
  { session, watch, doubts, bell }: Beating,
  settled: (finished: Finished) => void,
  hear: (event: BgpEvent) => void,
  signal: AbortSignal,
): Promise<never> {
  const follow = finishedPeers(() => performance.now());
  let told: Finished | undefined;
  let looks = '';
  let watched: Subject = 'updates';
  for (;;) {
    const peers = await listPeers(session).catch(unanswered);
    const finished = follow(peers);
    if (told === undefined) await watch.read(watched);
    const subject = doubts(peers, finished, watch.holders()) ? 'outcomes' : 'updates';
    if (subject !== watched || (told && newlyFinished(told, finished))) await watch.read(subject);
    watched = subject;
    settled((told = finished));
    if (looks !== (looks = looksOf(peers, finished))) hear({ kind: 'peers-changed' });
    await bell.wait(allFinished(peers, finished) ? PULSE_MS : EAGER_PULSE_MS, signal);
  }
}

function unanswered(cause: unknown): never {
  throw new Error(`gobgpd gives no sign of life: ${reasonOf(cause)}`, { cause });
}

/** What a `peers-changed` is worth telling for. */
function looksOf(peers: readonly ListedPeer[], finished: Finished): string {
  return peers
    .map((peer) => [peer.address, peer.session, peer.overLimit, ...(finished.get(peer.address) ?? [])].join(' '))
    .join();
}
