/**
 * The gateways that containers send to. Packets that pass need none of this: the container has the host end's MAC address
 * as a permanent neighbour. It is for packets to the gateway itself, ping for one, and for ARP.
 *
 * No host end has an address, because the same one on each costs an ADD 1 ms with 2,000 endpoints: Linux walks all
 * addresses and routes that are equal. A route to this host itself does the same.
 *
 *     IPv4   one route for all links, on loopback
 *     IPv6   a link-local address counts on its own link only, so a route each. Linux keeps routes of one prefix in the order
 *            of their metrics; each new link's is lower than all before, so it is put without a walk.
 *
 * They have the kernel's protocol, as the route of an address has: a pass has no business with them.
 */
import { type Address, bitsOf, bytesOf, familyOf } from '../model/address.js';
import { type Endpoint, hasIpv6 } from '../model/endpoint.js';
import type { Gateways } from '../model/network.js';
import { LOCAL_TABLE } from '../model/route.js';
import {
  addAddress,
  addLocalRoute,
  Errno,
  indexOfName,
  leadsHere,
  type NetlinkSocket,
  type Request,
} from '../netlink/index.js';
import { hostAddresses } from './host-addresses.js';
import { METRIC } from './ours.js';
import { routeTo } from './route-lookup.js';
import type { Step } from './step.js';

const LOOPBACK = 'lo';
/** RTPROT_KERNEL (linux/rtnetlink.h). */
const BY_KERNEL = 2;
/** RT_SCOPE_SITE: an address that only routes without a gateway choose as their source. */
const SITE = 200;
/** Above the index of any link. */
export const METRIC_OF_NONE = 0x7fff_ffff;

/** Makes the IPv4 gateway answer on every link. Once more is fine; so is a host end that an older version gave its address. */
export function answerForGateway(socket: NetlinkSocket, gateways: Gateways): void {
  const index = indexOfName(LOOPBACK) ?? 0;
  const requests = [localRoute(gateways.v4, index, METRIC)];
  // Without any address of its own, the host has nothing but the gateway's to speak to containers with.
  if (!hostAddresses(socket, gateways).some(({ address }) => familyOf(address) === 4))
    requests.push(addAddress({ index, ip: bytesOf(gateways.v4), length: bitsOf(gateways.v4), scope: SITE }));
  for (const error of socket.batch(requests).values())
    if (error.errno !== Errno.EEXIST)
      throw new Error(
        `cannot make the gateway ${gateways.v4} answer on ${LOOPBACK}, which has to be up: ${error.message}`,
        {
          cause: error,
        },
      );
}

/** What lets the IPv6 gateway answer on a host end; it has to be up. */
export function ipv6GatewaySteps(index: number, endpoint: Endpoint, { v6 }: Gateways): Step[] {
  if (!hasIpv6(endpoint)) return [];
  return [{ what: `host route to the gateway ${v6}`, request: localRoute(v6, index, METRIC_OF_NONE - index) }];
}

/** The gateways that are this host for who sends to them over a link. */
export function gatewaysAt(socket: NetlinkSocket, link: number, { v4, v6 }: Gateways): Address[] {
  const isHere = (gateway: Address, over: number) => routeTo(socket, gateway, 0, over).some(leadsHere);
  return [...(isHere(v4, 0) ? [v4] : []), ...(isHere(v6, link) ? [v6] : [])];
}

function localRoute(to: Address, oif: number, metric: number): Request {
  const place = { table: LOCAL_TABLE, destination: bytesOf(to), length: bitsOf(to), protocol: BY_KERNEL, metric };
  return addLocalRoute({ ...place, hops: [{ oif }] });
}
