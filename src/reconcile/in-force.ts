/**
 * What holds now of the configuration: its networks, with those that endpoints have for themselves, and its peers. One that
 * turns host routes into blocks, or back, for a network or for a peer, holds for a moment together with the one before it.
 */
import { forAllPeers, meanwhile, type Said } from '../decide/audience.js';
import { withOwnNetworks } from '../decide/own-network.js';
import { type Endpoint, endpointKey } from '../model/endpoint.js';
import type { Networks } from '../model/network.js';
import type { Speaker } from '../model/peer.js';
import type { Clock } from '../ports.js';

/** So long host routes and blocks are both announced when one replaces the other, in ms. */
const OVERLAP = 3000;

export class InForce {
  /** What the configuration and the search for peers say. */
  #wanted: Said;
  /** What was said before the last configuration, as long as what replaces it is said besides. */
  #before: Said | undefined;
  readonly #withOwnTargets = new Map<string, Endpoint>();
  readonly #clock: Clock;
  readonly #changed: () => void;
  /** Calls off the end of the overlap. */
  #stopTurning = () => {};

  /** @param changed is called when something else holds without anybody asking, once an overlap is over */
  constructor(configured: Said, endpoints: readonly Endpoint[], clock: Clock, changed: () => void) {
    this.#wanted = configured;
    this.#clock = clock;
    this.#changed = changed;
    for (const endpoint of endpoints) if (endpoint.own) this.add(endpoint);
  }

  get networks(): Networks {
    const { networks, speaker } = this.#said();
    return withOwnNetworks(forAllPeers(networks, speaker), this.#withOwnTargets.values());
  }

  get speaker(): Speaker {
    return this.#said().speaker;
  }

  turnTo(wanted: Said): void {
    this.#stopTurning();
    this.#before = this.#said();
    this.#wanted = wanted;
    const { networks, speaker } = this.#said();
    if (networks === wanted.networks && speaker === wanted.speaker) {
      this.#before = undefined;
      return;
    }
    this.#stopTurning = this.#clock.after(OVERLAP, () => {
      this.#before = undefined;
      this.#changed();
    });
  }

  /** New peers alone. */
  speak(speaker: Speaker): void {
    this.#wanted = { ...this.#wanted, speaker };
  }

  /** An endpoint that has targets of its own. */
  add(endpoint: Endpoint): void {
    this.#withOwnTargets.set(endpointKey(endpoint), endpoint);
  }

  /** Returns whether its network went with it. */
  remove(endpoint: Endpoint): boolean {
    if (!this.#withOwnTargets.delete(endpointKey(endpoint))) return false;
    return ![...this.#withOwnTargets.values()].some(({ network }) => network === endpoint.network);
  }

  #said(): Said {
    return this.#before ? meanwhile(this.#before, this.#wanted) : this.#wanted;
  }
}
