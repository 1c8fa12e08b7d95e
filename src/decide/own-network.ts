/**
 * Targets that an endpoint brings along: which of them it may have, and the network that is made of them.
 *
 * Two may ask. The CNI configuration names targets for all that it attaches, the container's arguments for that one alone.
 * What is allowed is always asked of the node's configuration: the targets a network has itself, and those that its
 * `allowTargets` or `allowOverride` name. So nobody picks another one's targets who was not meant to.
 *
 * An endpoint with targets of its own is in a network of its own: own table, own rule, own chains, because the table is what
 * an import means. Endpoints that ask for the same share it. Two networks made from one base meet by their targets only, on
 * this node as between nodes. Nothing of it is configuration: it is computed from the endpoints, again at every change, so a
 * permission that is taken back takes effect on those that are attached already.
 */
import type { Endpoint, OwnTargets, TargetWish } from '../model/endpoint.js';
import type { NetConfNetworks, Network, Networks, TargetAllowance } from '../model/network.js';
import type { RouteTarget } from '../model/route-target.js';
import { FIRST_TABLE, LAST_TABLE } from '../model/table.js';
import { matchesTarget } from '../model/target-pattern.js';

/** What an attachment asks for. */
export type Asked = Pick<OwnTargets, 'base' | 'byNetConf' | 'byContainer'>;

/** A network of the configuration, or the frame in which a CNI configuration may define one. */
type Base = Omit<Network, 'table'>;

/** What a network is made of before it has any targets of its own: a configured one, or a frame with nothing in it. */
export function baseOf(networks: Networks, name: string): Base | undefined {
  const configured = networks.byName.get(name);
  if (configured) return configured;
  const frame = networks.netConfNetworks?.find((one) => nameFits(one, name));
  return frame && { ...frame, name, imports: new Set(), exports: [] };
}

function nameFits({ name }: NetConfNetworks, asked: string): boolean {
  return name.endsWith('*') ? asked.startsWith(name.slice(0, -1)) : asked === name;
}

/** Does it ask for anything else than its base has? */
export function asksForOwn(networks: Networks, { base, byNetConf, byContainer }: Asked): boolean {
  const configured = networks.byName.get(base);
  if (!configured) return true;
  const wish = { ...byNetConf, ...byContainer };
  return !sameTargets(wish.imports, [...configured.imports]) || !sameTargets(wish.exports, configured.exports);
}

function sameTargets(asked: readonly RouteTarget[] | undefined, own: readonly RouteTarget[]): boolean {
  return asked === undefined || (asked.length === own.length && asked.every((target) => own.includes(target)));
}

/** Why something may not be asked for, and what would help. */
export interface TargetRefusal {
  readonly reason: string;
  readonly remedy: string;
}

/** Why these targets cannot be had; undefined when they can. */
export function targetRefusal(
  networks: Networks,
  { base: name, byNetConf, byContainer }: Asked,
): TargetRefusal | undefined {
  const base = baseOf(networks, name);
  if (!base) return { reason: `network "${name}" is not configured on this node`, remedy: remedyForUnknown(networks) };
  if (!networks.byName.has(name) && !byNetConf.imports && !byNetConf.exports) {
    const remedy = 'name them there (importrt, exportrt), or define the network in the configuration of the node';
    return { reason: `network "${name}" is defined by its CNI configuration alone, which names no targets`, remedy };
  }
  if (!base.allowOverride && (byContainer.imports || byContainer.exports)) {
    const remedy = `leave SLASH32_IMPORT and SLASH32_EXPORT out, or give the network "allowOverride" in the configuration of the node`;
    return { reason: `containers of network "${name}" may not name targets of their own`, remedy };
  }
  return (
    refusalOf(base, byNetConf, base.allowTargets, 'allowTargets') ??
    refusalOf(base, byContainer, base.allowOverride, 'allowOverride')
  );
}

