/** What this host has itself, and how it reaches others: the kernel's own answers, for those who judge next hops. */
import { type Address, addressFrom, contains, isLinkLocal, type Prefix, prefixAround } from '../model/address.js';
import type { HostAddress, Way } from '../model/host.js';
import type { Gateways } from '../model/network.js';
import type { NextHop } from '../model/route.js';
import {
  decodeAddress,
  decodeLink,
  decodeRoute,
  dumpAddresses,
  getLink,
  type Hop,
  IFF_LOWER_UP,
  IFF_UP,
  leadsHere,
  NetlinkError,
  type NetlinkSocket,
} from '../netlink/index.js';
import { LINK_PREFIX, PROTOCOL } from './ours.js';
import { Devices, routeOf } from './route-entry.js';
import { routeBy, routeTo } from './route-lookup.js';

const LOOPBACK = ['127.0.0.0/8', '::1/128'] as Prefix[];

/** Of all links but host ends of ours, whether they are up or not. */
export function hostAddresses(socket: NetlinkSocket, gateways: Gateways): HostAddress[] {
  const devices = new Devices();
  const hasCarrier = carriersOf(socket);
  return socket.dump(dumpAddresses(), decodeAddress).flatMap(({ index, ip, length }): HostAddress[] => {
    const address = addressFrom(ip);
    // A gateway is on every host end; whatever else is there, the link's name says whose it is.
    if (address === gateways.v4 || address === gateways.v6 || LOOPBACK.some((range) => contains(range, address)))
      return [];
    const device = devices.name(index);
    if (device === undefined || device.startsWith(LINK_PREFIX)) return [];
    return [{ device, address, subnet: prefixAround(address, length), carrier: hasCarrier(index) }];
  });
}

/** Is a link up, and is somebody at its other end? Each is asked after once. */
function carriersOf(socket: NetlinkSocket): (index: number) => boolean {
  const known = new Map<number, boolean>();
  return (index) => {
    if (!known.has(index)) known.set(index, hasCarrier(socket, index));
    return known.get(index) as boolean;
  };
}

function hasCarrier(socket: NetlinkSocket, index: number): boolean {
  try {
    return socket
      .request(getLink(index))
      .map(decodeLink)
      .every(({ flags }) => (flags & IFF_UP) !== 0 && (flags & IFF_LOWER_UP) !== 0);
  } catch (error) {
    if (error instanceof NetlinkError) return false; // it is gone, and the event that says so is under way
    throw error;
  }
}

/** A way to a container of this node is none for paths from elsewhere. */
export function wayTo(socket: NetlinkSocket, to: Address, devices: Devices): Way {
  const [answer] = routeTo(socket, to);
  if (!answer) return 'none';
  if (leadsHere(answer)) return 'self';
  const { hops } = decodeRoute(answer);
  const isToContainer = ({ oif }: Hop) => oif !== undefined && devices.name(oif)?.startsWith(LINK_PREFIX);
  if (hops.length === 0 || hops.some(isToContainer)) return 'none';
  return hops.every(({ gateway }) => !gateway) ? 'on-link' : detourTo(socket, to, devices);
}

/** The answer for a packet names one next hop; the route that it took may have several. */
function detourTo(socket: NetlinkSocket, to: Address, devices: Devices): Way {
  const [answer] = routeBy(socket, to);
  const entry = answer && decodeRoute(answer);
  if (!entry || entry.hops.length === 0) return 'none';
  const { prefix, nextHops } = routeOf(entry, devices);
  const hops = nextHops.map(({ gateway = to, device }): NextHop => {
    // A gateway says by itself which link it is on, unless it is link-local: as hops of paths have it.
    return isLinkLocal(gateway) && device !== undefined ? { gateway, device } : { gateway };
  });
  return { by: prefix, isOurs: entry.protocol === PROTOCOL, hops };
}
