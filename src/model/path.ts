import type { Address, Prefix } from './address.js';
import type { RouteTarget } from './route-target.js';

/** What gobgpd has heard from a peer: its best path for one prefix. */
export interface Path {
  readonly prefix: Prefix;
  readonly nextHop: Address;
  /** A link-local next hop means something on one link only. */
  readonly device?: string;
  readonly targets: readonly RouteTarget[];
  /** Address of the peer it came from. */
  readonly peer: Address;
  readonly asPath: readonly number[];
}

/** The key of a path. One best path a prefix, so far; a VPN family adds its RD here. */
export function pathKey(path: Pick<Path, 'prefix'>): Prefix {
  return path.prefix;
}

/** Would both lead to the same routes? The AS path does not count: it is for people. */
export function samePath(a: Path, b: Path): boolean {
  return a.nextHop === b.nextHop && a.device === b.device && a.peer === b.peer && a.targets.join() === b.targets.join();
}
