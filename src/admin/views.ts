/** What the controller knows, as plain data for the CLI. Every "why" is the very value that the decision was made with. */
import { ANNOUNCE_SENTENCES, announceVerdict } from '../decide/announcements.js';
import { duplicateSentence } from '../decide/duplicate.js';
import { IMPORT_SENTENCES, type ImportVerdict } from '../decide/import-verdict.js';
import { importVerdicts } from '../decide/routes.js';
import { contains, hostPrefix, lengthOf, type Prefix } from '../model/address.js';
import type { Endpoint } from '../model/endpoint.js';
import type { Path } from '../model/path.js';
import type { NextHop, Route } from '../model/route.js';
import type { Routing } from '../reconcile/routing.js';

export interface EndpointView {
  readonly containerId: string;
  readonly ifname: string;
  readonly network: string;
  /** Where it has others than the network that it asked for. */
  readonly targets: string;
  readonly addresses: readonly string[];
  readonly link: string;
  readonly state: string;
  readonly since: string;
}

export function endpointViews(routing: Routing): EndpointView[] {
  return routing.endpoints().map((endpoint) => ({
    containerId: endpoint.containerId,
    ifname: endpoint.ifname,
    network: endpoint.network,
    targets: ownTargets(routing, endpoint),
    addresses: endpoint.addresses,
    link: endpoint.link.name,
    state: stateOf(routing, endpoint.addresses.map(hostPrefix)),
    since: endpoint.since,
  }));
}

/** The targets of an endpoint that has its own: those in force, which may be less than it asked for. */
function ownTargets({ networks }: Routing, { own, network }: Endpoint): string {
  const made = own && networks.byName.get(network);
  if (!made) return '-';
  return `import ${[...made.imports].join(' ') || 'nothing'}, export ${made.exports.join(' ') || 'nothing'}`;
}

function stateOf(routing: Routing, prefixes: readonly Prefix[]): string {
  const all = prefixes.map((prefix) => routing.about(prefix));
  const failure = all.find((about) => about.failure)?.failure;
  if (failure) return failure.message;
  const isAnnounced = all.every(({ announced, carrier }) => announced ?? routing.about(carrier).announced);
  return isAnnounced ? 'announced' : 'not announced';
}

export interface RouteView {
  readonly network: string;
  readonly prefix: string;
  readonly nextHop: string;
  readonly asPath: string;
  readonly targets: string;
  /** What became of it, in a word: `own`, or what the network says of the path. */
  readonly verdict: 'own' | ImportVerdict;
  readonly state: string;
}

/** One line per network and prefix: what is installed, and what is not and why. */
export function routeViews(routing: Routing): RouteView[] {
  const { byName } = routing.networks;
  const ours = routing.endpoints().flatMap((endpoint) =>
    endpoint.addresses.map((address) => ({
      network: endpoint.network,
      prefix: hostPrefix(address),
      nextHop: endpoint.link.name,
      asPath: '-',
      targets: byName.get(endpoint.network)?.exports.join(' ') || '-',
      verdict: 'own' as const,
      state: stateOf(routing, [hostPrefix(address)]),
    })),
  );
  return [...ours, ...blockViews(routing), ...routing.paths().flatMap((path) => heardViews(routing, path))];
}

function blockViews(routing: Routing): RouteView[] {
  return routing.aggregates().flatMap((prefix) => {
    const { networks = [], targets = [] } = routing.about(prefix).known.aggregate ?? {};
    const common = { prefix, nextHop: 'blackhole', asPath: '-', targets: targets.join(' ') };
    return networks.map((network) => ({
      ...common,
      network,
      verdict: 'own' as const,
      state: stateOf(routing, [prefix]),
    }));
  });
}

function heardViews(routing: Routing, path: Path): RouteView[] {
  const { known, routes } = routing.about(path.prefix);
  const candidate = known.paths.find(({ path: { peer } }) => peer === path.peer);
  if (!candidate) return [];
  return importVerdicts(candidate, routing.networks, known.endpoint).map(({ network, table, verdict }) => ({
    network,
    prefix: path.prefix,
    nextHop: path.nextHop,
    asPath: path.asPath.join(' ') || '-',
    targets: path.targets.join(' ') || '-',
    verdict,
    state: importState(verdict, routes, table, IMPORT_SENTENCES[verdict](network, path)),
  }));
}

function importState(verdict: ImportVerdict, routes: readonly Route[], table: number, sentence: string): string {
  if (verdict !== 'imported') return `not imported: ${sentence}`;
  return routes.some((route) => route.table === table)
    ? `installed, table ${table}`
    : 'imported, but not in the kernel yet';
}

