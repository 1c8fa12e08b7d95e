/** When a prefix is as it should be, for those who wait for it, and what is in the way while it is not. */
import { hostPrefix, type Prefix } from '../model/address.js';
import type { Endpoint } from '../model/endpoint.js';
import type { Peering } from './peering.js';
import type { Reconciler } from './reconciler.js';
import { Waiters } from './waiters.js';
import type { World } from './world.js';

/** How far a caller waits for its endpoint. */
export type Extent = 'routed' | 'announced' | 'withdrawn';

export interface SettlingParts {
  readonly world: World;
  readonly reconciler: Reconciler;
  readonly peering: Peering;
}

export class Settling {
  readonly #parts: SettlingParts;
  readonly #waiters = new Waiters();

  constructor(parts: SettlingParts) {
    this.#parts = parts;
  }

  /** A pass is over. */
  ask(): void {
    this.#waiters.ask();
  }

  /** Resolves when it is so. Rejects with `late()` when the signal comes first. */
  until(isSo: () => boolean, signal: AbortSignal, late: () => Error): Promise<void> {
    return this.#waiters.until(isSo, signal, late);
  }

  /** Resolves when this endpoint is so. Rejects with the reason when a step is refused, or when the signal comes first. */
  settled(endpoint: Endpoint, extent: Extent, signal: AbortSignal): Promise<void> {
    const prefixes = endpoint.addresses.map(hostPrefix);
    return this.until(
      () => prefixes.every((prefix) => this.#isSettled(prefix, extent)),
      signal,
      () => this.#lateness(prefixes),
    );
  }

  /** Resolves when gobgpd says of every endpoint and block what it should, but for those that failed. */
  allSaid(signal: AbortSignal): Promise<void> {
    const { world, reconciler, peering } = this.#parts;
    const prefixes = () => [...world.endpointPrefixes(), ...world.aggregates()];
    const isSaid = (prefix: Prefix) => reconciler.failures.has(prefix) || reconciler.isSettled(prefix);
    return this.until(
      () => peering.connected && prefixes().every(isSaid),
      signal,
      () => this.#lateness(prefixes()),
    );
  }

  #isSettled(prefix: Prefix, extent: Extent): boolean {
    const { world, reconciler, peering } = this.#parts;
    if (extent === 'withdrawn') return world.announced(prefix) === undefined || !peering.connected;
    const { failures } = reconciler;
    if (failures.get(prefix)?.refused) throw failures.get(prefix);
    if (extent === 'routed') return reconciler.isRouted(prefix);
    const carried = failures.get(reconciler.carrier(prefix));
    if (carried?.refused) throw carried;
    return peering.connected && reconciler.isSettled(prefix);
  }

  #lateness(prefixes: readonly Prefix[]): Error {
    const { reconciler, peering } = this.#parts;
    if (peering.away !== undefined) return new Error(`announcement: gobgpd is away (${peering.away})`);
    const unrouted = prefixes.filter((prefix) => !reconciler.isRouted(prefix));
    return new Error(
      unrouted.length > 0 ? `route: ${unrouted.join(', ')} not in the kernel in time` : 'announcement: not in time',
    );
  }
}
