/** How much there is of everything, counted at the moment somebody asks: nothing of it is kept beside what is counted. */
import { announceVerdict } from '../decide/announcements.js';
import { type Family, familyOf } from '../model/address.js';
import { nameAskedFor } from '../model/network.js';
import { type PeerKey, peerKey, type Speaker } from '../model/peer.js';
import { isOfThisNode, MAIN_TABLE } from '../model/route.js';
import type { Peering } from './peering.js';
import type { Reconciler } from './reconciler.js';
import { cameBy, type SessionStanding, sessionsOf } from './standing.js';
import type { World } from './world.js';

/** Networks are those of the configuration: what is in one that was made from another counts there. */
export interface Census {
  /** By network. */
  readonly endpoints: ReadonlyMap<string, number>;
  /** What is to be announced, and what of it gobgpd says. */
  readonly announcements: { readonly wanted: number; readonly accepted: number };
  /** Prefixes that a pass has yet to look at, and those that are not as they should be. */
  readonly prefixes: { readonly pending: number; readonly failed: number };
  /** Addresses of ours that somebody else announces too. */
  readonly duplicates: number;
  /** Heard paths by peer. */
  readonly paths: ReadonlyMap<PeerKey, Readonly<Record<Family, number>>>;
  /** Routes in the kernel by network; `host` is the main table. */
  readonly routes: ReadonlyMap<string, { readonly own: number; readonly imported: number }>;
  readonly sessions: readonly SessionStanding[];
  /** Sessions that stand, by listen range. */
  readonly ranges: ReadonlyMap<string, number>;
}

export function takeCensus(world: World, reconciler: Reconciler, peering: Peering): Census {
  return {
    endpoints: endpointsByNetwork(world),
    announcements: { wanted: wanted(world), accepted: peering.connected ? world.announcements : 0 },
    prefixes: { pending: world.touchedCount, failed: reconciler.failures.size },
    duplicates: world.duplicates().length,
    paths: pathsByPeer(world, peering.speaker),
    routes: routesByNetwork(world),
    sessions: sessionsOf(peering),
    ranges: new Map((peering.speaker.ranges ?? []).map((range) => [range.name, cameBy(range, peering.states).length])),
  };
}

/** Those for which only the route is missing are wanted too. */
function wanted(world: World): number {
  return [...world.endpointPrefixes(), ...world.aggregates()].filter((prefix) =>
    ['announced', 'no-route'].includes(announceVerdict(world.known(prefix), world.networks, world.routes(prefix))),
  ).length;
}

function pathsByPeer(world: World, { peers }: Speaker): Census['paths'] {
  const counts = new Map<PeerKey, Record<Family, number>>(peers.map((peer) => [peerKey(peer), { 4: 0, 6: 0 }]));
  world.eachHeard(({ peer, prefix }) => {
    let count = counts.get(peer);
    if (!count) counts.set(peer, (count = { 4: 0, 6: 0 }));
    count[familyOf(prefix)]++;
  });
  return counts;
}

function routesByNetwork(world: World): Census['routes'] {
  const counts = new Map([[MAIN_TABLE, { own: 0, imported: 0 }]]);
  for (const { table } of world.networks.byName.values()) counts.set(table, { own: 0, imported: 0 });
  world.eachBelieved((route) => {
    const count = counts.get(route.table);
    if (count) count[isOfThisNode(route) ? 'own' : 'imported']++;
  });
  const names = new Map([...world.networks.byName.values()].map(({ table, name }) => [table, nameAskedFor(name)]));
  const byName = new Map<string, { own: number; imported: number }>();
  for (const [table, { own, imported }] of counts) {
    const name = names.get(table) ?? 'host';
    const before = byName.get(name) ?? { own: 0, imported: 0 };
    byName.set(name, { own: before.own + own, imported: before.imported + imported });
  }
  return byName;
}

function endpointsByNetwork(world: World): Census['endpoints'] {
  const counts = new Map([...world.networks.byName.keys()].map((network) => [nameAskedFor(network), 0]));
  for (const { network } of world.endpoints()) {
    const name = nameAskedFor(network);
    counts.set(name, (counts.get(name) ?? 0) + 1);
  }
  return counts;
}
