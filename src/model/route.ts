import type { Address, Prefix } from './address.js';

/** The kernel's main table (RT_TABLE_MAIN, linux/rtnetlink.h): the host's own network. */
export const MAIN_TABLE = 254;
/** What comes in for these addresses is for the host itself (RT_TABLE_LOCAL). */
export const LOCAL_TABLE = 255;

/** An entry in a kernel table of ours. */
export interface Route {
  readonly table: number;
  readonly prefix: Prefix;
  /** One, or several for ECMP. None is a blackhole: what nothing more specific takes is dropped. */
  readonly nextHops: readonly NextHop[];
}

/** Where a route leads: a neighbour, or straight out of a device to an endpoint of this node. */
export interface NextHop {
  readonly gateway?: Address;
  readonly device?: string;
}

/** A gateway means something on its link only where it is link-local; then both name the hop. */
export function hopKey({ gateway, device }: NextHop): string {
  return `${gateway ?? ''}%${device ?? ''}`;
}

/** Table and prefix name one route: the kernel may hold others beside it, but ours is one. */
export function routeKey(route: Pick<Route, 'table' | 'prefix'>): string {
  return `${route.table} ${route.prefix}`;
}

/** One through a gateway came from a heard path. A route out of a device is to an endpoint of ours, a blackhole is of our block. */
export function isOfThisNode(route: Route): boolean {
  return route.nextHops.every((hop) => hop.gateway === undefined);
}

/** Is the kernel's entry what was asked for? It adds the device of a gateway by itself, so only a named one counts. */
export function satisfies(wanted: Route, found: Route): boolean {
  return (
    wanted.nextHops.length === found.nextHops.length &&
    wanted.nextHops.every((hop) =>
      found.nextHops.some(
        (other) => other.gateway === hop.gateway && (hop.device === undefined || other.device === hop.device),
      ),
    )
  );
}
