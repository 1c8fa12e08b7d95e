import { type Address, type Family, familyOf, type Prefix } from './address.js';
import type { RouteTarget } from './route-target.js';
import type { TargetPattern } from './target-pattern.js';

/** What leads to endpoints: a route each, the pools as blocks, or both. */
export type Announce = 'host' | 'aggregate' | 'both';

/** A named routing domain: who it hears (imports), what its endpoints say (exports), where its addresses come from. */
export interface Network {
  readonly name: string;
  /** Its kernel table, and the mark that chooses the table: 1 to 8191. */
  readonly table: number;
  /** A path with one of these targets enters the network. */
  readonly imports: ReadonlySet<RouteTarget>;
  /** Every announcement of its endpoints carries these. Empty: nothing is announced. */
  readonly exports: readonly RouteTarget[];
  /** Its pools are announced as blocks, instead of the host routes in them or besides. Absent: host routes alone. */
  readonly announce?: Exclude<Announce, 'host'>;
  /** What of it those peers hear that do not say it themselves. Absent: all, as no peer says it. */
  readonly toOthers?: Announce;
  /** Where its own addresses come from when no IPAM plugin is named. */
  readonly pools: readonly Prefix[];
  /** MTU of its endpoints, in bytes, unless their CNI configuration names another. Absent: as the uplink. */
  readonly mtu?: number;
  /** Nothing outside is announced, and heard prefixes outside need `allow`. Empty: anywhere. */
  readonly prefixes: readonly Prefix[];
  /** Exactly these prefixes may be heard besides what lies in `prefixes`. */
  readonly allow: readonly Prefix[];
  /** Heard prefixes that its table has room for. Absent: no limit. */
  readonly maxRoutes?: number;
  /** What a lookup miss in its table does: refuse, or go on to the host's main table. */
  readonly egress: 'isolated' | 'host';
  /** What its endpoints send to where no containers live bears the node's address. Absent: no. */
  readonly masquerade?: boolean;
  /** Targets that a CNI configuration may name for this network besides the network's own. Absent: none. */
  readonly allowTargets?: TargetAllowance;
  /** The same for one container by its arguments. Absent: containers may not name any, not even the network's own. */
  readonly allowOverride?: TargetAllowance;
}

/** Does what the one exports enter the other? */
export function isHeardBy({ exports }: Pick<Network, 'exports'>, { imports }: Pick<Network, 'imports'>): boolean {
  return exports.some((target) => imports.has(target));
}

/** Between the name of a network and a hash, in the name of one that is made from it: no configured name has this character. */
export const MADE_FROM = '~';

/** The network that was asked for by name: the network itself, or the one that it was made from. */
export function nameAskedFor(network: string): string {
  return network.split(MADE_FROM, 1)[0]!;
}

/** Which targets may be chosen from. */
export interface TargetAllowance {
  readonly imports: readonly TargetPattern[];
  readonly exports: readonly TargetPattern[];
}

/** Networks that a CNI configuration may define by itself, within `allowTargets`. They all share what else is here. */
export interface NetConfNetworks extends Omit<Network, 'table' | 'imports' | 'exports'> {
  /** A network's name, or its beginning and `*`. */
  readonly name: string;
  readonly allowTargets: TargetAllowance;
}

/** The host's own network is the kernel's main table: its own import list, nothing exported. */
export interface HostNetwork {
  readonly imports: ReadonlySet<RouteTarget>;
  readonly maxRoutes?: number;
}

/** Every network of this node. */
export interface Networks {
  readonly byName: ReadonlyMap<string, Network>;
  readonly host: HostNetwork;
  /** What CNI configurations may define beside these; the first whose name fits is asked. */
  readonly netConfNetworks?: readonly NetConfNetworks[];
}

/** The link-local gateways that containers send to. The same two everywhere, so they are never announced. */
export interface Gateways {
  readonly v4: Address;
  readonly v6: Address;
}

/** The gateway of this family. */
export function gatewayOf({ v4, v6 }: Gateways, family: Family): Address {
  return family === 4 ? v4 : v6;
}

/** The gateways that somebody with these addresses needs: one for each family. */
export function gatewaysFor(addresses: readonly Address[], gateways: Gateways): Address[] {
  return [...new Set(addresses.map(familyOf))].map((family) => gatewayOf(gateways, family));
}
