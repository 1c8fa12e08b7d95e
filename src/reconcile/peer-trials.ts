/** The quarantine in time: asks now and then who may come in, and says when that has changed. `decide/quarantine` decides. */
import { ALL_IN, afterCrash, afterWhile, isLetIn, type Quarantine } from '../decide/quarantine.js';
import { type Peer, type PeerKey, type PeerState, peerKey } from '../model/peer.js';
import type { Clock } from '../ports.js';

const LOOK_EVERY = 500;

export class PeerTrials {
  readonly #clock: Clock;
  readonly #changed: () => void;
  #state: Quarantine = ALL_IN;
  /** The sessions that stand or stood until gobgpd went away, the newest first. */
  #up: readonly PeerKey[] = [];
  #looking = false;

  /** @param changed is called when others may come in than before */
  constructor(clock: Clock, changed: () => void) {
    this.#clock = clock;
    this.#changed = changed;
  }

  /** The peers that may come in now. */
  letIn(peers: readonly Peer[]): readonly Peer[] {
    return peers.filter((peer) => isLetIn(this.#state, peerKey(peer)));
  }

  /** Why this peer may not come in now; undefined when it may. */
  reason(peer: PeerKey): string | undefined {
    const leftOut = this.#state.leftOut.get(peer);
    if (!leftOut)
      return isLetIn(this.#state, peer) ? undefined : 'waits: gobgpd broke down, and peers come in one at a time';
    const minutes = Math.max(1, Math.ceil((leftOut.until - this.#clock.now()) / 60_000));
    return (
      `left out for ${minutes} min more, because gobgpd breaks down with it (${leftOut.words}): ` +
      'run a newer gobgpd or mend the peer; a reload (SIGHUP) lets it in at once'
    );
  }

  hear(states: readonly PeerState[]): void {
    const standing = states.filter(({ session }) => session === 'established');
    this.#up = standing.sort((a, b) => (b.since ?? 0) - (a.since ?? 0)).map(peerKey);
  }

  /** gobgpd broke down, and another has come. */
  crashed(words: string, peers: readonly Peer[]): void {
    const crash = { now: this.#clock.now(), words, up: this.#up };
    this.#state = afterCrash(this.#state, crash, peers.map(peerKey));
    this.#up = [];
    this.#look();
  }

  /** Everybody may come in again. */
  reset(): void {
    this.#state = ALL_IN;
  }

  #look(): void {
    if (this.#looking || (!this.#state.trial && this.#state.leftOut.size === 0)) return;
    this.#looking = true;
    this.#clock.after(LOOK_EVERY, () => {
      this.#looking = false;
      const before = this.#state;
      this.#state = afterWhile(before, this.#clock.now(), this.#up);
      if (before.waiting !== this.#state.waiting || before.leftOut !== this.#state.leftOut) this.#changed();
      this.#look();
    });
  }
}
