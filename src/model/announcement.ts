import type { Prefix } from './address.js';
import type { RouteTarget } from './route-target.js';

/**
 * Which peers hear it, where peers are told different things: those that are told host routes, or blocks. `asked`: of them
 * only those whose own `announce` says so, since that of the network does not.
 */
export type Audience = 'hosts' | 'blocks' | 'hosts-asked' | 'blocks-asked';

/** What we ask gobgpd to say: one for each prefix. The next hop is always this node: gobgpd writes the session's own address. */
export interface Announcement {
  readonly prefix: Prefix;
  readonly targets: readonly RouteTarget[];
  /** This node is about to leave: receivers shall use another path if there is one (RFC 8326). */
  readonly leaving?: true;
  /** Absent: every peer hears it. */
  readonly audience?: Audience;
}

/** Would gobgpd say the same? Targets are a set. */
export function sameAnnouncement(a: Announcement, b: Announcement): boolean {
  return (
    a.leaving === b.leaving &&
    a.audience === b.audience &&
    a.targets.length === b.targets.length &&
    a.targets.every((target) => b.targets.includes(target))
  );
}
