/**
 * The networks that hold now: those of the configuration, and those that endpoints have for themselves. A configuration
 * that turns host routes into blocks, or back, holds for a moment together with the one before it.
 */
import { meanwhile } from '../decide/aggregates.js';
import { withOwnNetworks } from '../decide/own-network.js';
import { type Endpoint, endpointKey } from '../model/endpoint.js';
import type { Networks } from '../model/network.js';
import type { Clock } from '../ports.js';

/** So long host routes and blocks are both announced when one replaces the other, in ms. */
const OVERLAP = 3000;

export class NetworksInForce {
  /** What the configuration says, without the networks that endpoints have for themselves. */
  #configured: Networks;
  readonly #withOwnTargets = new Map<string, Endpoint>();
  readonly #clock: Clock;
  readonly #changed: () => void;
  /** Calls off what is to follow `meanwhile`. */
  #stopTurning = () => {};

  /** @param changed is called when other networks hold without anybody asking, once an overlap is over */
  constructor(configured: Networks, endpoints: readonly Endpoint[], clock: Clock, changed: () => void) {
    this.#configured = configured;
    this.#clock = clock;
    this.#changed = changed;
    for (const endpoint of endpoints) if (endpoint.own) this.add(endpoint);
  }

  get now(): Networks {
    return withOwnNetworks(this.#configured, this.#withOwnTargets.values());
  }

  turnTo(networks: Networks): void {
    this.#stopTurning();
    this.#configured = meanwhile(this.#configured, networks);
    if (this.#configured === networks) return;
    this.#stopTurning = this.#clock.after(OVERLAP, () => {
      this.#configured = networks;
      this.#changed();
    });
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
}
