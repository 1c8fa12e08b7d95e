/**
 * The host end of an endpoint's veth pair.
 *
 * It has no address: the gateways are gateways.ts. Permanent neighbours for the container's addresses: nobody ever asks by
 * ARP or neighbour discovery. A container must not be able to talk the host into anything, so router
 * advertisements and redirects are off before the link is up (CVE-2020-10749), and rp_filter is on.
 */
import { bytesOf } from '../model/address.js';
import { type Endpoint, hasIpv6 } from '../model/endpoint.js';
import {
  AddressGeneration,
  createVeth,
  Errno,
  Ipv4Conf,
  indexOfName,
  NetlinkError,
  type NetlinkSocket,
  putNeighbour,
  setLink,
} from '../netlink/index.js';
import type { Namespace } from '../ports.js';
import { aliasOf } from './alias.js';
import { refuseOccupiedInside } from './container-end.js';
import { ipv6GatewaySteps } from './gateways.js';
import type { Host } from './host.js';
import { HOST_END_GROUP } from './ours.js';
import { named, perform, type Step, WiringError } from './step.js';
import { ensureSysctl, writeSysctl } from './sysctl.js';

/** Throws WiringError when the host has a link of that name. It stays as it is. */
export function refuseOccupied({ link: { name } }: Endpoint): void {
  if (indexOfName(name) === undefined) return;
  throw new WiringError('veth pair', `the host has a link "${name}" already; if nothing uses it: ip link del ${name}`);
}

/** Makes the pair, the container end at once in its namespace. Returns the index of the host end, which is down. */
export function createPair(socket: NetlinkSocket, endpoint: Endpoint, namespace: Namespace): number {
  const { link, ifname: name, mac, mtu } = endpoint;
  try {
    socket.request(createVeth({ name: link.name, mac: link.mac, mtu }, { name, mac, mtu }, namespace.fd));
  } catch (error) {
    refuseOccupiedInside(endpoint, namespace);
    refuseOccupied(endpoint); // somebody was quicker
    throw new WiringError('veth pair', error);
  }
  return named('veth pair', () => {
    const index = indexOfName(link.name);
    if (index === undefined) throw new NetlinkError(Errno.ENODEV, `"${link.name}" was removed by somebody`);
    return index;
  });
}

/** Everything but "up". */
export function prepareHostEnd({ socket, ipv6Settings }: Host, index: number, endpoint: Endpoint): void {
  const { name } = endpoint.link;
  const ipv6 = named('host settings', () => quietIpv6(`${ipv6Settings}/${name}`, endpoint));
  const settings: Step = {
    what: 'host settings',
    request: setLink(index, {
      alias: aliasOf(endpoint),
      group: HOST_END_GROUP,
      ipv4: [
        [Ipv4Conf.acceptRedirects, 0],
        [Ipv4Conf.sendRedirects, 0],
        [Ipv4Conf.rpFilter, 1],
      ],
      ...(ipv6 && { addressGeneration: AddressGeneration.none }),
    }),
  };
  perform(socket, [settings, ...hostNeighbours(index, endpoint)]);
}

/** Packets pass when the container end is up as well. */
export function raiseHostEnd({ socket, gateways }: Host, index: number, endpoint: Endpoint): void {
  const up: Step = { what: 'host link up', request: setLink(index, { up: true }) };
  perform(socket, [up, ...ipv6GatewaySteps(index, endpoint, gateways)]);
}

/** Returns whether the link has IPv6 at all. */
function quietIpv6(conf: string, endpoint: Endpoint): boolean {
  // Written without a look: on a link that has just been made, both are on wherever IPv6 is.
  if (!writeSysctl(`${conf}/accept_ra`, '0')) return false;
  writeSysctl(`${conf}/accept_redirects`, '0');
  if (hasIpv6(endpoint)) ensureSysctl(`${conf}/disable_ipv6`, '0');
  return true;
}

/** The container's addresses are at this MAC address. */
export function hostNeighbours(index: number, { addresses, mac }: Pick<Endpoint, 'addresses' | 'mac'>): Step[] {
  return addresses.map((own) => ({
    what: `host neighbour ${own}`,
    request: putNeighbour({ index, ip: bytesOf(own), mac }),
  }));
}
