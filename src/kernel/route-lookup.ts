/** Which way a packet of this host would go: the kernel's own answer, as `ip route get` has it. */
import { type Address, bytesOf } from '../model/address.js';
import { findRoute, type Message, NetlinkError, type NetlinkSocket } from '../netlink/index.js';

/** The route to an address, as a message to decode; none when there is no way. @param mark of the packet, 0 for none */
export function routeTo(socket: NetlinkSocket, to: Address, mark = 0): readonly Message[] {
  try {
    return socket.request(findRoute(bytesOf(to), mark));
  } catch (error) {
    if (error instanceof NetlinkError) return []; // unreachable, prohibited, or a blackhole: each has an error of its own
    throw error;
  }
}
