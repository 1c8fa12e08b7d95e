/** Which routes one prefix should have, in which tables. Routes of a prefix depend on that prefix alone. */
import type { Prefix } from '../model/address.js';
import type { Duty } from '../model/duty.js';
import type { Endpoint } from '../model/endpoint.js';
import { type HostNetwork, isHeardBy, type Network, type Networks } from '../model/network.js';
import type { Path } from '../model/path.js';
import type { PeerKey } from '../model/peer.js';
import { hopKey, isOfThisNode, MAIN_TABLE, type NextHop, type Route, satisfies } from '../model/route.js';
import type { Aggregate } from './aggregates.js';
import { bestPaths } from './best-paths.js';
import { type ImportVerdict, importVerdict, type Standing } from './import-verdict.js';

/** All that is known about one prefix. */
export interface Known {
  readonly prefix: Prefix;
  readonly endpoint: Endpoint | undefined;
  /** One a peer. */
  readonly paths: readonly Candidate[];
  /** It is a block that this node announces. */
  readonly aggregate?: Aggregate | undefined;
  /** The block of this node that it lies in. */
  readonly within?: Aggregate | undefined;
  /** This node is being drained, or is. */
  readonly duty?: Exclude<Duty, 'on'>;
}

/** A heard path, and what is known of it before any network is asked. */
export interface Candidate extends Omit<Standing, 'endpoint'> {
  readonly path: Path;
  /** It leads over a link that carries no packets now, whatever BGP still believes. */
  readonly linkDown: boolean;
  /** Where packets for its next hop go first, when that is not on a link of ours. */
  readonly hops?: readonly NextHop[] | undefined;
}

/** Every route that the kernel should hold for this prefix. */
export function wantedRoutes(known: Known, networks: Networks): Route[] {
  if (known.aggregate) return [{ table: MAIN_TABLE, prefix: known.prefix, nextHops: [] }];
  if (known.endpoint) return routesToEndpoint(known.prefix, known.endpoint, networks);
  return known.paths.length > 0 ? routesOfPaths(known, networks) : [];
}

/**
 * An endpoint of this node: out of its veth. Its own host reaches it always (main table: health probes), its network
 * does, and so does every network that imports one of its export targets, as if the path had come from afar.
 */
function routesToEndpoint(prefix: Prefix, endpoint: Endpoint, networks: Networks): Route[] {
  const own = networks.byName.get(endpoint.network);
  const nextHops = [{ device: endpoint.link.name }];
  const main = { table: MAIN_TABLE, prefix, nextHops };
  if (!own) return [main];
  const hearing = [...networks.byName.values()].filter((other) => other === own || isHeardBy(own, other));
  return [main, ...hearing.map(({ table }) => ({ table, prefix, nextHops }))];
}

/**
 * Heard paths, in the tables of those that import them. An address of a block of ours that has moved to another node is in
 * the main table too, whatever the host imports: there a default route led to it, before the blackhole was around it.
 */
function routesOfPaths({ prefix, paths, within }: Known, { byName, host }: Networks): Route[] {
  const routes: Route[] = [];
  const enter = (table: number, imported: readonly Candidate[]) => {
    if (imported.length > 0) routes.push({ table, prefix, nextHops: nextHopsOf(imported) });
  };
  const importedBy = (network: Network | HostNetwork) =>
    paths.filter((candidate) => importVerdict(network, candidate.path, candidate) === 'imported');
  for (const network of byName.values()) enter(network.table, importedBy(network));
  const byHost = importedBy(host);
  const byAny = () => [...new Set([...byName.values()].flatMap(importedBy))];
  enter(MAIN_TABLE, within && byHost.length === 0 ? byAny() : byHost);
  return routes;
}

/**
 * Several ways at once where several are best (ECMP), and none over a link that is down. But where all are, nothing is won
 * by taking the route away before BGP does.
 */
