/**
 * After a restart, gobgpd holds everything back from a peer that comes until all peers have come and spoken, or for a second.
 * Should it die in that time, the peer drops our routes: whatever was not said again is stale for the second time (RFC 4724
 * section 4.2). What a node says depends on no peer, so whoever comes hears it at once.
 *
 * A route reflector has to hear first what it reflects, and releases nobody.
 */
import { type Peer, type PeerKey, type PeerState, peerKey, type Speaker } from '../model/peer.js';
import type { Bgp } from '../ports.js';

export class HeldBack {
  readonly #bgp: Pick<Bgp, 'release'>;
  readonly #failed: (peer: Peer, error: Error) => void;
  readonly #released = new Set<PeerKey>();

  constructor(bgp: Pick<Bgp, 'release'>, failed: (peer: Peer, error: Error) => void) {
    this.#bgp = bgp;
    this.#failed = failed;
  }

  /** Another gobgpd: all are held back anew. */
  forget(): void {
    this.#released.clear();
  }

  /** The sessions as gobgpd tells them. */
  hear({ peers, reflector }: Speaker, states: readonly PeerState[]): void {
    if (reflector) return;
    const standing = new Set(states.filter(({ session }) => session === 'established').map(peerKey));
    for (const peer of peers) {
      const key = peerKey(peer);
      if (!standing.has(key) || this.#released.has(key)) continue;
      this.#released.add(key);
      this.#bgp.release(peer).catch((error: Error) => this.#failed(peer, error));
    }
  }
}
