/**
 * Which peers have said everything, family by family.
 *
 * gobgpd notes each End-of-RIB it receives, and forgets it with the session. A peer sends one only when both sides speak of
 * graceful restart; without it, a peer counts as having said everything once it has sent nothing new for a while. What it
 * says later in the same session are changes, and no new table.
 */
import type { Family } from '../model/address.js';
import { ESTABLISHED, type ListedPeer } from './codec.js';

/** FRR sends its table 1 s after the session is up; nobody pauses for this long in the middle. */
const QUIET_MS = 5_000;

/** The families that each peer has finished, by the peer's address. */
export type Finished = ReadonlyMap<string, ReadonlySet<Family>>;

/** How many paths a peer has sent, since when it has sent no more, and whether that was all. */
interface Count {
  readonly received: number;
  readonly since: number;
  readonly isDone?: boolean;
}

/** Follows peers from one listing to the next. `now` in milliseconds. */
export function finishedPeers(now: () => number): (peers: readonly ListedPeer[]) => Finished {
  let counts = new Map<string, Count>();
  return (peers) => {
    const next: typeof counts = new Map();
    const finished = new Map<string, Set<Family>>();
    for (const peer of peers.filter((one) => one.session === ESTABLISHED)) {
      const families = new Set<Family>();
      for (const { family, received, graceful, endOfRib } of peer.tables) {
        const key = `${peer.address} ${family} ${peer.since}`;
        const before = counts.get(key);
        const count = before?.isDone || before?.received === received ? before : { received, since: now() };
        const isDone = count.isDone || endOfRib || (!graceful && now() - count.since >= QUIET_MS);
        next.set(key, { ...count, isDone });
        if (isDone) families.add(family);
      }
      finished.set(peer.address, families);
    }
    counts = next;
    return finished;
  };
}

/** Has every established peer finished every family? Then there is nothing to wait for. */
export function allFinished(peers: readonly ListedPeer[], finished: Finished): boolean {
  return peers.every((peer) => peer.session !== ESTABLISHED || finished.get(peer.address)?.size === peer.tables.length);
}

/** Has somebody finished in `after` who had not in `before`? */
export function newlyFinished(before: Finished, after: Finished): boolean {
  for (const [peer, families] of after) {
    for (const family of families) if (!before.get(peer)?.has(family)) return true;
  }
  return false;
}
