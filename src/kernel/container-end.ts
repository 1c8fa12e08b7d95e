/**
 * The container end: its own /32 and /128, and everything else through a gateway that is known beforehand.
 *
 * The gateway is on the link because a route says so, not because an address shares a prefix with it, and its MAC address
 * is a permanent neighbour: not one packet is needed to find it.
 */
import { type Address, baseOf, bitsOf, bytesOf, familyOf, lengthOf, type Prefix } from '../model/address.js';
import { type Endpoint, hasIpv6 } from '../model/endpoint.js';
import { type Gateways, gatewayOf, gatewaysFor } from '../model/network.js';
import { MAIN_TABLE } from '../model/route.js';
import {
  AddressGeneration,
  addAddress,
  addRoute,
  decodeLink,
  Errno,
  getLink,
  IFA_F_NODAD,
  indexOfName,
  inNamespace,
  NETLINK_ROUTE,
  NetlinkError,
  NetlinkSocket,
  putNeighbour,
  type RouteEntry,
  setLink,
} from '../netlink/index.js';
import type { Namespace } from '../ports.js';
import { named, perform, type Step, WiringError } from './step.js';
import { writeSysctl } from './sysctl.js';

/** Routes that the container's own people may change as they like (RTPROT_BOOT, what `ip route add` writes). */
const RTPROT_BOOT = 3;

/** Under /proc/sys these two are no links. */
const NO_LINK_NAMES = ['all', 'default'];

/** Throws WiringError when no link can be called as the container end is to be. */
export function refuseName({ ifname }: Endpoint): void {
  if (NO_LINK_NAMES.includes(ifname))
    throw new WiringError('container settings', `"${ifname}" cannot be a link's name`);
}

/** Throws WiringError when the container has an interface of that name. */
export function refuseOccupiedInside({ ifname }: Endpoint, namespace: Namespace): void {
  if (inNamespace(namespace.fd, () => indexOfName(ifname)) === undefined) return;
  throw new WiringError('veth pair', `the container has an interface "${ifname}" already`);
}

/** Sets the container end up and raises it. It was made in its namespace, under its final name. */
export function configureContainerEnd(endpoint: Endpoint, gateways: Gateways, namespace: Namespace): void {
  using socket = inNamespace(namespace.fd, () => new NetlinkSocket(NETLINK_ROUTE, 0));
  const { index, ipv6 } = named('container settings', () => findEnd(endpoint, namespace, socket));
  const used = gatewaysFor(endpoint.addresses, gateways);
  perform(socket, [
    ...(ipv6 ? [{ what: 'container settings', request: quiet(index) }] : []),
    ...endpoint.addresses.map((own) => addressStep(index, own)),
    { what: 'container link up', request: setLink(index, { up: true }) },
    ...used.map((gateway) => gatewayStep(index, gateway)),
    ...gatewayNeighbours(index, endpoint, gateways),
    ...endpoint.routes.map((prefix) => routeStep(index, prefix, endpoint, gateways)),
  ]);
}

/** The container end's index, and whether it has IPv6, which is switched on where it is wanted. */
function findEnd(
  endpoint: Endpoint,
  namespace: Namespace,
  socket: NetlinkSocket,
): { readonly index: number; readonly ipv6: boolean } {
  const { ifname } = endpoint;
  const [link] = socket.request(getLink(ifname)).map(decodeLink);
  if (!link) throw new NetlinkError(Errno.ENODEV, `"${ifname}" was removed by somebody`);
  const { index, ipv6 } = link;
  if (ipv6 || !hasIpv6(endpoint)) return { index, ipv6 };
  // Asked by netlink, written here: the path from the root is walked past every container in which somebody has looked.
  const conf = `net/ipv6/conf/${ifname}/disable_ipv6`;
  return { index, ipv6: inNamespace(namespace.fd, () => writeSysctl(conf, '0')) };
}

/** No link-local address of its own: nothing here needs one, and it would be announced and asked for on the link. */
function quiet(index: number): Step['request'] {
  return setLink(index, { addressGeneration: AddressGeneration.none });
}

function addressStep(index: number, own: Address): Step {
  const flags = familyOf(own) === 6 ? IFA_F_NODAD : 0;
  return {
    what: 'container addresses',
    request: addAddress({ index, ip: bytesOf(own), length: bitsOf(own), flags }),
  };
}

function gatewayStep(index: number, gateway: Address): Step {
  return {
    what: `container route to the gateway ${gateway}`,
    ...routeRequests(index, { destination: bytesOf(gateway), length: bitsOf(gateway), hops: [{ oif: index }] }),
  };
}

/** The gateways are at the host end. */
export function gatewayNeighbours(index: number, endpoint: Endpoint, gateways: Gateways): Step[] {
  return gatewaysFor(endpoint.addresses, gateways).map((gateway) => ({
    what: `container neighbour ${gateway}`,
    request: putNeighbour({ index, ip: bytesOf(gateway), mac: endpoint.link.mac }),
  }));
}

function routeStep(index: number, prefix: Prefix, { addresses }: Endpoint, gateways: Gateways): Step {
  const family = familyOf(prefix);
  const source = addresses.find((own) => familyOf(own) === family);
  if (!source)
    throw new WiringError(`container route ${prefix}`, `the container has no IPv${family} address to leave from`);
  const gateway = bytesOf(gatewayOf(gateways, family));
  const place = { destination: bytesOf(baseOf(prefix)), length: lengthOf(prefix) };
  const hops = [{ gateway, oif: index }];
  const route = { ...place, hops, source: bytesOf(source) };
  return { what: `container route ${prefix}`, ...routeRequests(index, route) };
}

/** A second interface of the same container finds the places of the first one taken: its routes come after those. */
function routeRequests(
  index: number,
  part: Pick<RouteEntry, 'destination' | 'length' | 'hops' | 'source'>,
): Omit<Step, 'what'> {
  const route = { ...part, table: MAIN_TABLE, protocol: RTPROT_BOOT };
  const metricBehind = (part.destination.length === 4 ? 0 : IPV6_DEFAULT_METRIC) + index;
  return { request: addRoute(route), otherwise: addRoute({ ...route, metric: metricBehind }) };
}

/** What IPv6 makes of no metric (IP6_RT_PRIO_USER of linux/ipv6_route.h). */
const IPV6_DEFAULT_METRIC = 1024;
