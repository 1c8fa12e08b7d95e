/**
 * Is what peers write all that happens to their paths?
 *
 * gobgpd tells a watch each UPDATE as it came, hundreds of paths in one message, at half of what it costs to tell path by path
 * what has become of them. But what gobgpd does by itself is in no UPDATE: it drops a peer's paths with the session, or keeps
 * them, marks them (RFC 9494), and drops what was not repeated by the End-of-RIB (RFC 4724). All of that begins with the loss
 * of a session, and is over when the peer has said everything again. Until then the outcomes are to be watched.
 */
import type { PeerKey } from '../model/peer.js';
import { ESTABLISHED, type ListedPeer } from './codec.js';
import type { Finished } from './end-of-rib.js';

/** Asked after each listing of the peers: is there anybody whose paths may change without a word of his? */
export type Doubts = (peers: readonly ListedPeer[], finished: Finished, holders: readonly PeerKey[]) => boolean;

/** Where gobgpd has policies that are not ours, no UPDATE tells what they make of it. */
export const alwaysInDoubt: Doubts = () => true;

/** Follows peers from one listing to the next. `holders` are those of whom there are paths; asked first when a table was read. */
export function doubts(): Doubts {
  let sessions: ReadonlyMap<string, number> = new Map();
  let held: readonly PeerKey[] | undefined;
  const doubted = new Set<PeerKey>();
  return (peers, finished, holders) => {
    const up = peers.filter(({ session }) => session === ESTABLISHED);
    const since = new Map(up.map((peer) => [peer.address, peer.since]));
    // Who has paths since the last time said them in the session that stands. Of the first ones nobody knows.
    const suspects = held?.filter((peer) => !since.has(peer) || since.get(peer) !== sessions.get(peer)) ?? holders;
    for (const peer of suspects) doubted.add(peer);
    const done = up.filter(({ address, tables }) => finished.get(address)?.size === tables.length);
    const isDone = new Set<string>(done.map(({ address }) => address));
    for (const peer of doubted) if (isDone.has(peer) || !holders.includes(peer)) doubted.delete(peer);
    [sessions, held] = [since, holders];
    return doubted.size > 0;
  };
}
