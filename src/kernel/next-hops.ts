/**
 * Which next hops lead somewhere now. Linux itself goes on sending to a link without a carrier, and refuses a whole route
 * for the sake of one next hop that is on no link.
 */
import { bytesOf } from '../model/address.js';
import type { NextHop } from '../model/route.js';
import {
  decodeLink,
  decodeRoute,
  findRoute,
  getLink,
  IFF_LOWER_UP,
  IFF_UP,
  NetlinkError,
  type NetlinkSocket,
} from '../netlink/index.js';

const USABLE = IFF_UP | IFF_LOWER_UP;

/** Those of the next hops that lead nowhere. */
export function downHops(socket: NetlinkSocket, hops: readonly NextHop[]): NextHop[] {
  const usable = new Map<number | string, boolean>();
  const isUsable = (link: number | string) => {
    if (!usable.has(link)) usable.set(link, isLinkUsable(socket, link));
    return usable.get(link);
  };
  return hops.filter((hop) => {
    const link = hop.device ?? linkTo(socket, hop);
    return link === undefined || !isUsable(link);
  });
}

/** Index of the link that a gateway is on; undefined when it is on none, or behind another gateway. */
function linkTo(socket: NetlinkSocket, { gateway }: NextHop): number | undefined {
  if (gateway === undefined) return undefined;
  try {
    const [found] = socket.request(findRoute(bytesOf(gateway))).map(decodeRoute);
    const [way] = found?.hops ?? [];
    return way?.gateway === undefined ? way?.oif : undefined;
  } catch (error) {
    if (error instanceof NetlinkError) return undefined; // unreachable, as the kernel says it in several ways
    throw error;
  }
}

function isLinkUsable(socket: NetlinkSocket, which: number | string): boolean {
  try {
    const [link] = socket.request(getLink(which)).map(decodeLink);
    return link !== undefined && (link.flags & USABLE) === USABLE;
  } catch (error) {
    if (error instanceof NetlinkError) return false; // it is gone
    throw error;
  }
}
