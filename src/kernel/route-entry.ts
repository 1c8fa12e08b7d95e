/** Between a route in our words and an entry in the kernel's: addresses become bytes, devices become indexes. */
import { addressFrom, baseOf, bytesOf, lengthOf, type Prefix } from '../model/address.js';
import type { NextHop, Route } from '../model/route.js';
import { Errno, type Hop, indexOfName, NetlinkError, nameOfIndex, type RouteEntry } from '../netlink/index.js';
import { METRIC, PROTOCOL } from './ours.js';

/** What names our entry in the kernel, metric left out. */
export function placeOf(route: Pick<Route, 'table' | 'prefix'>): Omit<RouteEntry, 'hops' | 'metric'> {
  const destination = bytesOf(baseOf(route.prefix));
  return { table: route.table, destination, length: lengthOf(route.prefix), protocol: PROTOCOL };
}

/** The entry to write. Throws NetlinkError ENODEV when a device does not exist. */
export function entryOf(route: Route, devices: Devices): RouteEntry {
  const { table, destination, length, protocol } = placeOf(route);
  return { table, destination, length, protocol, metric: METRIC, hops: devices.hops(route.nextHops) };
}

/** The route that an entry is. */
export function routeOf(entry: RouteEntry, devices: Devices): Route {
  return {
    table: entry.table,
    prefix: `${addressFrom(entry.destination)}/${entry.length}` as Prefix,
    nextHops: entry.hops.map((hop) => devices.nextHop(hop)),
  };
}

/** Names and indexes of links, each asked for once. Links come and go: keep it for one piece of work only. */
export class Devices {
  readonly #indexes = new Map<string, number | undefined>();
  readonly #names = new Map<number, string | undefined>();
  readonly #nextHops = new Map<string, NextHop>();
  readonly #hops = new Map<readonly NextHop[], readonly Hop[]>();

  index(name: string): number | undefined {
    if (!this.#indexes.has(name)) this.#indexes.set(name, indexOfName(name));
    return this.#indexes.get(name);
  }

  /** The hop in our words: one object for all routes that take it. */
  nextHop({ gateway, oif }: Hop): NextHop {
    const key = `${gateway ?? ''} ${oif ?? ''}`;
    let hop = this.#nextHops.get(key);
    if (!hop) {
      const device = oif === undefined ? undefined : this.name(oif);
      hop = { ...(gateway && { gateway: addressFrom(gateway) }), ...(device && { device }) };
      this.#nextHops.set(key, hop);
    }
    return hop;
  }

  /** The same the other way round, once for all routes that share the list. Throws NetlinkError ENODEV when a device does not exist. */
  hops(of: readonly NextHop[]): readonly Hop[] {
    let hops = this.#hops.get(of);
    if (!hops) this.#hops.set(of, (hops = of.map((hop) => hopOf(hop, this))));
    return hops;
  }

  name(index: number): string | undefined {
    if (!this.#names.has(index)) this.#names.set(index, nameOfIndex(index));
    return this.#names.get(index);
  }
}

function hopOf({ gateway, device }: NextHop, devices: Devices): Hop {
  const oif = device === undefined ? undefined : devices.index(device);
  if (device !== undefined && oif === undefined) throw new NetlinkError(Errno.ENODEV, `"${device}"`);
  if (gateway === undefined) return oif ? { oif } : {};
  return oif ? { gateway: bytesOf(gateway), oif } : { gateway: bytesOf(gateway) };
}