export interface Explanation {
  readonly prefix: string;
  readonly lines: readonly Line[];
}

interface Line {
  readonly ok: boolean;
  readonly what: string;
  readonly says: string;
}

/** Why a prefix is, or is not, where one expects it. */
export function explain(routing: Routing, prefix: Prefix): Explanation {
  const { known, routes, duplicate, failure } = routing.about(prefix);
  const isOurs = known.endpoint || known.aggregate;
  const lines = [
    ...(known.endpoint ? explainEndpoint(routing, known.endpoint, prefix) : []),
    ...(isOurs ? explainAnnouncement(routing, prefix) : explainPaths(routing, prefix)),
    ...explainRoutes(routes, prefix),
    ...(duplicate ? [{ ok: false, what: 'duplicate', says: duplicateSentence(duplicate) }] : []),
    ...(failure ? [{ ok: false, what: 'last failure', says: failure.message }] : []),
  ];
  return { prefix, lines };
}

function explainEndpoint(routing: Routing, endpoint: Endpoint, prefix: Prefix): Line[] {
  const { containerId, ifname, network, link, own } = endpoint;
  const who = `${prefix} is ${containerId}/${ifname} (${network}) on this node, host end ${link.name}`;
  const targets = own && `of its own, not those of ${own.base}: ${ownTargets(routing, endpoint)}`;
  return [
    { ok: true, what: 'endpoint', says: who },
    ...(targets ? [{ ok: true, what: 'targets', says: targets }] : []),
  ];
}

/** Its own, and where it has none because a block leads to it, that of the block. */
function explainAnnouncement(routing: Routing, prefix: Prefix): readonly Line[] {
  const { known, routes, announced, carrier } = routing.about(prefix);
  const verdict = announceVerdict(known, routing.networks, routes);
  const line = {
    ok: carrier !== prefix || (verdict === 'announced' && announced !== undefined),
    what: 'announced',
    says: ANNOUNCE_SENTENCES[verdict](known, routing.networks),
  };
  return carrier === prefix ? [line] : [line, ...explainAnnouncement(routing, carrier)];
}

function explainPaths(routing: Routing, prefix: Prefix): readonly Line[] {
  const { paths } = routing.about(prefix).known;
  if (paths.length === 0) return explainCovering(routing, prefix);
  return paths.flatMap((candidate) => {
    const { path, linkDown, hops } = candidate;
    const by = hops ? ` (reached ${hops.map(hopText).join(' and ')})` : '';
    const from = `${prefix} from ${path.peer}, next hop ${path.nextHop}${by}, AS path ${path.asPath.join(' ') || '(empty)'}`;
    const says = linkDown ? `${from}: its link is down, so another way is used while there is one` : from;
    const verdicts = importVerdicts(candidate, routing.networks).map(({ network, verdict }) => ({
      ok: verdict === 'imported',
      what: `network ${network}`,
      says: IMPORT_SENTENCES[verdict](network, path),
    }));
    return [{ ok: !linkDown, what: 'bgp', says }, ...verdicts];
  });
}

/** Packets may go where a shorter prefix leads: each one around it, the longest first. */
function explainCovering(routing: Routing, prefix: Prefix): readonly Line[] {
  const known = new Set([...routing.paths().map((path) => path.prefix), ...routing.aggregates()]);
  const around = [...known].filter((one) => contains(one, prefix)).sort((a, b) => lengthOf(b) - lengthOf(a));
  const says = `no peer announces ${prefix}${around.length > 0 ? ' itself' : ''}, and no endpoint of this node has it`;
  const others = around.flatMap((one) => [
    ...(routing.about(one).known.aggregate ? explainAnnouncement(routing, one) : explainPaths(routing, one)),
    ...explainRoutes(routing.about(one).routes, one),
  ]);
  return [{ ok: false, what: 'bgp', says }, ...others];
}

function explainRoutes(routes: readonly Route[], prefix: Prefix): readonly Line[] {
  if (routes.length === 0) return [{ ok: false, what: 'kernel', says: `no table of ours has a route to ${prefix}` }];
  return routes.map((route) => ({ ok: true, what: 'kernel', says: routeText(route) }));
}

function routeText(route: Route): string {
  if (route.nextHops.length === 0)
    return `blackhole ${route.prefix} table ${route.table} proto slash32: what has no route of its own in it is dropped`;
  const hops = route.nextHops.map(hopText);
  return `${route.prefix} ${hops.join(' nexthop ')} table ${route.table} proto slash32`;
}

function hopText({ gateway, device }: NextHop): string {
  return `${gateway ? `via ${gateway} ` : ''}${device ? `dev ${device}` : ''}`.trim();
}
