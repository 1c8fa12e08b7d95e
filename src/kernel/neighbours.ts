/**
 * Who is beside this node, as the kernel knows it. A link has no list of who is on it: a neighbour is known once there was
 * traffic. So each look also calls out, and the next one may find somebody; and a switch that looks for us finds us.
 */
import { type Address, addressFrom, type Family, isLinkLocal } from '../model/address.js';
import {
  callOut,
  decodeNeighbour,
  decodeRoute,
  dumpNeighbours,
  indexOfName,
  type Neighbour,
  type NetlinkSocket,
  NTF_ROUTER,
  NUD_FAILED,
  NUD_INCOMPLETE,
  nameOfIndex,
  SystemError,
} from '../netlink/index.js';
import type { Beside, Neighbours } from '../ports.js';
import { FAR_AWAY } from './far-away.js';
import { routeTo } from './route-lookup.js';

/** The port on this socket's network namespace. */
export function kernelNeighbours(socket: NetlinkSocket): Neighbours {
  return {
    onLink: (device) => ({ address: neighbourOn(device, socket), device }),
    gateway: (family) => gateway(family, socket),
  };
}

function neighbourOn(device: string, socket: NetlinkSocket): Address {
  const index = indexOfName(device);
  if (index === undefined) throw new Error(`this node has no link "${device}"`);
  const trouble = called(device);
  const there = socket.dump(dumpNeighbours(), decodeNeighbour).filter((one) => one.index === index && isThere(one));
  const routers = there.filter(({ flags }) => (flags & NTF_ROUTER) !== 0);
  const [one, other] = routers.length > 0 ? routers : there;
  if (!one) throw new Error(`nobody on ${device} has been heard by IPv6 yet${trouble}`);
  if (other) {
    const texts = [one, other].map(({ ip }) => addressFrom(ip));
    throw new Error(
      `there is more than one neighbour on ${device} (${texts.join(', ')}): name the address of the peer`,
    );
  }
  return addressFrom(one.ip);
}

function isThere({ ip, mac, state }: Neighbour): boolean {
  return ip.length === 16 && isLinkLocal(addressFrom(ip)) && mac !== '' && !(state & (NUD_FAILED | NUD_INCOMPLETE));
}

/** Calls, and says what is in the way of that. */
function called(device: string): string {
  try {
    callOut(device);
    return '';
  } catch (error) {
    if (error instanceof SystemError) return ` (the link is down, or has no IPv6: ${error.code})`;
    throw error;
  }
}

function gateway(family: Family, socket: NetlinkSocket): Beside {
  const [hop] = routeTo(socket, FAR_AWAY[family]).flatMap((message) => decodeRoute(message).hops);
  if (!hop?.gateway) throw new Error(`this node has no default gateway for IPv${family}`);
  const found = addressFrom(hop.gateway);
  const device = hop.oif === undefined ? undefined : nameOfIndex(hop.oif);
  return isLinkLocal(found) && device !== undefined ? { address: found, device } : { address: found };
}
