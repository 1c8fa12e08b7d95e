/**
 * Peers that are told different things: one the host routes, another the blocks around them. What any of them is to hear is
 * announced, and each announcement says who hears it. A host route that no block of its network is around, as of an endpoint
 * with targets of its own, everybody hears: nothing else leads there.
 */
import type { Audience } from '../model/announcement.js';
import type { Announce, Network, Networks } from '../model/network.js';
import { type ListenRange, type Peer, peerKey, type Speaker } from '../model/peer.js';
import type { Known } from './routes.js';

/** Whom we tell, as far as it matters here. */
type Told = Pick<Speaker, 'peers' | 'ranges' | 'sought'>;

/** Peers and ranges alike. */
function hearers({ peers, ranges = [], sought = [] }: Told): readonly Pick<Peer, 'announce'>[] {
  return [...peers, ...sought, ...ranges];
}

/** The networks as they have to be announced so that every peer can hear what it is to. */
export function forAllPeers(networks: Networks, speaker: Told): Networks {
  const asked = hearers(speaker).flatMap(({ announce }) => announce ?? []);
  if (asked.length === 0) return networks;
  return withEach(networks, (network) => {
    const toOthers: Announce = network.announce ?? 'host';
    const announce = asked.reduce(both, toOthers);
    return announce === 'host' ? { ...network, toOthers } : { ...network, toOthers, announce };
  });
}

/** Who hears of this prefix; undefined: everybody. */
export function audienceOf({ endpoint, aggregate, within }: Known, { byName }: Networks): Audience | undefined {
  const network = byName.get(endpoint?.network ?? aggregate?.networks[0] ?? '');
  if (network?.toOthers === undefined) return undefined;
  if (!endpoint) return network.toOthers === 'host' ? 'blocks-asked' : 'blocks';
  if (!within?.networks.includes(network.name)) return undefined;
  return network.toOthers === 'aggregate' ? 'hosts-asked' : 'hosts';
}

/** What is announced, and to whom. */
export interface Said {
  readonly networks: Networks;
  readonly speaker: Speaker;
}

/**
 * What to say while one configuration replaces another: host routes and blocks both, to those for whom they change places. A
 * switch may pass on that one is gone before it has passed the other on.
 */
export function meanwhile(before: Said, after: Said): Said {
  return { networks: networksMeanwhile(before.networks, after.networks), speaker: speakerMeanwhile(before, after) };
}

function networksMeanwhile(before: Networks, after: Networks): Networks {
  return withEach(after, (network) => alsoAs(before.byName.get(network.name), network));
}

function speakerMeanwhile({ speaker: before }: Said, { speaker: after }: Said): Speaker {
  const turning = <T extends Peer | ListenRange>(now: readonly T[], then: readonly T[]): readonly T[] =>
    each(now, (one) =>
      alsoAs(
        then.find((other) => placeOf(other) === placeOf(one)),
        one,
      ),
    );
  const peers = turning(after.peers, before.peers);
  const ranges = after.ranges && turning(after.ranges, before.ranges ?? []);
  if (peers === after.peers && ranges === after.ranges) return after;
  return { ...after, peers, ...(ranges && { ranges }) };
}

/** As it is announced now, and as it was before. */
function alsoAs<T extends { readonly announce?: Announce }>(before: T | undefined, now: T): T {
  const announce = before ? both(before.announce, now.announce) : now.announce;
  return announce === now.announce ? now : { ...now, announce };
}

function both<T>(one: T, other: T): T | 'both' {
  return one === other ? one : 'both';
}

function withEach(networks: Networks, change: (network: Network) => Network): Networks {
  const all = [...networks.byName.values()];
  const changed = each(all, change);
  return changed === all ? networks : { ...networks, byName: new Map(changed.map((one) => [one.name, one])) };
}

/** The same list where nothing changes. */
function each<T>(all: readonly T[], change: (one: T) => T): readonly T[] {
  const changed = all.map(change);
  return changed.some((one, i) => one !== all[i]) ? changed : all;
}

function placeOf(peer: Peer | ListenRange): string {
  return 'prefix' in peer ? peer.prefix : peerKey(peer);
}
