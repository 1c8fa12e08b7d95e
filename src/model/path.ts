import type { Address, Prefix } from './address.js';
import type { Community } from './community.js';
import type { PeerKey } from './peer.js';
import type { RouteTarget } from './route-target.js';

/** What gobgpd has heard from one peer for one prefix. */
export interface Path extends Rank {
  readonly prefix: Prefix;
  readonly nextHop: Address;
  /** A link-local next hop means something on one link only. */
  readonly device?: string;
  readonly targets: readonly RouteTarget[];
  /** The peer it came from. */
  readonly peer: PeerKey;
  readonly asPath: readonly number[];
}

/** What else its senders say that ranks it among others (`decide/best-paths.ts`). Absent: nothing was said. */
export interface Rank {
  /** LOCAL_PREF (RFC 4271 section 5.1.5). */
  readonly localPref?: number;
  /** MULTI_EXIT_DISC (section 5.1.4). */
  readonly med?: number;
  /** ORIGIN (section 5.1.1): 0 IGP, 1 EGP, 2 incomplete. */
  readonly origin?: number;
  /** From a peer of our own AS. */
  readonly internal?: true;
  readonly communities?: readonly Community[];
}

/** Prefix and peer name one path. A VPN family adds its RD here. */
export type PathName = Pick<Path, 'prefix' | 'peer'>;

/** The key of a path. */
export function pathKey({ prefix, peer }: PathName): string {
  return `${prefix} ${peer}`;
}

/** Would both lead to the same routes? */
export function samePath(a: Path, b: Path): boolean {
  return (
    a.nextHop === b.nextHop &&
    a.device === b.device &&
    a.peer === b.peer &&
    a.localPref === b.localPref &&
    a.med === b.med &&
    a.origin === b.origin &&
    a.internal === b.internal &&
    sameList(a.asPath, b.asPath) &&
    sameList(a.targets, b.targets) &&
    sameList(a.communities, b.communities)
  );
}

/** Paths with the same attributes mostly share them. */
function sameList(a: readonly unknown[] | undefined, b: readonly unknown[] | undefined): boolean {
  return a === b || a?.join() === b?.join();
}
