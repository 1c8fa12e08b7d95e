/**
 * CHECK: what of an endpoint is not as it was attached, a sentence each. Wanted is what the record says, and where a
 * plugin after us may have changed something (a MAC address, an MTU), what the last result says.
 */
import { type Address, bitsOf, familyOf } from '../model/address.js';
import type { Endpoint } from '../model/endpoint.js';
import { type Gateways, gatewayOf, gatewaysFor } from '../model/network.js';
import { MAIN_TABLE } from '../model/route.js';
import { hostSettings, type LinkEnd, type Wiring } from '../model/wiring.js';

/** What should be. */
export interface Wanted {
  readonly endpoint: Endpoint;
  readonly gateways: Gateways;
  /** Kernel table of its network. */
  readonly table: number;
  /** MAC of the container end, and its MTU where somebody has said one. */
  readonly mac: string;
  readonly mtu: number | undefined;
}

/** Every difference. Empty: all is as it should be. */
export function differences(wanted: Wanted, found: Wiring): string[] {
  return [
    ...hostEnd(wanted, found.host),
    ...containerEnd(wanted, found.container),
    ...pair(found),
    ...ways(wanted, found),
    ...found.lackingFilters.map((element) => `nft table inet slash32 lacks ${element}`),
  ];
}

function hostEnd({ endpoint, gateways, mac }: Wanted, found: Wiring['host']): string[] {
  const { link, addresses } = endpoint;
  if (!found) return [`host link ${link.name} is gone`];
  const at = `host link ${found.name}`;
  return [
    ...same(`${at} has MAC address`, link.mac, found.mac),
    ...whenDown(at, found),
    ...gatewaysFor(addresses, gateways)
      .filter((gateway) => !found.gateways.includes(gateway))
      .map((gateway) => `${at} lacks the gateway ${gateway}`),
    // The MAC address of today, whoever gave it: with another one here, no packet reaches the container.
    ...addresses.flatMap((own) => neighbour(at, own, mac, found)),
    ...[...hostSettings(endpoint)].flatMap(([setting, value]) => {
      const has = found.settings.get(setting);
      return has === undefined ? [] : same(`sysctl ${setting} is`, value, has);
    }),
  ];
}

function containerEnd({ endpoint, gateways, mac, mtu }: Wanted, found: Wiring['container']): string[] {
  const { ifname, addresses, routes, link } = endpoint;
  if (!found) return [`${ifname} is gone from the container`];
  return [
    ...same(`${ifname} has MAC address`, mac, found.mac),
    ...(mtu === undefined ? [] : same(`${ifname} has MTU`, mtu, found.mtu)),
    ...whenDown(ifname, found),
    ...addresses
      .map((own) => `${own}/${bitsOf(own)}`)
      .filter((own) => !found.addresses.includes(own))
      .map((own) => `${ifname} lacks address ${own}`),
    ...routes
      .map((prefix) => ({ prefix, gateway: gatewayOf(gateways, familyOf(prefix)) }))
      .filter(({ prefix, gateway }) => !found.routes.some((it) => it.prefix === prefix && it.gateway === gateway))
      .map(({ prefix, gateway }) => `the container lacks the route ${prefix} via ${gateway} dev ${ifname}`),
    ...gatewaysFor(addresses, gateways).flatMap((gateway) => neighbour(ifname, gateway, link.mac, found)),
  ];
}

/** Two links may have the right names and still not be the two ends of one pair. */
function pair({ host, container }: Wiring): string[] {
  if (!host || !container) return [];
  if (host.peerIndex === container.index && container.peerIndex === host.index) return [];
  return [`${container.name} in the container is not the other end of host link ${host.name}`];
}

function ways({ endpoint, table }: Wanted, found: Wiring): string[] {
  return endpoint.addresses.flatMap((own) =>
    (['network', 'host'] as const).flatMap((seenBy) => {
      const inTable = seenBy === 'network' ? table : MAIN_TABLE;
      const way = found.ways.find((it) => it.to === own && it.seenBy === seenBy);
      const isThere = way?.table === inTable && (!found.host || way.link === found.host.index);
      return isThere ? [] : [`the host lacks the route ${own} dev ${endpoint.link.name} table ${inTable}`];
    }),
  );
}

function neighbour(at: string, address: Address, mac: string, { neighbours }: LinkEnd): string[] {
  const found = neighbours.get(address);
  return found === undefined
    ? [`${at} lacks the permanent neighbour ${address}`]
    : same(`${at} has the permanent neighbour ${address} at`, mac, found);
}

function whenDown(what: string, { up }: LinkEnd): string[] {
  return up ? [] : [`${what} is down`];
}

function same<T>(what: string, wanted: T, found: T): string[] {
  return wanted === found ? [] : [`${what} ${found}, expected ${wanted}`];
}
