/** Which routes one prefix should have, in which tables. Routes of a prefix depend on that prefix alone. */
import type { Prefix } from '../model/address.js';
import type { Endpoint } from '../model/endpoint.js';
import type { Network, Networks } from '../model/network.js';
import type { Path } from '../model/path.js';
import { hopKey, leadsToEndpoint, MAIN_TABLE, type NextHop, type Route, routeKey, satisfies } from '../model/route.js';
import { bestPaths } from './best-paths.js';
import { importVerdict } from './import-verdict.js';

/** All that is known about one prefix. */
export interface Known {
  readonly prefix: Prefix;
  readonly endpoint: Endpoint | undefined;
  /** One a peer. */
  readonly paths: readonly Path[];
  /** Keys of next hops whose link is down, as far as anybody has asked. */
  readonly down?: ReadonlySet<string>;
}

/** Every route that the kernel should hold for this prefix. */
export function wantedRoutes(known: Known, networks: Networks): Route[] {
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
  const hearing = [...networks.byName.values()].filter((other) => other === own || shareTarget(own, other));
  return [main, ...hearing.map(({ table }) => ({ table, prefix, nextHops }))];
}

function shareTarget(exporter: Network, importer: Network): boolean {
  return exporter.exports.some((target) => importer.imports.has(target));
}

function routesOfPaths(known: Known, networks: Networks): Route[] {
  const { prefix } = known;
  return [...networks.byName.values(), { ...networks.host, table: MAIN_TABLE }].flatMap((network) => {
    const imported = known.paths.filter((path) => importVerdict(network, path, false) === 'imported');
    return imported.length > 0 ? [{ table: network.table, prefix, nextHops: nextHopsOf(imported, known.down) }] : [];
  });
}

/**
 * Several ways at once where several are best (ECMP). A way over a link that is down is none, whatever BGP still believes;
 * but where all are down, nothing is won by taking the route away before BGP does.
 */
function nextHopsOf(imported: readonly Path[], down: ReadonlySet<string> = new Set()): NextHop[] {
  const usable = imported.filter((path) => !down.has(hopKey(nextHopOf(path))));
  const hops = bestPaths(usable.length > 0 ? usable : imported).map(nextHopOf);
  return [...new Map(hops.map((hop) => [hopKey(hop), hop])).values()];
}

/** Where a path leads. */
export function nextHopOf({ nextHop, device }: Path): NextHop {
  return device === undefined ? { gateway: nextHop } : { gateway: nextHop, device };
}

/** Which sources have said everything, so that what they do not say is gone. */
export interface Complete {
  readonly endpoints: boolean;
  readonly paths: boolean;
}

/** Routes to add or replace: wanted, and the kernel does not hold them as wanted. */
export function routesToPut(wanted: readonly Route[], believed: ReadonlyMap<string, Route>): Route[] {
  return wanted.filter((route) => {
    const found = believed.get(routeKey(route));
    return !found || !satisfies(route, found);
  });
}

/**
 * Routes to remove: not wanted, and the source that would want them is complete.
 * A route to an endpoint also stays while its prefix is announced: whoever heard us may still send packets.
 */
export function routesToRemove(
  wanted: readonly Route[],
  believed: ReadonlyMap<string, Route>,
  complete: Complete,
  announced: boolean,
): Route[] {
  const needed = new Set(wanted.map(routeKey));
  return [...believed.values()].filter((route) => {
    if (needed.has(routeKey(route))) return false;
    if (!leadsToEndpoint(route)) return complete.paths;
    return complete.endpoints && !(announced && route.table === MAIN_TABLE);
  });
}
