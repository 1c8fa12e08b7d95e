/**
 * Peers that are named by the place they are at: looked for until each is found, and again now and then, because a switch
 * may be replaced. What was found stays until another is found there: a neighbour that is silent is not gone.
 */
import type { Peer, SoughtPeer, Speaker } from '../model/peer.js';
import type { Beside, Clock, Neighbours } from '../ports.js';

/** How often to look, in ms: while somebody is missing, and when all are found. */
const LOOK_EVERY = 1_000;
const LOOK_AGAIN_EVERY = 10_000;

export class PeerSearch {
  readonly #neighbours: Neighbours;
  readonly #clock: Clock;
  readonly #changed: (speaker: Speaker) => void;
  readonly #found = new Map<string, Beside>();
  #speaker: Speaker | undefined;
  #callOff = () => {};

  /** @param changed gets the speaker whenever another peer was found, or a reason has changed */
  constructor(neighbours: Neighbours, clock: Clock, changed: (speaker: Speaker) => void) {
    this.#neighbours = neighbours;
    this.#clock = clock;
    this.#changed = changed;
  }

  /** Looks for the peers of this speaker from now on. Returns it with those that are found, and reasons for the others. */
  begin(speaker: Speaker): Speaker {
    this.#speaker = speaker;
    const sought = speaker.sought ?? [];
    for (const name of this.#found.keys()) if (!sought.some((peer) => peer.name === name)) this.#found.delete(name);
    return this.#look(speaker);
  }

  #look(speaker: Speaker): Speaker {
    const [peers, missing]: [Peer[], SoughtPeer[]] = [[], []];
    for (const sought of speaker.sought ?? []) {
      const { where, ...peer } = sought;
      const result = this.#find(sought);
      if (typeof result === 'string') missing.push({ ...peer, where, reason: result });
      else peers.push({ ...peer, ...result });
    }
    this.#callOff();
    if (peers.length + missing.length > 0) {
      const delay = missing.length > 0 ? LOOK_EVERY : LOOK_AGAIN_EVERY;
      this.#callOff = this.#clock.after(delay, () => this.#lookAgain());
    }
    return { ...speaker, peers: [...speaker.peers, ...peers], sought: missing };
  }

  #lookAgain(): void {
    if (!this.#speaker) return;
    const before = JSON.stringify([...this.#found]);
    const speaker = this.#look(this.#speaker);
    if (JSON.stringify([...this.#found]) !== before) this.#changed(speaker);
  }

  /** Where the peer is, or why nobody knows. */
  #find({ name, where, families }: SoughtPeer): Beside | string {
    try {
      const found =
        'device' in where ? this.#neighbours.onLink(where.device) : this.#neighbours.gateway(families[0] ?? 4);
      this.#found.set(name, found);
      return found;
    } catch (error) {
      return this.#found.get(name) ?? (error as Error).message;
    }
  }
}
