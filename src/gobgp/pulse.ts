/**
 * The pulse of a connection: lists the peers about every second. It notices a gobgpd that hangs, which no stream does;
 * what 3.x has no event for, End-of-RIB; and peers that somebody else changed.
 *
 * gobgpd's list of peers and its watch are two streams. So a peer's End-of-RIB may be seen before its last paths are, and
 * absence be believed too early. Hence: when a peer has finished, the table is read again, and only then is it told.
 */
import { setTimeout as sleep } from 'node:timers/promises';
import type { BgpEvent } from '../ports.js';
import { reasonOf } from './call.js';
import type { ListedPeer } from './codec.js';
import { allFinished, type Finished, finishedPeers, newlyFinished } from './end-of-rib.js';
import { listPeers } from './peers.js';
import type { Session } from './session.js';
import type { Watch } from './watch.js';

const PULSE_MS = 1_000;
/** While a peer is still sending its table. */
const EAGER_PULSE_MS = 250;

/** Beats until the signal; rejects when gobgpd does not answer in time. `settled` gets who has finished, once that is safe to say. */
export async function pulse(
  session: Session,
  watch: Watch,
  settled: (finished: Finished) => void,
  hear: (event: BgpEvent) => void,
  signal: AbortSignal,
): Promise<never> {
  const follow = finishedPeers(() => performance.now());
  let told: Finished | undefined;
  let looks = '';
  for (;;) {
    const peers = await listPeers(session).catch(unanswered);
    const finished = follow(peers);
    if (told === undefined || newlyFinished(told, finished)) await watch.read();
    settled((told = finished));
    if (looks !== (looks = looksOf(peers, finished))) hear({ kind: 'peers-changed' });
    await sleep(allFinished(peers, finished) ? PULSE_MS : EAGER_PULSE_MS, undefined, { signal });
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
