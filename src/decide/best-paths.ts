/**
 * Which of several paths to one prefix carry traffic.
 *
 * RFC 4271 section 9.1.2.2, with the steps that RFC 8326 and RFC 9494 put in front. It ends where only identifiers are left
 * to compare: all that are equal by then carry traffic together (ECMP). AS paths of one length are equal whoever is in
 * them, because each ToR may have an AS of its own (RFC 7938). An IGP metric there is none: next hops are on our links.
 */
import { GRACEFUL_SHUTDOWN, LLGR_STALE } from '../model/community.js';
import type { Path } from '../model/path.js';

/** RFC 4271 leaves it to the implementation; all known ones say 100. */
const DEFAULT_LOCAL_PREF = 100;

/** The steps in their order: the paths of the lowest cost go on to the next. */
const COSTS: readonly ((path: Path) => number)[] = [
  // Not withdrawn by whoever sends it, but lost by him (RFC 9494 section 4.2).
  ({ communities }) => (communities?.includes(LLGR_STALE) ? 1 : 0),
  (path) => -localPrefOf(path),
  ({ asPath }) => asPath.length,
  ({ origin = 0 }) => origin,
];

/** The paths that carry traffic, in the order given. */
export function bestPaths(paths: readonly Path[]): readonly Path[] {
  if (paths.length < 2) return paths;
  const ranked = COSTS.reduce(cheapest, paths);
  return cheapest(lowestMeds(ranked), ({ internal }) => (internal ? 1 : 0));
}

/** A path whose sender is about to leave is the last to be used, also where its other side did not say so (RFC 8326 section 4). */
function localPrefOf({ communities, localPref = DEFAULT_LOCAL_PREF }: Path): number {
  return communities?.includes(GRACEFUL_SHUTDOWN) ? 0 : localPref;
}

/** What a path has that is left out at each of COSTS, and then. */
const WORSE = [
  'is kept as a last resort (LLGR_STALE, RFC 9494)',
  'has a lower local preference, or its sender is about to leave (graceful shutdown)',
  'has a longer AS path',
  'has a worse origin',
];

/** Why this one of several paths carries no traffic, as the end of a sentence; undefined where it does. */
export function whyNotBest(path: Path, paths: readonly Path[]): string | undefined {
  let ranked = paths;
  for (const [i, cost] of COSTS.entries()) {
    ranked = cheapest(ranked, cost);
    if (!ranked.includes(path)) return WORSE[i];
  }
  if (!lowestMeds(ranked).includes(path)) return 'has a higher MED';
  return bestPaths(paths).includes(path) ? undefined : 'comes from a peer of our own AS';
}

function cheapest(paths: readonly Path[], cost: (path: Path) => number): readonly Path[] {
  if (paths.length < 2) return paths;
  const lowest = Math.min(...paths.map(cost));
  return paths.filter((path) => cost(path) === lowest);
}

/** A MED is a word between two neighbouring ASes, so it is compared among paths of one neighbour only. */
function lowestMeds(paths: readonly Path[]): readonly Path[] {
  const neighbours = new Set(paths.map(({ asPath }) => asPath[0]));
  const kept = [...neighbours].flatMap((asn) =>
    cheapest(
      paths.filter(({ asPath }) => asPath[0] === asn),
      ({ med = 0 }) => med,
    ),
  );
  return paths.filter((path) => kept.includes(path));
}
