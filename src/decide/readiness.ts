/** Can an ADD work now, and if not, are the containers that exist hurt too? Every reason is a sentence with a remedy. */
import type { PeerKey } from '../model/peer.js';

/** How the controller stands with gobgpd and its peers. */
export interface BgpStanding {
  /** Why gobgpd is away; undefined when it is not. */
  readonly away: string | undefined;
  /** gobgpd has been given the peers, which comes after all announcements. */
  readonly admitted: boolean;
  /** Taken out of traffic, or about to be. */
  readonly isDrained: boolean;
  /** The peers of the configuration. */
  readonly peers: readonly {
    readonly name: string;
    /** Absent: it has not been found, or is a range that any may come from. */
    readonly key?: PeerKey;
    readonly established: boolean;
    /** Why it is not, where we know. */
    readonly reason?: string | undefined;
  }[];
}

/** What an ADD hears on such a node. */
export const DRAINED = 'this node is drained and takes no new containers; "slash32 undrain" takes it back';

export interface Readiness {
  /** Why no ADD can work. */
  readonly noAdd: readonly string[];
  /** Why containers that exist reach nobody, or are reached by nobody, outside this node. */
  readonly cutOff: readonly string[];
}

/** @param noAddress why an ADD would get no address */
export function readiness(bgp: BgpStanding, noAddress: readonly string[]): Readiness {
  return { noAdd: [...whyNoAnnouncement(bgp), ...noAddress], cutOff: whyCutOff(bgp) };
}

function whyNoAnnouncement({ away, admitted, isDrained, peers }: BgpStanding): string[] {
  if (isDrained) return [DRAINED];
  if (away !== undefined) return [`gobgpd is away (${away}); is the sidecar running?`];
  if (!admitted && peers.length > 0) return ['gobgpd has just come and does not have all announcements yet'];
  return [];
}

/** While gobgpd is away nobody knows: peers keep our routes for the restart time (RFC 4724). A node may have no peers. */
function whyCutOff({ away, admitted, peers }: BgpStanding): string[] {
  if (away !== undefined || !admitted || peers.length === 0 || peers.some(({ established }) => established)) return [];
  const names = peers.map(({ name, reason }) => (reason === undefined ? name : `${name}: ${reason}`));
  return [`no BGP session is established (${names.join('; ')}); see "slash32 status"`];
}
