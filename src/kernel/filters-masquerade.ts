/**
 * Masquerade (`ipMasq`): what leaves the node for anywhere else bears the node's address. Only then is there a nat chain,
 * because with one the kernel tracks every connection that passes.
 *
 * Who is masqueraded stands in a map, as everybody does. Who is not a stranger to containers, so sees their own addresses,
 * stands in the rules: the prefixes, pools and exceptions of all networks of this node, wherever they are routed. What a
 * network imports lies within its prefixes, so nothing it imports is masqueraded; the configuration asks for them. What the
 * host alone imports is masqueraded: it says where the node's packets go, not that anybody there knows a way to containers.
 */
import { lengthOf, type Prefix } from '../model/address.js';
import type { Endpoint } from '../model/endpoint.js';
import type { Network, Networks } from '../model/network.js';
import { LINK_PREFIX } from './ours.js';

/** The maps of those who are masqueraded; there only while somebody may be. */
export const MASQUERADE_MAPS = { masquerade4: 'ipv4_addr', masquerade6: 'ipv6_addr' } as const;
/** Where their elements lead. */
export const MASQUERADED = 'masqueraded';
/** Chains that go when nobody is masqueraded any more; the base chain first, since it leads to the other. */
export const MASQUERADE_CHAINS: readonly string[] = ['postrouting', MASQUERADED];

/** Is this endpoint masqueraded, by its network's wish or by its own? */
export function isMasqueraded(endpoint: Pick<Endpoint, 'masquerade'>, network: Network | undefined): boolean {
  return endpoint.masquerade === true || network?.masquerade === true;
}

/** Where containers live, so where their own addresses are understood. A default route allowed somewhere is no such place. */
export function homesOf(networks: Networks): Prefix[] {
  const places = [...networks.byName.values(), ...(networks.netConfNetworks ?? [])];
  const homes = places.flatMap(({ prefixes, pools, allow }) => [...prefixes, ...pools, ...allow]);
  return [...new Set(homes)].filter((home) => lengthOf(home) > 0).sort();
}

/** Name and lines of each chain. */
export function masqueradeChains(homes: readonly Prefix[]): readonly (readonly [string, ...string[]])[] {
  const home = (prefix: Prefix) => `${prefix.includes(':') ? 'ip6' : 'ip'} daddr ${prefix} accept`;
  return [
    // An address that an IPAM plugin gave to a container of this node may lie outside of all prefixes.
    [MASQUERADED, `oifname "${LINK_PREFIX}*" accept`, ...homes.map(home), 'masquerade'],
    [
      'postrouting',
      'type nat hook postrouting priority srcnat; policy accept;',
      'ip saddr vmap @masquerade4',
      'ip6 saddr vmap @masquerade6',
    ],
  ];
}
