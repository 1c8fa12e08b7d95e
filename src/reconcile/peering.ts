/**
 * Two questions about BGP that decide whether a restart is noticed.
 *
 * When may peers be admitted? Only when every announcement is through: a peer that connects earlier hears End-of-RIB
 * without our routes, and drops them. When does the absence of a path mean that it is withdrawn? Only when every peer
 * has said everything, or has had the restart time to do so.
 */
import type { Peer, PeerState, Speaker } from '../model/peer.js';
import type { Bgp, BgpEvent, Clock } from '../ports.js';
import { Loop } from './loop.js';
import type { World } from './world.js';

/** How often peers are asked whether they have said everything, in ms. There is no event for it in gobgpd 3.x. */
const ASK_EVERY = 250;
/**
 * How long it must have been quiet after the last End-of-RIB, in ms. FRR sends its End-of-RIB first and its table a
 * coalesce time later (1 s measured with 8.4, growing to 10 s with many peers), so that word alone proves nothing.
 */
const QUIET = 12_000;

export class Peering {
  speaker: Speaker;
  readonly #bgp: Bgp;
  readonly #world: World;
  readonly #clock: Clock;
  readonly #changed: () => void;
  /** Did containers live on through whatever came before? Then peers may keep our routes while we start. */
  #datapathKept: boolean;
  #admitted = false;
  #heardAll = false;
  #giveUpAt = 0;
  #asking = false;
  /** Since when every peer has spoken and nothing new was heard; undefined while somebody has not spoken. */
  #quietSince: number | undefined;
  connected = false;
  /** The sessions as gobgpd last told; empty while it is away. */
  states: readonly PeerState[] = [];
  readonly #lookAtStates = new Loop(
    async () => {
      this.states = this.connected ? await this.#bgp.peers() : [];
    },
    () => {
      this.states = []; // not connected any more: `disconnected` follows
    },
  );

  /** @param changed is called when something a pass depends on has changed */
  constructor(speaker: Speaker, bgp: Bgp, world: World, clock: Clock, datapathKept: boolean, changed: () => void) {
    this.speaker = speaker;
    this.#bgp = bgp;
    this.#world = world;
    this.#clock = clock;
    this.#datapathKept = datapathKept;
    this.#changed = changed;
  }

  hear(event: BgpEvent): void {
    if (event.kind === 'connected') this.#onConnected(event);
    else if (event.kind === 'disconnected') this.#onDisconnected();
    else if (event.kind === 'audited') this.#world.hearAllAnnounced(event.announced);
    else if (event.kind === 'all-paths') this.#onAllPaths(event);
    else if (event.kind === 'paths') {
      if (this.#quietSince !== undefined) this.#quietSince = this.#clock.now();
      for (const path of event.heard) this.#world.hearPath(path);
      for (const name of event.gone) this.#world.forgetPath(name);
    }
    if (event.kind !== 'paths' && event.kind !== 'audited') this.#lookAtStates.nudge();
    this.#changed();
  }

  /** Are the peers admitted? Before that, none can have a session. */
  get admitted(): boolean {
    return this.#admitted;
  }

  /** New peers or timers in the configuration: admitted with the next pass. */
  configure(speaker: Speaker): void {
    this.speaker = speaker;
    this.#admitted = false;
  }

  /** A pass has put through all it could; `clean` when no announcement is missing. */
  async afterPass(clean: boolean): Promise<void> {
    if (this.connected && clean && !this.#admitted) {
      await this.#bgp.admitPeers(this.speaker, this.#datapathKept);
      this.#admitted = true;
      this.#datapathKept = true;
      this.#lookAtStates.nudge();
    }
    this.#askPeers();
  }

  #onConnected(event: Extract<BgpEvent, { kind: 'connected' }>): void {
    this.#quietSince = undefined;
    this.connected = true;
    this.#admitted = false;
    this.#heardAll = false;
    this.#giveUpAt = this.#clock.now() + Math.max(this.speaker.restartTime, this.speaker.timers.hold) * 1000;
    this.#world.hearAllAnnounced(event.announced);
  }

  #onDisconnected(): void {
    this.connected = false;
    this.#admitted = false;
    this.#heardAll = false;
    // What was heard stays: peers and packets do not know yet, and graceful restart means that they need not.
    this.#world.pathsComplete = false;
  }

  #onAllPaths(event: Extract<BgpEvent, { kind: 'all-paths' }>): void {
    this.#world.hearAllPaths(event.paths);
    this.#heardAll = true;
  }

  /** Asks until complete; one question at a time. */
  #askPeers(): void {
    if (this.#asking || !this.#admitted || !this.#heardAll || this.#world.pathsComplete) return;
    this.#asking = true;
    void this.#everyPeerHasSpoken().then((spoken) => {
      this.#asking = false;
      if (!this.connected || this.#world.pathsComplete) return;
      const now = this.#clock.now();
      this.#quietSince = spoken ? (this.#quietSince ?? now) : undefined;
      const isQuiet = this.#quietSince !== undefined && now - this.#quietSince >= QUIET;
      if (isQuiet || now >= this.#giveUpAt) {
        this.#world.completePaths();
        this.#changed();
      } else this.#clock.after(ASK_EVERY, () => this.#askPeers());
    });
  }

  async #everyPeerHasSpoken(): Promise<boolean> {
    try {
      const states = await this.#bgp.peers();
      return this.speaker.peers.every((peer) => hasSpoken(peer, states));
    } catch {
      return false; // not connected any more: `disconnected` follows
    }
  }
}

function hasSpoken(peer: Peer, states: readonly PeerState[]): boolean {
  const state = states.find(({ address }) => address === peer.address);
  return state?.session === 'established' && peer.families.every((family) => state.endOfRib.includes(family));
}
