/** The links that lead out of this node, found as the kernel finds its way to an address that is nobody's. */
import { bytesOf } from '../model/address.js';
import {
  decodeLink,
  decodeRoute,
  dumpLinks,
  findRoute,
  getLink,
  IFF_LOOPBACK,
  IFF_UP,
  type Link,
  type NetlinkSocket,
  RTM_NEWROUTE,
} from '../netlink/index.js';
import { FAR_AWAY } from './far-away.js';
import { LINK_PREFIX } from './ours.js';

const WAYS_OUT = [FAR_AWAY[4], FAR_AWAY[6]].map(bytesOf);

const ETHERNET_MTU = 1500;

/** What is remembered between two looks: a node has as many links as endpoints, and all would be listed. */
export interface KnownUplinks {
  /** Indexes of the links that are not ours. Undefined: look at all. */
  uplinks: readonly number[] | undefined;
  /** Does somebody forget them when links change? Otherwise they are looked for each time. */
  readonly isWatched: boolean;
  /** Where the ways out led last time: only a guess. */
  ways: readonly number[];
  /** What came out last, and when; forgotten as well when links change. */
  lastMtu: { readonly mtu: number; readonly at: number } | undefined;
}

/** A default route that moves to another link makes no event that we hear: so long its old link may still count, in ms. */
const MTU_HOLDS_MS = 1000;

/** The smallest MTU on the ways out, at most a second old. */
export function uplinkMtu(socket: NetlinkSocket, known: KnownUplinks): number {
  const { lastMtu, isWatched } = known;
  const now = performance.now();
  if (isWatched && lastMtu && now - lastMtu.at < MTU_HOLDS_MS) return lastMtu.mtu;
  const mtu = smallestUplinkMtu(socket, known);
  known.lastMtu = { mtu, at: now };
  return mtu;
}

/**
 * The smallest MTU on the ways out. Without a default route: the smallest of the links that are up and not ours.
 * One system call when nothing has changed: the ways are asked for together with the links that they led to last time.
 */
function smallestUplinkMtu(socket: NetlinkSocket, known: KnownUplinks): number {
  const uplinks = known.isWatched ? known.uplinks : undefined;
  const guess = known.ways.length > 0 ? known.ways : (uplinks ?? []);
  const seen = look(socket, guess);
  known.ways = seen.ways;
  if (seen.ways.length > 0) return smallest(linksOf(socket, seen.ways, seen.links));
  const areSame = guess === uplinks && uplinks.every((index) => seen.links.has(index));
  return smallest(areSame ? [...seen.links.values()] : foreignLinks(socket, known));
}

function smallest(links: readonly Link[]): number {
  const mtus = links.filter(mayBeUplink).map(({ mtu }) => mtu);
  return mtus.length > 0 ? Math.min(...mtus) : ETHERNET_MTU;
}

function linksOf(socket: NetlinkSocket, indexes: readonly number[], seen: ReadonlyMap<number, Link>): Link[] {
  const links = indexes.every((index) => seen.has(index)) ? seen : look(socket, indexes).links;
  return indexes.flatMap((index) => links.get(index) ?? []);
}

/** Where the ways out lead, and what these links are now; of what is unreachable or gone, nothing. */
function look(
  socket: NetlinkSocket,
  indexes: readonly number[],
): { readonly ways: readonly number[]; readonly links: ReadonlyMap<number, Link> } {
  const ways: number[] = [];
  const links = new Map<number, Link>();
  const remember = (link: Link) => links.set(link.index, link);
  socket.together([...WAYS_OUT.map((to) => findRoute(to)), ...indexes.map(getLink)], (message) => {
    if (message.type === RTM_NEWROUTE) ways.push(...decodeRoute(message).hops.flatMap(({ oif }) => oif ?? []));
    else remember(decodeLink(message));
  });
  return { ways, links };
}

/** Every link that is not ours, as it is now. */
function foreignLinks(socket: NetlinkSocket, known: KnownUplinks): Link[] {
  const links = socket.dump(dumpLinks(), decodeLink).filter(({ name }) => !name.startsWith(LINK_PREFIX));
  known.uplinks = links.map(({ index }) => index);
  return links;
}

function mayBeUplink({ flags, name }: Link): boolean {
  return (flags & IFF_UP) !== 0 && (flags & IFF_LOOPBACK) === 0 && !name.startsWith(LINK_PREFIX);
}
