/** What peers say, what of it is taken, and how much room there is. */
import type { Quota } from '../decide/quota.js';
import { nameAskedFor } from '../model/network.js';
import type { Reading, Sample } from './reading.js';

/** A limit of a network holds for each that is made from it: the fullest one speaks for all, what is refused adds up. */
interface Limit {
  readonly kind: string;
  readonly name: string;
  readonly maxRoutes: number;
  readonly fullest: number;
  readonly refused: number;
}

function limits(quotas: readonly Quota[]): Limit[] {
  const found = new Map<string, Limit>();
  for (const { of, maxRoutes, routes, refused } of quotas) {
    const [kind = '', made = ''] = of.split(' ', 2);
    const name = nameAskedFor(made);
    const before = found.get(`${kind} ${name}`) ?? { fullest: 0, refused: 0 };
    found.set(`${kind} ${name}`, {
      kind,
      name,
      maxRoutes,
      fullest: Math.max(before.fullest, routes),
      refused: before.refused + refused,
    });
  }
  return [...found.values()];
}

/** One sample for each limit. */
function perLimit(of: (limit: Limit) => number): Reading['read'] {
  return ({ quotas }) => limits(quotas).map((limit): Sample => [{ kind: limit.kind, name: limit.name }, of(limit)]);
}

export const ROUTES: readonly Reading[] = [
  {
    name: 'slash32_bgp_paths',
    type: 'gauge',
    help: 'Paths heard from a peer, or from all that came by a listen range; none are left out, taken or not.',
    labels: ['peer', 'family'],
    read: ({ census, nameOf }) =>
      [...census.paths].flatMap(([peer, counts]): Sample[] => [
        [{ peer: nameOf(peer), family: 'ipv4' }, counts[4]],
        [{ peer: nameOf(peer), family: 'ipv6' }, counts[6]],
      ]),
  },
  {
    name: 'slash32_routes',
    type: 'gauge',
    help: "Routes of ours in the kernel, by network ('host' is the main table): own leads to endpoints and blocks of this node, imported to others.",
    labels: ['network', 'origin'],
    read: ({ census }) =>
      [...census.routes].flatMap(([network, { own, imported }]): Sample[] => [
        [{ network, origin: 'own' }, own],
        [{ network, origin: 'imported' }, imported],
      ]),
  },
  {
    name: 'slash32_paths_refused',
    type: 'gauge',
    help: 'Prefixes that the guards refuse now, by peer and reason; "slash32 explain" says more of one.',
    labels: ['peer', 'reason'],
    read: ({ refusals, nameOf }) => refusals.map(({ peer, reason, now }) => [{ peer: nameOf(peer), reason }, now]),
  },
  {
    name: 'slash32_path_refusals_total',
    type: 'counter',
    help: 'Prefixes that the guards have refused since the start, each time anew.',
    labels: ['peer', 'reason'],
    read: ({ refusals, nameOf }) => refusals.map(({ peer, reason, total }) => [{ peer: nameOf(peer), reason }, total]),
  },
  {
    name: 'slash32_route_limit',
    type: 'gauge',
    help: 'maxRoutes of a network or a peer (kind), where one is set.',
    labels: ['kind', 'name'],
    read: perLimit(({ maxRoutes }) => maxRoutes),
  },
  {
    name: 'slash32_route_limit_used',
    type: 'gauge',
    help: 'Heard routes that have a place under this limit.',
    labels: ['kind', 'name'],
    read: perLimit(({ fullest }) => fullest),
  },
  {
    name: 'slash32_route_limit_refused',
    type: 'gauge',
    help: 'Prefixes that are refused now because this limit is reached; what is installed stays, and so does the session.',
    labels: ['kind', 'name'],
    read: perLimit(({ refused }) => refused),
  },
];
