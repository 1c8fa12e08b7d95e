/**
 * Two questions about BGP that decide whether a restart is noticed.
 *
 * When may peers be admitted? Only when every announcement is through: a peer that connects earlier hears End-of-RIB
 * without our routes, and drops them. When does the absence of a path mean that it is withdrawn? Only when every peer
 * has said everything, or has had the restart time to do so.
 */

import { heartbeatsMissed, timeToComeBack } from '../decide/coming-back.js';
import { outdated } from '../decide/outdated.js';
import { type Peer, type PeerKey, type PeerState, peerKey, type Speaker } from '../model/peer.js';
import type { Bgp, BgpEvent, Clock, Greet, Running } from '../ports.js';
import { BackOff } from './back-off.js';
import { HeldBack } from './held-back.js';
import { Loop } from './loop.js';
import { PeerCare } from './peer-care.js';
import { PeerTrials } from './peer-trials.js';
import { type BgpNews, SessionNews } from './session-news.js';
import type { World } from './world.js';

/** How often peers are asked whether they have said everything, in ms. There is no event for it in gobgpd 3.x. */
const ASK_EVERY = 250;
/**
 * How long it must have been quiet after the last End-of-RIB, in ms. FRR sends its End-of-RIB first and its table a
 * coalesce time later (1 s measured with 8.4, growing to 10 s with many peers), so that word alone proves nothing.
 */
const QUIET = 12_000;

export interface PeeringParts {
  readonly bgp: Bgp;
  readonly greet: Greet;
  readonly clock: Clock;
  /** Hears of each trouble once, with the peer's name. */
  readonly failed: (what: string, error: unknown) => void;
  /** Hears of sessions that come and go. */
  readonly tell?: (news: BgpNews) => void;
}

