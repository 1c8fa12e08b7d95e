/**
 * Which addresses of our pools are in use. The book is kept in memory: what it says is the endpoint records plus
 * the addresses freed a short while ago, and both are read back after a restart.
 */
import { nextFree, poolSize } from '../decide/allocate.js';
import {
  type Address,
  contains,
  type Family,
  familyOf,
  lengthOf,
  type Prefix,
  prefixAround,
} from '../model/address.js';
import type { PoolUse } from '../model/pool-use.js';
import type { Clock } from '../ports.js';

/** No address is left, or the one asked for cannot be had. The message names the pool and the remedy. */
export class NoAddress extends Error {
  readonly reason: 'exhausted' | 'unavailable';

  constructor(reason: NoAddress['reason'], message: string) {
    super(message);
    this.reason = reason;
  }
}

/** Why a network gives no addresses, in the words of ADD and STATUS alike. */
export function noPools(network: string): string {
  return `network "${network}" has no pools; add some, or name an IPAM plugin`;
}

/** Why these pools of it, which are of one family, give none. */
export function noneFree(network: string, pools: readonly Prefix[]): string {
  return (
    `no free address in ${pools.join(', ')} of network "${network}": all are taken; add a pool, or see what holds ` +
    'them with "slash32 endpoints"'
  );
}

export class AddressBook {
  readonly #clock: Clock;
  readonly #quarantine: number;
  readonly #taken = new Set<Address>();
  /** Freed addresses in the order of their release, and when the wait is over. */
  readonly #freed = new Map<Address, number>();
  readonly #last = new Map<Prefix, Address>();

  /** @param quarantine how long a freed address rests, in ms, so that packets for its old owner do not meet a new one */
  constructor(clock: Clock, quarantine: number) {
    this.#clock = clock;
    this.#quarantine = quarantine;
  }

  /** These are in use. */
  hold(addresses: readonly Address[]): void {
    for (const address of addresses) {
      this.#taken.add(address);
      this.#freed.delete(address);
    }
  }

  /** These rest, from now on. */
  rest(addresses: readonly Address[]): void {
    for (const address of addresses) {
      this.#taken.delete(address);
      this.#freed.delete(address);
      this.#freed.set(address, this.#clock.now() + this.#quarantine);
    }
  }

  /** These were taken for something that never came to be: free at once. */
  putBack(addresses: readonly Address[]): void {
    for (const address of addresses) this.#taken.delete(address);
  }

  isTaken(address: Address): boolean {
    return this.#taken.has(address);
  }

  #rests(address: Address): boolean {
    return (this.#freed.get(address) ?? 0) > this.#clock.now();
  }

  /** Addresses at rest, oldest first. */
  resting(): Address[] {
    for (const [address, until] of this.#freed) if (until <= this.#clock.now()) this.#freed.delete(address);
    return [...this.#freed.keys()];
  }

  /**
   * One address per family that the pools have, or the requested ones; all or none.
   * @throws NoAddress
   */
  take(network: string, pools: readonly Prefix[], requested: readonly Address[]): Address[] {
    const families = ([4, 6] as const).filter((family) => pools.some((pool) => familyOf(pool) === family));
    for (const address of requested) this.#mayTake(network, pools, address);
    const taken = families.map(
      (family) => requested.find((address) => familyOf(address) === family) ?? this.#next(network, pools, family),
    );
    if (taken.length === 0) throw new NoAddress('exhausted', noPools(network));
    this.hold(taken);
    return taken;
  }

  /** The families of these pools in which `take` would find nothing, each with its pools. Changes nothing. */
  exhausted(pools: readonly Prefix[]): readonly (readonly Prefix[])[] {
    const byFamily = ([4, 6] as const).map((family) => pools.filter((pool) => familyOf(pool) === family));
    return byFamily.filter((ours) => ours.length > 0 && !ours.some((pool) => this.#hasFree(pool)));
  }

  /** How full each of these is. One look at every address, whatever the number of pools. */
  usage(pools: readonly Prefix[]): Map<Prefix, PoolUse> {
    const uses = new Map(pools.map((pool) => [pool, { size: Number(poolSize(pool)), used: 0, resting: 0 }]));
    const lengths = { 4: new Set<number>(), 6: new Set<number>() };
    for (const pool of uses.keys()) lengths[familyOf(pool)].add(lengthOf(pool));
    const count = (address: Address, as: 'used' | 'resting') => {
      for (const length of lengths[familyOf(address)]) {
        const use = uses.get(prefixAround(address, length));
        if (use) use[as]++;
      }
    };
    for (const address of this.#taken) count(address, 'used');
    for (const address of this.resting()) count(address, 'resting');
    return uses;
  }

  #hasFree(pool: Prefix): boolean {
    return nextFree(pool, (address) => this.#taken.has(address), this.#last.get(pool)) !== undefined;
  }

  #mayTake(network: string, pools: readonly Prefix[], address: Address): void {
    if (!pools.some((pool) => contains(pool, address))) {
      throw new NoAddress('unavailable', `${address} lies in no pool of network "${network}" (${pools.join(', ')})`);
    }
    if (this.#taken.has(address))
      throw new NoAddress('unavailable', `${address} is in use by another endpoint of this node`);
  }

  #next(network: string, pools: readonly Prefix[], family: Family): Address {
    const ours = pools.filter((pool) => familyOf(pool) === family);
    const found =
      this.#firstFree(ours, (address) => this.#taken.has(address) || this.#rests(address)) ??
      // A pool this full takes the address that has rested longest: an early reuse is better than no container.
      this.resting().find((address) => ours.some((pool) => contains(pool, address)));
    if (found) return found;
    throw new NoAddress('exhausted', noneFree(network, ours));
  }

  #firstFree(pools: readonly Prefix[], isTaken: (address: Address) => boolean): Address | undefined {
    for (const pool of pools) {
      const found = nextFree(pool, isTaken, this.#last.get(pool));
      if (found === undefined) continue;
      this.#last.set(pool, found);
      return found;
    }
    return undefined;
  }
}
