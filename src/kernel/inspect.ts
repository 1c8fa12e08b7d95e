/** Reading back what the wire made, and what the reconciler put: plain facts, judged elsewhere. */
import { type Address, addressFrom, type Prefix } from '../model/address.js';
import type { Endpoint } from '../model/endpoint.js';
import { hostSettings, type InnerRoute, type LinkEnd, type WayTaken, type Wiring } from '../model/wiring.js';
import {
  decodeAddress,
  decodeLink,
  decodeNeighbour,
  decodeRoute,
  dumpAddresses,
  dumpNeighbours,
  dumpRoutes,
  Errno,
  getLink,
  IFF_UP,
  inNamespace,
  type Link,
  NETLINK_ROUTE,
  NetlinkError,
  NetlinkSocket,
  NUD_PERMANENT,
} from '../netlink/index.js';
import type { Namespace } from '../ports.js';
import { gatewaysAt } from './gateways.js';
import type { Host } from './host.js';
import { routeTo } from './route-lookup.js';
import { readSysctl } from './sysctl.js';

/** Links of one container, and what is on them. */
const CONTAINER_BUFFER = 256 * 1024;

/**
 * What the kernel has of this endpoint.
 * @param link its host end, found by whoever knows whose it is
 */
export function inspect(host: Host, endpoint: Endpoint, link: Link | undefined, namespace?: Namespace): Wiring {
  const { socket } = host;
  const inside = namespace && containerSocket(namespace);
  try {
    return {
      host: link && {
        ...linkEnd(socket, link),
        settings: settingsOf(endpoint),
        gateways: gatewaysAt(socket, link.index, host.gateways),
      },
      container: inside && containerEnd(inside, endpoint.ifname),
      ways: endpoint.addresses.flatMap((own) => waysTo(socket, own, host.tables.get(endpoint.network))),
      lackingFilters: host.filters.lacking(endpoint),
    };
  } finally {
    inside?.close();
  }
}

/** A link by name or index; undefined when there is none. */
export function linkOf(socket: NetlinkSocket, which: number | string): Link | undefined {
  try {
    return socket.request(getLink(which)).map(decodeLink)[0];
  } catch (error) {
    if (error instanceof NetlinkError && error.errno === Errno.ENODEV) return undefined;
    throw error;
  }
}

/** A socket that speaks to the container's own kernel tables. */
export function containerSocket(namespace: Namespace): NetlinkSocket {
  return inNamespace(namespace.fd, () => new NetlinkSocket(NETLINK_ROUTE, CONTAINER_BUFFER));
}

function containerEnd(socket: NetlinkSocket, ifname: string): Wiring['container'] {
  const link = linkOf(socket, ifname);
  return link && { ...linkEnd(socket, link), routes: routesOn(socket, link.index) };
}

function linkEnd(socket: NetlinkSocket, { index, name, peerIndex, mac, mtu, flags }: Link): LinkEnd {
  const addresses = socket.dump(dumpAddresses(), decodeAddress).filter((it) => it.index === index);
  const neighbours = socket
    .dump(dumpNeighbours(), decodeNeighbour)
    .filter((it) => it.index === index && (it.state & NUD_PERMANENT) !== 0);
  return {
    name,
    index,
    peerIndex,
    mac,
    mtu,
    up: (flags & IFF_UP) !== 0,
    addresses: addresses.map(({ ip, length }) => `${addressFrom(ip)}/${length}`),
    neighbours: new Map(neighbours.map((it) => [addressFrom(it.ip), it.mac])),
  };
}

/** In any table: a plugin after us may have moved them (`sbr` does). */
function routesOn(socket: NetlinkSocket, index: number): InnerRoute[] {
  return socket.dump(dumpRoutes(), decodeRoute).flatMap(({ destination, length, hops }) =>
    hops
      .filter(({ oif }) => oif === index)
      .map(({ gateway }) => ({
        prefix: `${addressFrom(destination)}/${length}` as Prefix,
        gateway: gateway?.length ? addressFrom(gateway) : undefined,
      })),
  );
}

/** @param table of the endpoint's network, which is also the mark of its packets */
function waysTo(socket: NetlinkSocket, to: Address, table: number | undefined): WayTaken[] {
  const bySight = { network: table, host: 0 } as const;
  return (['network', 'host'] as const).flatMap((seenBy) => {
    const mark = bySight[seenBy];
    return mark === undefined ? [] : wayTo(socket, to, mark).map((way) => ({ ...way, to, seenBy }));
  });
}

function wayTo(socket: NetlinkSocket, to: Address, mark: number): Pick<WayTaken, 'table' | 'link'>[] {
  return routeTo(socket, to, mark)
    .map(decodeRoute)
    .flatMap(({ table, hops }) => hops.map(({ oif = 0 }) => ({ table, link: oif })));
}

function settingsOf(endpoint: Endpoint): Map<string, string> {
  const found = [...hostSettings(endpoint).keys()].map((path) => [path, readSysctl(path)] as const);
  return new Map(found.flatMap(([path, value]) => (value === undefined ? [] : [[path, value] as const])));
}