function remedyForUnknown({ byName, netConfNetworks = [] }: Networks): string {
  const known = [...byName.keys(), ...netConfNetworks.map(({ name }) => name)].join(', ') || 'none';
  return `networks of this node: ${known}; name one of them in the CNI configuration, or add it to the node's`;
}

function refusalOf(
  base: Base,
  wish: TargetWish,
  allowance: TargetAllowance | undefined,
  key: string,
): TargetRefusal | undefined {
  const permitted = permittedOf(base, wish, allowance);
  for (const direction of ['imports', 'exports'] as const) {
    const foreign = (wish[direction] ?? []).filter((target) => !permitted[direction]?.includes(target));
    if (foreign.length === 0) continue;
    const patterns = allowance?.[direction].map(({ text }) => text).join(' ') || 'nothing';
    const own = [...base[direction]].join(' ') || 'none';
    const verb = direction.slice(0, -1);
    return {
      reason: `network "${base.name}" may not ${verb} ${foreign.join(', ')}: its own ${verb} targets are ${own}, and "${key}" adds ${patterns}`,
      remedy: `name other targets, or extend "${key}" of "${base.name}" in the configuration of the node`,
    };
  }
  return undefined;
}

/** Of what is asked for, what may be had: the network's own targets, and those of the allowance. */
function permittedOf(base: Base, wish: TargetWish, allowance: TargetAllowance | undefined): TargetWish {
  const own = { imports: [...base.imports], exports: base.exports };
  const among = (direction: keyof TargetWish) =>
    wish[direction]?.filter(
      (target) =>
        own[direction].includes(target) || allowance?.[direction].some((pattern) => matchesTarget(pattern, target)),
    );
  const [imports, exports] = [among('imports'), among('exports')];
  return { ...(imports && { imports }), ...(exports && { exports }) };
}

/**
 * The configured networks and those that endpoints have for themselves. An endpoint whose base is gone has none: it is cut off.
 * A table that the configuration has given to somebody else meanwhile is not fought over: the next free one is taken.
 */
export function withOwnNetworks(
  configured: Networks,
  endpoints: Iterable<Pick<Endpoint, 'network' | 'own'>>,
): Networks {
  const byName = new Map(configured.byName);
  const taken = new Set([...byName.values()].map(({ table }) => table));
  const asking = [...endpoints].sort((a, b) => (a.network < b.network ? -1 : 1));
  for (const { network: name, own } of asking) {
    if (!own || byName.has(name)) continue;
    const made = ownNetwork(configured, name, own);
    if (!made) continue;
    const table = freeTable(own.table, taken);
    taken.add(table);
    byName.set(name, { ...made, table });
  }
  return byName.size === configured.byName.size ? configured : { ...configured, byName };
}

function ownNetwork(
  configured: Networks,
  name: string,
  { base: baseName, byNetConf, byContainer }: OwnTargets,
): Base | undefined {
  const base = baseOf(configured, baseName);
  if (!base) return undefined;
  const wish = {
    ...permittedOf(base, byNetConf, base.allowTargets),
    ...permittedOf(base, byContainer, base.allowOverride),
  };
  // The block carries the targets of its own network, not these: only host routes say them.
  const { announce: _, toOthers: __, ...withHostRoutes } = base;
  return {
    ...withHostRoutes,
    name,
    imports: new Set(wish.imports ?? base.imports),
    exports: wish.exports ?? base.exports,
  };
}

/** The first table from this one on that nobody has. Throws RangeError when there is none. */
export function freeTable(from: number, taken: ReadonlySet<number>): number {
  const count = LAST_TABLE - FIRST_TABLE + 1;
  for (let i = 0; i < count; i++) {
    const table = FIRST_TABLE + ((from - FIRST_TABLE + i) % count);
    if (!taken.has(table)) return table;
  }
  throw new RangeError(`all ${count} tables for networks are in use; attach with fewer different targets`);
}
