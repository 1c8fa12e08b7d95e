/**
 * How a path says which peers hear it: by a community that the export policy looks at, and takes off before anybody hears it.
 *
 * Not by prefix lists in the policy: gobgpd 3.x withdraws nothing from a peer when its policy changes (measured), only when a
 * path itself changes from what the policy lets out to what it does not. So the communities are others for other settings of
 * peers: under the new policy, a path as it was said before counts as let out, and saying it again withdraws it where it
 * should not be.
 */
import { hash } from 'node:crypto';
import type { Audience } from '../model/announcement.js';
import type { Speaker } from '../model/peer.js';

/** The community of each audience, as a number. */
export type AudienceMarks = Readonly<Record<Audience, number>>;

const AUDIENCES = ['hosts', 'blocks', 'hosts-asked', 'blocks-asked'] as const satisfies readonly Audience[];
/** Communities 0:32768 to 0:65535: nobody else's, because RFC 1997 reserves all that begin with 0. */
const FIRST = 0x8000;

/** The communities for these settings of peers. */
export function audienceMarks({ peers, ranges = [] }: Pick<Speaker, 'peers' | 'ranges'>): AudienceMarks {
  const told = [
    ...peers.map(({ address, announce }) => [address, announce]),
    ...ranges.map(({ prefix, announce }) => [prefix, announce]),
  ].filter(([, announce]) => announce !== undefined);
  const digest = hash('sha256', JSON.stringify(told), 'buffer').readUInt16BE();
  const base = FIRST | ((digest * AUDIENCES.length) & (FIRST - 1));
  return Object.fromEntries(AUDIENCES.map((audience, i) => [audience, base + i])) as unknown as AudienceMarks;
}

/** The audience that one of these communities names, whatever the settings were. */
export function audienceIn(communities: readonly number[] = []): Audience | undefined {
  const mark = communities.find(isMark);
  return mark === undefined ? undefined : AUDIENCES[mark % AUDIENCES.length];
}

/** Does the path bear the mark of other settings than these? */
export function isMarkedOtherwise(communities: readonly number[] = [], marks: AudienceMarks): boolean {
  return communities.some((one) => isMark(one) && !Object.values(marks).includes(one));
}

/** For a policy: any of them. */
export const ANY_MARK = '^0:[3-6][0-9]{4}$';

function isMark(community: number): boolean {
  return community >= FIRST && community <= 0xffff;
}
