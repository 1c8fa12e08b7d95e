/**
 * Looks after sessions that do not stand. gobgpd tries by itself, but does not say why it fails, so the peer is greeted,
 * ever more rarely; and it does not try again after too many paths, so that is done here, ever later.
 *
 * A peer that may be keeping our routes is not greeted: graceful restart ends for it with any other session, and OpenBGPD
 * and GoBGP drop the routes on a mere greeting (measured). One that has sent no UPDATE keeps none: who keeps routes says
 * End-of-RIB. FRR with TTL security may take our OPEN before it looks at the TTL, and then gobgpd alone sees a session.
 */
import { saysAll, whyDown, whyEnded } from '../decide/why-down.js';
import { type Peer, type PeerKey, type PeerState, peerKey, type Speaker, settingsOf } from '../model/peer.js';
import type { Bgp, Clock, Greet } from '../ports.js';

/** In ms: how long a session may take to come up, and the longest time between two greetings. */
const PATIENCE = 10_000;
const RAREST = 300_000;
/** In ms: when a session is opened again after too many paths, doubled each time; and when that is forgotten. */
const FIRST_REOPENING = 15_000;
const LATEST_REOPENING = 900_000;
const STANDS_WELL = 600_000;
/** In ms: a session that goes sooner has come up in vain. */
const STEADY = 30_000;
const SOON = 1_000;
/** So many times in a row: then nothing is kept that a greeting could harm. */
const RESTLESS = 2;
const NOTHING_KEPT = { restartTime: 0 };

interface Care {
  peer: Peer;
  /** Why the session does not stand, as far as it is known. */
  reason?: string;
  standsSince?: number;
  /** Why it ended the last session, in its own words. */
  farewell?: string | undefined;
  /** It has said itself why it ended the session, and would not say more. */
  isAllSaid?: boolean;
  /** UPDATEs that had come from it when it had no session last. */
  updates?: number | undefined;
  /** How often the session came up and soon went again, as with TTL security on one side alone. */
  flaps: number;
  /** How often it was greeted since it last stood, and how often it sent too many paths. */
  greetings: number;
  excesses: number;
  /** What is to happen next, while something is. */
  callOff?: (() => void) | undefined;
}

export class PeerCare {
  readonly #bgp: Bgp;
  readonly #greet: Greet;
  readonly #clock: Clock;
  readonly #told: (peer: Peer, reason: string) => void;
  readonly #cares = new Map<PeerKey, Care>();
  /** Until when a peer may keep our routes, and until when any may that has not been heard of. */
  readonly #keptUntil = new Map<PeerKey, number>();
  readonly #allKeptUntil: number;

  /**
   * @param told hears of each new reason once
   * @param keeping for how long, in seconds, peers may keep routes that an earlier controller had announced
   */
  constructor(bgp: Bgp, greet: Greet, clock: Clock, told: (peer: Peer, reason: string) => void, keeping = 0) {
    this.#bgp = bgp;
    this.#greet = greet;
    this.#clock = clock;
    this.#told = told;
    this.#allKeptUntil = clock.now() + keeping * 1000;
  }

