/** The links that lead out of this node, found as the kernel finds its way to an address that is nobody's. */
import { address, bytesOf } from '../model/address.js';
import {
  decodeLink,
  decodeRoute,
  dumpLinks,
  findRoute,
  getLink,
  IFF_LOOPBACK,
  IFF_UP,
  type Link,
  NetlinkError,
  type NetlinkSocket,
} from '../netlink/index.js';
import { LINK_PREFIX } from './ours.js';

/** Documentation addresses (RFC 5737, RFC 3849): far away wherever we are. */
const FAR_AWAY = ['203.0.113.1', '2001:db8:ffff:ffff::1'].map((text) => bytesOf(address(text)));
const ETHERNET_MTU = 1500;

/** Where the ways out are remembered between two looks: a node has as many links as endpoints, and all would be listed. */
export interface KnownUplinks {
  /** Indexes of the links that are not ours. Undefined: look again. */
  uplinks: readonly number[] | undefined;
  /** Does somebody forget them when links change? Otherwise they are looked for each time. */
  readonly isWatched: boolean;
}

/** The smallest MTU on the ways out. Without a default route: the smallest of the links that are up and not ours. */
export function smallestUplinkMtu(socket: NetlinkSocket, known: KnownUplinks): number {
  const ways = FAR_AWAY.flatMap((destination) => wayOut(socket, destination));
  const uplinks = ways.length > 0 ? ways : foreignLinks(socket, known);
  const mtus = uplinks.filter(mayBeUplink).map(({ mtu }) => mtu);
  return mtus.length > 0 ? Math.min(...mtus) : ETHERNET_MTU;
}

/** Every link that is not ours, as it is now. */
function foreignLinks(socket: NetlinkSocket, known: KnownUplinks): Link[] {
  try {
    if (known.isWatched && known.uplinks)
      return known.uplinks.flatMap((index) => socket.request(getLink(index)).map(decodeLink));
  } catch (error) {
    if (!(error instanceof NetlinkError)) throw error; // one is gone, and the event that says so is under way
  }
  const links = socket.dump(dumpLinks(), decodeLink).filter(({ name }) => !name.startsWith(LINK_PREFIX));
  known.uplinks = links.map(({ index }) => index);
  return links;
}

function wayOut(socket: NetlinkSocket, destination: Uint8Array): Link[] {
  try {
    const routes = socket.request(findRoute(destination)).map(decodeRoute);
    const indexes = routes.flatMap(({ hops }) => hops.flatMap(({ oif }) => oif ?? []));
    return indexes.flatMap((index) => socket.request(getLink(index)).map(decodeLink));
  } catch (error) {
    if (error instanceof NetlinkError) return []; // unreachable: no way out in this IP version
    throw error;
  }
}

function mayBeUplink({ flags, name }: Link): boolean {
  return (flags & IFF_UP) !== 0 && (flags & IFF_LOOPBACK) === 0 && !name.startsWith(LINK_PREFIX);
}
