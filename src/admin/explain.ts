/** Why a prefix is, or is not, where one expects it: what was decided about it, and what stands in the way besides. */
import { ANNOUNCE_SENTENCES, announceVerdict } from '../decide/announcements.js';
import { duplicateSentence } from '../decide/duplicate.js';
import { IMPORT_SENTENCES } from '../decide/import-verdict.js';
import { readiness } from '../decide/readiness.js';
import { importVerdicts } from '../decide/routes.js';
import { contains, lengthOf, type Prefix } from '../model/address.js';
import type { Endpoint } from '../model/endpoint.js';
import type { NextHop, Route } from '../model/route.js';
import type { Routing } from '../reconcile/routing.js';
import { ownTargets, whyUnused } from './views.js';

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
    ...explainSessions(routing, prefix),
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

/** Who cannot be heard, or cannot hear, now: else nobody could tell what is kept from what is said. */
function explainSessions(routing: Routing, prefix: Prefix): Line[] {
  const { endpoint, aggregate, paths } = routing.about(prefix).known;
  const standing = routing.bgpStanding;
  if (endpoint || aggregate) {
    // That it is drained stands with the announcement.
    const { noAdd, cutOff } = readiness({ ...standing, isDrained: false }, []);
    return [...noAdd, ...cutOff].map((says) => ({ ok: false, what: 'sessions', says }));
  }
  if (standing.away !== undefined) {
    const says = `gobgpd is away (${standing.away}), so no peer is heard; what was heard before is kept for the restart time`;
    return [{ ok: false, what: 'sessions', says }];
  }
  const senders = new Set(paths.map(({ path }) => path.peer));
  return standing.peers
    .filter(({ established, key }) => !established && (paths.length === 0 || (key && senders.has(key))))
    .map(({ name, reason }) => {
      const session = `${name} has no session${reason === undefined ? '' : ` (${reason})`}`;
      const meaning =
        paths.length === 0
          ? `so what it would say of ${prefix} is not known`
          : 'and its path is kept for its restart time';
      return { ok: false, what: 'sessions', says: `${session}, ${meaning}` };
    });
}

/** Its own, and where it has none because a block leads to it, that of the block. */
function explainAnnouncement(routing: Routing, prefix: Prefix): readonly Line[] {
  const { known, routes, announced, carrier } = routing.about(prefix);
  const verdict = announceVerdict(known, routing.networks, routes);
  const isOutstanding = carrier === prefix && verdict === 'announced' && announced === undefined;
  const line = {
    ok: carrier !== prefix || (verdict === 'announced' && !isOutstanding),
    what: 'announced',
    says: isOutstanding
      ? `${prefix} is to be announced, and gobgpd does not have it yet`
      : ANNOUNCE_SENTENCES[verdict](known, routing.networks),
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
    const verdicts = importVerdicts(candidate, routing.networks).map(({ network, table, verdict }) => {
      const unused = verdict === 'imported' ? whyUnused(candidate, paths, routing.networks, table) : undefined;
      const says = IMPORT_SENTENCES[verdict](network, path);
      return {
        ok: verdict === 'imported' && unused === undefined,
        what: `network ${network}`,
        says: unused === undefined ? says : `${says}, but another path is better: this one ${unused}`,
      };
    });
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
