/** What a ToR takes from its nodes, and nothing else: host routes inside the networks' prefixes, and blocks as they are. */
import {
  baseOf,
  bitsOf,
  contains,
  type Family,
  familyOf,
  isBlock,
  lengthOf,
  numberOf,
  type Prefix,
} from '../model/address.js';
import type { Announce, Network } from '../model/network.js';
import type { Accepted, TorNode } from './tor.js';

const ANYWHERE: Record<Family, Prefix> = { 4: '0.0.0.0/0' as Prefix, 6: '::/0' as Prefix };

/** A node, and what each session with this ToR is told of it; undefined: what its networks say. */
export interface Heard {
  readonly node: TorNode;
  readonly told: readonly (Announce | undefined)[];
}

/** Of one family. */
export function acceptedFrom(nodes: readonly Heard[], family: Family): Accepted[] {
  const hosts = hostRoutesIn(nodes, family).map((within) => ({ within, length: bitsOf(within) }));
  return [...hosts, ...blocksOf(nodes, family).map((within) => ({ within, length: lengthOf(within) }))];
}

/** The networks of which some node tells the ToR something. */
function announcingOf(nodes: readonly Heard[]): readonly { network: Network; told: readonly Announce[] }[] {
  return nodes.flatMap(({ node, told }) =>
    [...node.networks.byName.values()]
      .filter(({ exports }) => exports.length > 0)
      .map((network) => ({ network, told: told.map((one) => one ?? network.announce ?? 'host') })),
  );
}

/** The pools that nodes announce as blocks. */
function blocksOf(nodes: readonly Heard[], family: Family): Prefix[] {
  const announcing = announcingOf(nodes).filter(({ told }) => told.some((one) => one !== 'host'));
  const pools = announcing.flatMap(({ network }) => network.pools);
  return [...new Set(pools)].filter((pool) => familyOf(pool) === family && isBlock(pool));
}

/**
 * Where host routes of the nodes may be: the fences of their networks, or where there is none, the pools, or anything. Also
 * where blocks are told: an address outside of them, or with targets of its own, has a host route all the same.
 */
function hostRoutesIn(nodes: readonly Heard[], family: Family): readonly Prefix[] {
  const fences = announcingOf(nodes).flatMap(({ network: { prefixes, pools } }) => {
    const fence = prefixes.length > 0 ? prefixes : pools;
    // Without either, addresses come from an IPAM plugin, from wherever it likes.
    return fence.length > 0 ? fence.filter((prefix) => familyOf(prefix) === family) : [ANYWHERE[family]];
  });
  const all = [...new Set(fences)].filter(
    (prefix) => !fences.some((outer) => outer !== prefix && contains(outer, prefix)),
  );
  return all.sort((a, b) => (numberOf(baseOf(a)) < numberOf(baseOf(b)) ? -1 : 1));
}
