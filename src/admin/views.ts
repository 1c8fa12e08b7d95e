/** What the controller knows, as plain data for the CLI. Every "why" is the very value that the decision was made with. */
import { whyNotBest } from '../decide/best-paths.js';
import { IMPORT_SENTENCES, type ImportVerdict } from '../decide/import-verdict.js';
import { type Candidate, importVerdicts, type NetworkVerdict } from '../decide/routes.js';
import { hostPrefix, type Prefix } from '../model/address.js';
import type { Endpoint } from '../model/endpoint.js';
import type { Networks } from '../model/network.js';
import type { Path } from '../model/path.js';
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
export function ownTargets({ networks }: Routing, { own, network }: Endpoint): string {
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

/** Why a path that a table imports is not used there, since another one is better; undefined where it is used. */
export function whyUnused(
  candidate: Candidate,
  all: readonly Candidate[],
  networks: Networks,
  table: number,
): string | undefined {
  if (candidate.linkDown || all.length === 1) return undefined;
  const rivals = all.filter(
    (other) =>
      !other.linkDown &&
      importVerdicts(other, networks).some((one) => one.table === table && one.verdict === 'imported'),
  );
  return whyNotBest(
    candidate.path,
    rivals.map(({ path }) => path),
  );
}

function heardViews(routing: Routing, path: Path): RouteView[] {
  const { known, routes } = routing.about(path.prefix);
  const candidate = known.paths.find(({ path: { peer } }) => peer === path.peer);
  if (!candidate) return [];
  const state = ({ network, table, verdict }: NetworkVerdict) => {
    if (verdict !== 'imported') return `not imported: ${IMPORT_SENTENCES[verdict](network, path)}`;
    const unused = whyUnused(candidate, known.paths, routing.networks, table);
    if (unused !== undefined) return `imported, but another path is better: this one ${unused}`;
    const isThere = routes.some((route) => route.table === table);
    return isThere ? `installed, table ${table}` : 'imported, but not in the kernel yet';
  };
  return importVerdicts(candidate, routing.networks, known.endpoint).map((said) => ({
    network: said.network,
    prefix: path.prefix,
    nextHop: path.nextHop,
    asPath: path.asPath.join(' ') || '-',
    targets: path.targets.join(' ') || '-',
    verdict: said.verdict,
    state: state(said),
  }));
}
