/**
 * What gobgpd tells, in our words. Nothing from outside is trusted: gobgpd passes on what peers send, so anything odd is
 * refused with a reason, and never thrown, because one odd path must not silence the others.
 */
import { type Address, address, familyOf, isLinkLocal, type Prefix, prefix } from '../model/address.js';
import type { Announcement } from '../model/announcement.js';
import { communityFrom, GRACEFUL_SHUTDOWN } from '../model/community.js';
import type { Path, PathName, Rank } from '../model/path.js';
import { peerKey } from '../model/peer.js';
import { type RouteTarget, routeTarget, type TargetParts } from '../model/route-target.js';
import { audienceIn } from './audience-marks.js';
import type { Received, WirePath, WireRank } from './codec.js';
import { rememberObject, rememberText } from './remember.js';

/** What one received path means. */
export type Told =
  /** Something that we announced ourselves. */
  | { readonly kind: 'ours'; readonly announcement: Announcement }
  | { readonly kind: 'heard'; readonly path: Path }
  | { readonly kind: 'gone'; readonly path: PathName }
  /** Unusable. With a name: what was heard under it before no longer stands. */
  | { readonly kind: 'refused'; readonly path?: PathName; readonly reason: string };

/** The link of each link-local peer, by its address without zone; SEVERAL when there is one on each of several links. */
export type PeerLinks = Map<string, string>;
export const SEVERAL = '';
const NO_LINKS: PeerLinks = new Map();

/** Gives a received path its meaning. Never throws. */
export function told(received: Received, links: PeerLinks = NO_LINKS): Told {
  if ('unreadable' in received) return { kind: 'refused', reason: received.unreadable };
  const of = attempt(() => prefix(`${received.base}/${received.length}`));
  if (of instanceof Error) return { kind: 'refused', reason: of.message };
  if (received.neighbour === '') return ours(of, received);
  const [peerText = '', zone] = received.neighbour.split('%', 2);
  const peer = attempt(() => addressOf(peerText));
  if (peer instanceof Error) return { kind: 'refused', reason: `${of}: ${peer.message}` };
  const link = zone ?? links.get(peerText);
  const path = { prefix: of, peer: isLinkLocal(peer) && link ? peerKey({ address: peer, device: link }) : peer };
  if (received.withdrawn) return { kind: 'gone', path };
  const meaning = attempt(() => heard(path, received, link));
  return meaning instanceof Error ? { kind: 'refused', path, reason: `${of}: ${meaning.message}` } : meaning;
}

function ours(of: Prefix, received: WirePath): Told {
  const targets = attempt(() => received.targets.map(targetOf));
  if (targets instanceof Error) return { kind: 'refused', reason: `${of}: ${targets.message}` };
  const leaving = received.rank.communities?.map(communityFrom).includes(GRACEFUL_SHUTDOWN);
  const audience = audienceIn(received.rank.communities);
  const more = { ...(leaving && { leaving }), ...(audience && { audience }) };
  return { kind: 'ours', announcement: { prefix: of, targets, ...more } };
}

function heard(name: PathName, received: WirePath, zone: string | undefined): Told {
  const { prefix, peer } = name;
  const { nextHop, device } = nextHopOf(prefix, received.nextHops, zone);
  // Assigned, and not spread: of a literal with several spreads V8 makes a hidden class for each object, 240 bytes.
  const path: Path = { prefix, nextHop, targets: targetsOf(received.targets), peer, asPath: received.asPath };
  if (device !== undefined) Object.assign(path, { device });
  return { kind: 'heard', path: Object.assign(path, rankOf(received.rank)) };
}

const addressOf = rememberText((text: string) => text, address);

const targetsOf = rememberObject((targets: readonly TargetParts[]) => [...new Set(targets.map(targetOf))]);

const rankOf = rememberObject(
  ({ localPref, med, origin, external, communities }: WireRank): Rank => ({
    // Nothing for another AS to say (RFC 4271 section 5.1.5). Of gobgpd, 4.8 drops it, but tells an UPDATE as it came.
    ...(localPref !== undefined && external !== true && { localPref }),
    ...(med !== undefined && { med }),
    ...(origin !== undefined && origin > 0 && { origin }),
    ...(external === false && { internal: true }),
    ...(communities !== undefined && { communities: communities.map(communityFrom) }),
  }),
);

/**
 * The global next hop when there is one: a link-local address beside it says that the peer is on our link, and then the
 * global one is on-link too (RFC 2545 section 3). A link-local address alone needs the link, which only the peer's zone names.
 */
function nextHopOf(of: Prefix, texts: readonly string[], zone?: string): Pick<Path, 'nextHop' | 'device'> {
  const nextHop = chooseNextHop(texts);
  if (nextHop === undefined) throw new Error('no next hop');
  if (familyOf(of) === 6 && nextHop.startsWith('::ffff:')) {
    throw new Error(`its next hop ${nextHop} is an IPv4 address: the peer has no IPv6 address on this session`);
  }
  if (!isLinkLocal(nextHop)) return { nextHop };
  if (zone === SEVERAL)
    throw new Error(
      `its next hop ${nextHop} is on several links, and gobgpd does not say on which: run 3.36 or later, or number the links`,
    );
  if (zone === undefined) throw new Error(`its next hop ${nextHop} is link-local, and the link is not known`);
  return { nextHop, device: zone };
}

const chooseNextHop = rememberObject((texts: readonly string[]): Address | undefined => {
  // BIRD, and gobgpd 3.36, have "::" where the global one would be, if they have none.
  const candidates = texts.map(addressOf).filter((one) => one !== '::');
  return candidates.find((one) => !isLinkLocal(one)) ?? candidates[0];
});

/** A target's canonical text. A small AS in the 4-octet form is another target than the same AS in two: `65000L:1`. */
function targetOf({ form, administrator, number }: TargetParts): RouteTarget {
  return routeTarget(`${administrator}${form === 'as4' && Number(administrator) <= 0xffff ? 'L' : ''}:${number}`);
}

function attempt<T>(work: () => T): T | Error {
  try {
    return work();
  } catch (error) {
    return error instanceof Error ? error : new Error(String(error));
  }
}
