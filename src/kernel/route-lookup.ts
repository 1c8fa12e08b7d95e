/** Which way a packet of this host would go: the kernel's own answer, as `ip route get` has it. */
import { type Address, bytesOf } from '../model/address.js';
import {
  findRoute,
  type Message,
  matchRoute,
  NetlinkError,
  type NetlinkSocket,
  type Request,
} from '../netlink/index.js';

/** The route that leads to an address, as it is written; none when there is no way. */
export function routeBy(socket: NetlinkSocket, to: Address): readonly Message[] {
  return answered(socket, matchRoute(bytesOf(to)));
}

/**
 * The route to an address, as a message to decode; none when there is no way.
 * @param mark of the packet, 0 for none
 * @param link that it has to leave by, 0 for any
 */
export function routeTo(socket: NetlinkSocket, to: Address, mark = 0, link = 0): readonly Message[] {
  return answered(socket, findRoute(bytesOf(to), mark, link));
}

function answered(socket: NetlinkSocket, request: Request): readonly Message[] {
  try {
    return socket.request(request);
  } catch (error) {
    if (error instanceof NetlinkError) return []; // unreachable, prohibited, or a blackhole: each has an error of its own
    throw error;
  }
}