export class Peering {
  speaker: Speaker;
  readonly #bgp: Bgp;
  readonly #world: World;
  readonly #clock: Clock;
  readonly #changed: () => void;
  /** Did containers live on through whatever came before? Then peers may keep our routes while we start. */
  #datapathKept: boolean;
  #admitted = false;
  /** Has this gobgpd come after another, whose routes peers may keep? */
  #isRestart = false;
  #heardAll = false;
  #giveUpAt = 0;
  /** While peers may not have noticed yet that the heartbeats of the last gobgpd have ended; calls the wait off. */
  #silence: (() => void) | undefined;
  #asking = false;
  /** Since when every peer has spoken and nothing new was heard; undefined while somebody has not spoken. */
  #quietSince: number | undefined;
  /** Why gobgpd is not there; undefined while it is. */
  away: string | undefined = 'gobgpd has not answered yet';
  /** The sessions as gobgpd last told; empty while it is away. */
  states: readonly PeerState[] = [];
  /** Why gobgpd does not have its peers as configured, where it has said no. */
  refusal: string | undefined;
  #running: Running | undefined;
  readonly #care: PeerCare;
  readonly #trials: PeerTrials;
  readonly #heldBack: HeldBack;
  readonly #news: SessionNews;
  readonly #backOff: BackOff;
  readonly #failed: PeeringParts['failed'];
  readonly #lookAtStates = new Loop(
    async () => {
      this.states = this.connected ? await this.#bgp.peers() : [];
      this.#hearStates();
    },
    () => {
      this.states = []; // not connected any more: `disconnected` follows
    },
  );

  /** @param changed is called when something a pass depends on has changed */
  constructor(speaker: Speaker, parts: PeeringParts, world: World, datapathKept: boolean, changed: () => void) {
    const { bgp, greet, clock, failed } = parts;
    this.speaker = speaker;
    this.#bgp = bgp;
    this.#world = world;
    this.#clock = clock;
    this.#datapathKept = datapathKept;
    this.#changed = changed;
    this.#failed = failed;
    this.#backOff = new BackOff(clock, 1_000, 30_000);
    const told = (peer: Peer, reason: string) => failed(`peer ${peer.name}`, new Error(reason));
    this.#care = new PeerCare(bgp, greet, clock, told, datapathKept ? speaker.restartTime : 0);
    this.#heldBack = new HeldBack(bgp, (peer, error) => failed(`peer ${peer.name}`, error));
    this.#trials = new PeerTrials(clock, () => this.#admitAnew());
    this.#news = new SessionNews(parts.tell ?? (() => {}));
  }

  hear(event: BgpEvent): void {
    if (event.kind === 'connected') this.#onConnected(event);
    else if (event.kind === 'disconnected') this.#onDisconnected(event.reason);
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

  get connected(): boolean {
    return this.away === undefined;
  }

  /** Are the peers admitted? Before that, none can have a session. */
  get admitted(): boolean {
    return this.#admitted;
  }

  /** New peers or timers in the configuration: admitted with the next pass. */
  configure(speaker: Speaker): void {
    this.speaker = speaker;
    this.#admitted = false;
    this.#care.forget();
    this.#trials.reset();
    if (this.outdated) this.#failed('gobgpd', new Error(this.outdated));
  }

  /** What of the configuration only a restart of gobgpd brings, as a sentence. */
  get outdated(): string | undefined {
    return this.connected && this.#running ? outdated(this.#running, this.speaker) : undefined;
  }

  /** Why this peer has no session, as far as it is known. */
  reason(peer: PeerKey): string | undefined {
    return this.#trials.reason(peer) ?? this.#care.reason(peer);
  }

  /** How often in a row its session came up and soon went again. */
  flaps(peer: PeerKey): number {
    return this.#care.flaps(peer);
  }

  #admitAnew(): void {
    this.#admitted = false;
    this.#changed();
  }

  #hearStates(): void {
    if (!this.connected || !this.#admitted) return;
    if (this.#isRestart) this.#heldBack.hear(this.speaker, this.states);
    this.#news.hear(this.speaker, this.states);
    this.#trials.hear(this.states);
    this.#care.hear(this.#trials.letIn(this.speaker.peers), this.speaker, this.states);
  }

  /** A pass has put through all it could; `clean` when no announcement is missing. */
  async afterPass(clean: boolean): Promise<void> {
    if (this.connected && clean && !this.#admitted && !this.#silence) {
      await this.#admit();
    }
    this.#askPeers();
  }

  /** A peer that gobgpd refuses is told and tried again; it must not keep the others, or the pass, from anything. */
  async #admit(): Promise<void> {
    const { speaker } = this;
    this.#admitted = true;
    try {
      await this.#bgp.admitPeers({ ...speaker, peers: this.#trials.letIn(speaker.peers) }, this.#datapathKept);
      this.refusal = undefined;
      this.#backOff.succeeded();
    } catch (error) {
      const { message } = error as Error;
      if (message !== this.refusal) this.#failed('peers', error);
      this.refusal = message;
      this.#backOff.again(() => this.#admitAnew());
    }
    this.#datapathKept = true;
    this.#lookAtStates.nudge();
  }

  #onConnected(event: Extract<BgpEvent, { kind: 'connected' }>): void {
    this.#quietSince = undefined;
    this.away = undefined;
    this.#news.begin();
    this.#admitted = false;
    this.#heardAll = false;
    this.#giveUpAt = this.#clock.now() + timeToComeBack(this.speaker) * 1000;
    this.#isRestart = event.fresh && this.#datapathKept;
    this.#heldBack.forget();
    this.#awaitSilence(this.#isRestart ? heartbeatsMissed(this.speaker) : 0);
    this.#world.hearAllAnnounced(event.announced);
    this.#running = event.running;
    if (event.crash !== undefined) this.#trials.crashed(event.crash, this.speaker.peers);
    if (this.outdated) this.#failed('gobgpd', new Error(this.outdated));
  }

  #awaitSilence(milliseconds: number): void {
    this.#silence?.();
    const isOver = () => {
      this.#silence = undefined;
      this.#changed();
    };
    this.#silence = milliseconds > 0 ? this.#clock.after(milliseconds, isOver) : undefined;
  }

  #onDisconnected(reason: string): void {
    this.away = reason;
    this.#admitted = false;
    this.#heardAll = false;
    this.#care.endAll(this.speaker);
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
      this.#hearWhetherSpoken(spoken);
      // One question in that time, however many passes there are: each costs gobgpd and us a millisecond.
      this.#clock.after(ASK_EVERY, () => {
        this.#asking = false;
        this.#askPeers();
      });
    });
  }

  #hearWhetherSpoken(spoken: boolean): void {
    if (!this.connected || this.#world.pathsComplete) return;
    const now = this.#clock.now();
    this.#quietSince = spoken ? (this.#quietSince ?? now) : undefined;
    const isQuiet = this.#quietSince !== undefined && now - this.#quietSince >= QUIET;
    // Who has spoken late still has the time to say its table.
    if (!isQuiet && now < this.#giveUpAt + (spoken ? QUIET : 0)) return;
    this.#world.completePaths();
    this.#changed();
  }

  async #everyPeerHasSpoken(): Promise<boolean> {
    // Who comes by a range is not known beforehand, so it has all the time there is.
    if (this.speaker.ranges?.length) return false;
    try {
      const states = await this.#bgp.peers();
      return this.#trials.letIn(this.speaker.peers).every((peer) => hasSpoken(peer, states));
    } catch {
      return false; // not connected any more: `disconnected` follows
    }
  }
}

function hasSpoken(peer: Peer, states: readonly PeerState[]): boolean {
  const state = states.find((one) => peerKey(one) === peerKey(peer));
  return state?.session === 'established' && peer.families.every((family) => state.endOfRib.includes(family));
}
