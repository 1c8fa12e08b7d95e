/** What the metrics of one scrape are read from: all numbers are of the same moment, and each is counted once. */
import type { Quota } from '../decide/quota.js';
import type { Prefix } from '../model/address.js';
import type { Duty } from '../model/duty.js';
import { type Networks, nameAskedFor } from '../model/network.js';
import { type PeerKey, type Speaker, settingsOf } from '../model/peer.js';
import type { PoolUse } from '../model/pool-use.js';
import type { Census } from '../reconcile/census.js';
import type { RefusalCount } from '../reconcile/refusals.js';
import type { Routing } from '../reconcile/routing.js';

/** Where it comes from. */
export interface Sources {
  readonly node: { readonly name: string; readonly version: string };
  readonly routing: Pick<
    Routing,
    'census' | 'networks' | 'speaker' | 'duty' | 'bgpConnected' | 'bgpTroubles' | 'quotas' | 'refusals'
  >;
  readonly addresses: { usage(pools: readonly Prefix[]): ReadonlyMap<Prefix, PoolUse> };
  /** How often the filters were found damaged and written again. */
  readonly filterRepairs: () => number;
}

export interface Snapshot {
  readonly node: Sources['node'];
  readonly duty: Duty;
  readonly gobgp: { readonly up: boolean; readonly troubles: number };
  readonly census: Census;
  readonly quotas: readonly Quota[];
  readonly refusals: readonly RefusalCount[];
  /** One a pool; a pool that several networks have is the first one's. */
  readonly pools: readonly (PoolUse & { readonly network: string; readonly pool: Prefix })[];
  readonly filterRepairs: number;
  /** What the configuration calls a peer, or the range that it came by. */
  readonly nameOf: (peer: PeerKey) => string;
}

export function takeSnapshot({ node, routing, addresses, filterRepairs }: Sources): Snapshot {
  const { speaker } = routing;
  return {
    node,
    duty: routing.duty,
    gobgp: { up: routing.bgpConnected, troubles: routing.bgpTroubles.length },
    census: routing.census(),
    quotas: routing.quotas(),
    refusals: routing.refusals(),
    pools: poolsOf(routing.networks, addresses),
    filterRepairs: filterRepairs(),
    nameOf: names(speaker),
  };
}

function names(speaker: Speaker): (peer: PeerKey) => string {
  const known = new Map<PeerKey, string>();
  return (peer) => {
    const name = known.get(peer) ?? settingsOf(speaker, peer)?.name ?? peer;
    known.set(peer, name);
    return name;
  };
}

function poolsOf({ byName, netConfNetworks = [] }: Networks, addresses: Sources['addresses']): Snapshot['pools'] {
  const owners = new Map<Prefix, string>();
  for (const { name, pools } of [...byName.values(), ...netConfNetworks])
    for (const pool of pools) if (!owners.has(pool)) owners.set(pool, nameAskedFor(name));
  return [...addresses.usage([...owners.keys()])].map(([pool, use]) => ({ ...use, network: owners.get(pool)!, pool }));
}
