/** Route targets in a CNI configuration, in every spelling BaGPipe and its relatives know. */

import { quoted } from '../model/quoted.js';
import { type RouteTarget, routeTarget } from '../model/route-target.js';

/** One string, a comma list, or an array of either. Throws RangeError that names what is wrong. */
export function targetList(value: string | readonly string[]): readonly RouteTarget[] {
  const texts = (typeof value === 'string' ? [value] : value).flatMap((text) => text.split(','));
  return [...new Set(texts.map((text) => text.trim()).filter((text) => text !== ''))].map(routeTarget);
}

/**
 * The targets of one direction: `importrt` and `importRTs` are the same key in two spellings, so only one may be
 * given; `rt` is for both directions and adds to it. Undefined when nobody names any.
 * Throws RangeError when both spellings are there.
 */
export function targetsOf(
  named: { readonly [spelling: string]: readonly RouteTarget[] | undefined },
  both: readonly RouteTarget[] | undefined,
): readonly RouteTarget[] | undefined {
  const given = Object.entries(named).filter(([, targets]) => targets !== undefined);
  if (given.length > 1) {
    const names = given.map(([spelling]) => quoted(spelling)).join(' and ');
    throw new RangeError(`${names} are two spellings of one key; keep one`);
  }
  const targets = [...(given[0]?.[1] ?? []), ...(both ?? [])];
  return given.length === 0 && both === undefined ? undefined : [...new Set(targets)];
}
