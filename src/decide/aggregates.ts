/**
 * Blocks that are announced as a whole: the pools of networks whose `announce` says so.
 *
 * An aggregate follows from the configuration alone, never from endpoints: a block that came and went with the first and
 * last container would make ADD wait for the fabric, and move routes in it all day. What it draws in and nobody has is
 * dropped by a blackhole in the main table, where packets from outside arrive: otherwise a default route would send them
 * back, and they would go round until their TTL is spent. Everything more specific is longer, and wins.
 */
import { contains, isBlock, lengthOf, type Prefix } from '../model/address.js';
import type { Network, Networks } from '../model/network.js';
import type { RouteTarget } from '../model/route-target.js';

/** One block, which several networks may have for a pool. */
export interface Aggregate {
  readonly prefix: Prefix;
  /** Names of the networks that announce it. */
  readonly networks: readonly string[];
  /** The export targets of all of them. */
  readonly targets: readonly RouteTarget[];
}

/** Every block that this node announces. A pool of one address is no block: its host route says the same. */
export function aggregatesOf({ byName }: Networks): ReadonlyMap<Prefix, Aggregate> {
  const announcing = [...byName.values()].filter(({ announce, exports }) => announce && exports.length > 0);
  const pools = new Set(announcing.flatMap((network) => network.pools).filter(isBlock));
  return new Map([...pools].map((pool) => [pool, aggregateOf(pool, announcing)]));
}

/** The smallest block around a prefix that lies in one. */
export function aggregateAround(aggregates: ReadonlyMap<Prefix, Aggregate>, inner: Prefix): Aggregate | undefined {
  const around = [...aggregates.values()].filter(({ prefix }) => prefix !== inner && contains(prefix, inner));
  return around.sort((a, b) => lengthOf(b.prefix) - lengthOf(a.prefix))[0];
}

function aggregateOf(prefix: Prefix, announcing: readonly Network[]): Aggregate {
  const owners = announcing.filter(({ pools }) => pools.includes(prefix));
  return {
    prefix,
    networks: owners.map(({ name }) => name),
    targets: [...new Set(owners.flatMap((network) => network.exports))],
  };
}
