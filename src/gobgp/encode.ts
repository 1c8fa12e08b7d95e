/** Announcements on their way to gobgpd. */
import { baseOf, familyOf, lengthOf } from '../model/address.js';
import type { Announcement } from '../model/announcement.js';
import { communityValue, GRACEFUL_SHUTDOWN } from '../model/community.js';
import { targetParts } from '../model/route-target.js';
import type { AudienceMarks } from './audience-marks.js';
import type { WirePath, WireRank } from './codec.js';
import type { NextHops } from './next-hop.js';
import { checkAnnouncement } from './validate.js';

/** RFC 8326 section 4: the community for other ASes, the lowest preference for our own. */
const LEAVING: WireRank = { localPref: 0, communities: [communityValue(GRACEFUL_SHUTDOWN)] };

/** One announcement, or its withdrawal, as a path. Throws when a value is not fit for gobgpd. */
export function wirePath(
  announcement: Announcement,
  nextHops: NextHops,
  marks: AudienceMarks,
  withdrawn: boolean,
): WirePath {
  checkAnnouncement(announcement);
  const family = familyOf(announcement.prefix);
  return {
    family,
    base: baseOf(announcement.prefix),
    length: lengthOf(announcement.prefix),
    nextHops: [nextHops[family]],
    targets: [...new Set(announcement.targets)].map(targetParts),
    asPath: [],
    rank: rankOf(announcement, marks),
    neighbour: '',
    withdrawn,
  };
}

function rankOf({ leaving, audience }: Announcement, marks: AudienceMarks): WireRank {
  const rank = leaving ? LEAVING : {};
  return audience === undefined ? rank : { ...rank, communities: [...(rank.communities ?? []), marks[audience]] };
}