function nextHopsOf(imported: readonly Candidate[]): readonly NextHop[] {
  if (imported.length === 1) return hopsOf(imported[0]!);
  const usable = imported.filter(({ linkDown }) => !linkDown);
  const candidates = usable.length > 0 ? usable : imported;
  const best = bestPaths(candidates.map(({ path }) => path));
  const chosen = best.length === candidates.length ? candidates : candidates.filter(({ path }) => best.includes(path));
  if (chosen.length === 1) return hopsOf(chosen[0]!);
  return [...new Map(chosen.flatMap(hopsOf).map((hop) => [hopKey(hop), hop])).values()];
}

function hopsOf({ path, hops }: Candidate): readonly NextHop[] {
  return hops ?? aloneVia(path);
}

/** 100,000 routes lead to a handful of neighbours. */
const MOST_SHARED = 1024;
const shared = new Map<string, readonly NextHop[]>();

/** The way through one neighbour: one list for all routes that take it. */
function aloneVia({ nextHop, device }: Path): readonly NextHop[] {
  const key = device === undefined ? nextHop : `${nextHop}%${device}`;
  let hops = shared.get(key);
  if (!hops) {
    if (shared.size >= MOST_SHARED) shared.clear();
    shared.set(key, (hops = [device === undefined ? { gateway: nextHop } : { gateway: nextHop, device }]));
  }
  return hops;
}

/** One path that wants in: whose it is, and into which tables. */
export interface Applicant {
  readonly peer: PeerKey;
  readonly tables: readonly number[];
}

/** What one network says of a path. The host's own is called host. */
export interface NetworkVerdict {
  readonly network: string;
  readonly table: number;
  readonly verdict: ImportVerdict;
}

/**
 * What every network of this node says of a path, the host last.
 * @param endpoint the one of this node that owns exactly this prefix
 */
export function importVerdicts(
  candidate: Candidate,
  { byName, host }: Networks,
  endpoint?: Endpoint,
): NetworkVerdict[] {
  const { path, ...judged } = candidate;
  const standing = { ...judged, endpoint };
  const verdicts: NetworkVerdict[] = [...byName.values()].map((network) => ({
    network: network.name,
    table: network.table,
    verdict: importVerdict(network, path, standing),
  }));
  verdicts.push({ network: 'host', table: MAIN_TABLE, verdict: importVerdict(host, path, standing) });
  return verdicts;
}

/** Who wants places for this prefix, and in which tables, if places were no matter. */
export function applicants({ endpoint, paths }: Known, networks: Networks): Applicant[] {
  return paths.map((candidate) => {
    const verdicts = importVerdicts({ ...candidate, overQuota: undefined }, networks, endpoint);
    const tables = verdicts.filter(({ verdict }) => verdict === 'imported').map(({ table }) => table);
    return { peer: candidate.path.peer, tables };
  });
}

/** Which sources have said everything, so that what they do not say is gone. */
export interface Complete {
  readonly endpoints: boolean;
  readonly paths: boolean;
}

/** Routes to add or replace: wanted, and the kernel does not hold them as wanted. All are of one prefix. */
export function routesToPut(wanted: readonly Route[], believed: readonly Route[]): readonly Route[] {
  if (believed.length === 0) return wanted;
  return wanted.filter((route) => {
    const found = believed.find(({ table }) => table === route.table);
    return !found || !satisfies(route, found);
  });
}

/**
 * Routes to remove: not wanted, and the source that would want them is complete. All are of one prefix.
 * A route to an endpoint, or a blackhole, also stays while its prefix is announced: whoever heard us may still send packets.
 */
export function routesToRemove(
  wanted: readonly Route[],
  believed: readonly Route[],
  complete: Complete,
  announced: boolean,
): Route[] {
  return believed.filter((route) => {
    if (wanted.some(({ table }) => table === route.table)) return false;
    if (!isOfThisNode(route)) return complete.paths;
    return complete.endpoints && !(announced && route.table === MAIN_TABLE);
  });
}