  /** gobgpd has ended, and every session with it. That is no fault of a peer, and it keeps our routes now. */
  endAll(speaker: Speaker): void {
    for (const care of this.#cares.values()) this.#end(care, speaker);
  }

  /** Why this peer has no session; undefined when it has one, or when nobody knows yet. */
  reason(peer: PeerKey): string | undefined {
    return this.#cares.get(peer)?.reason;
  }

  /** How often in a row its session came up and soon went again. */
  flaps(peer: PeerKey): number {
    return this.#cares.get(peer)?.flaps ?? 0;
  }

  /** Other settings: what was found out is of no use any more. */
  forget(): void {
    for (const { callOff } of this.#cares.values()) callOff?.();
    this.#cares.clear();
  }

  /** The sessions as gobgpd tells them. @param peers those that gobgpd was given */
  hear(peers: readonly Peer[], speaker: Speaker, states: readonly PeerState[]): void {
    for (const peer of peers) {
      const key = peerKey(peer);
      const state = states.find((one) => peerKey(one) === key);
      const care: Care = this.#cares.get(key) ?? { peer, flaps: 0, greetings: 0, excesses: 0 };
      this.#cares.set(key, care);
      care.peer = peer;
      if (state?.session === 'established') this.#stands(care);
      else if (state?.overLimit) this.#hasSentTooMuch(care);
      else {
        const says = state?.goodbye && whyEnded(state.goodbye);
        // gobgpd repeats it for as long as the peer is down; what a greeting found out since then is newer.
        if (says && says !== care.farewell) this.#tell(care, says);
        care.farewell = says;
        care.isAllSaid = state?.goodbye !== undefined && saysAll(state.goodbye);
        this.#isDown(care, speaker, state?.updates);
      }
    }
    for (const state of states) if (state.cameByRange) this.#hearNewcomer(state, speaker);
  }

  /** Nobody waits for who comes by a range; but one that sent too much is kept out, and let in again here. */
  #hearNewcomer(state: PeerState, speaker: Speaker): void {
    const settings = settingsOf(speaker, state.address);
    const known = this.#cares.get(state.address);
    if (!settings || (!known && !state.overLimit)) return;
    const peer = { ...settings, address: state.address, passive: true };
    const care = known ?? { peer, flaps: 0, greetings: 0, excesses: 0 };
    this.#cares.set(state.address, care);
    if (state.session === 'established') this.#stands(care);
    else if (state.overLimit) this.#hasSentTooMuch(care);
  }

  #stands(care: Care): void {
    if (care.standsSince !== undefined) return;
    care.standsSince = this.#clock.now();
    delete care.farewell;
    if (care.flaps === 0) delete care.reason;
    care.callOff?.();
    care.callOff = this.#clock.after(STEADY, () => {
      care.callOff = undefined;
      delete care.reason;
      [care.flaps, care.greetings] = [0, 0];
    });
  }

  #hasSentTooMuch(care: Care): void {
    if (care.callOff && care.standsSince === undefined) return;
    care.callOff?.();
    if (care.standsSince !== undefined && this.#clock.now() - care.standsSince >= STANDS_WELL) care.excesses = 0;
    delete care.standsSince;
    const delay = Math.min(LATEST_REOPENING, FIRST_REOPENING * 2 ** care.excesses++);
    this.#tell(
      care,
      `sent more than ${care.peer.maxPrefixes} paths of a family: session ended, opened again after ${delay / 1000} s`,
    );
    care.callOff = this.#clock.after(delay, () => {
      care.callOff = undefined;
      this.#bgp.reopen(care.peer).catch((error: Error) => this.#tell(care, `cannot be opened again: ${error.message}`));
    });
  }

  #isDown(care: Care, speaker: Speaker, updates = care.updates): void {
    const hasSpoken = updates === undefined || updates !== (care.updates ?? 0);
    care.updates = updates;
    const hasFlapped = care.standsSince !== undefined && this.#clock.now() - care.standsSince < STEADY;
    if (care.standsSince === undefined && care.callOff) return;
    this.#end(care, hasSpoken ? speaker : NOTHING_KEPT);
    if (hasFlapped) care.flaps++;
    const isRestless = hasFlapped && care.flaps === RESTLESS;
    const delay = isRestless ? SOON : this.#keptFor(care) + Math.min(RAREST, PATIENCE * 2 ** care.greetings);
    care.callOff = this.#clock.after(delay, () => {
      care.greetings++;
      if (care.isAllSaid) this.#askLater(care, speaker);
      else void this.#ask(care, speaker);
    });
  }

  /** What was to happen next does not. If the session stood, the peer may keep our routes from now on. */
  #end(care: Care, { restartTime }: Pick<Speaker, 'restartTime'>): void {
    care.callOff?.();
    care.callOff = undefined;
    if (care.standsSince === undefined) return;
    delete care.standsSince;
    const { longLivedRestart = 0 } = care.peer;
    const seconds = restartTime === 0 ? 0 : restartTime + longLivedRestart;
    this.#keptUntil.set(peerKey(care.peer), this.#clock.now() + seconds * 1000);
  }

  /** For how many ms it may keep our routes yet. One that comes and goes has dropped them at the second time. */
  #keptFor({ peer, flaps }: Care): number {
    const until = Math.max(this.#keptUntil.get(peerKey(peer)) ?? 0, this.#allKeptUntil);
    return flaps >= RESTLESS ? 0 : Math.max(0, until - this.#clock.now());
  }

  async #ask(care: Care, speaker: Speaker): Promise<void> {
    const greeting = await this.#greet(care.peer, speaker);
    // Meanwhile the session may stand, or the settings be others.
    const isStill = this.#cares.get(peerKey(care.peer)) === care && (care.standsSince === undefined || care.flaps > 0);
    if (!isStill) return;
    const why = whyDown(care.peer, speaker, greeting);
    this.#tell(care, care.flaps > 0 ? `comes up and goes again; it ${why}` : why);
    if (care.standsSince === undefined) this.#askLater(care, speaker);
  }

  #askLater(care: Care, speaker: Speaker): void {
    care.callOff = undefined;
    this.#isDown(care, speaker);
  }

  #tell(care: Care, reason: string): void {
    if (care.reason !== reason) this.#told(care.peer, reason);
    care.reason = reason;
  }
}
