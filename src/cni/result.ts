/**
 * What an ADD says when it succeeded, in our words. `result-encode.ts` and `result-decode.ts` know the shapes it has in
 * each version of the specification.
 */
import { type Address, bitsOf, familyOf, type Prefix } from '../model/address.js';
import type { Endpoint } from '../model/endpoint.js';
import { type Gateways, gatewayOf } from '../model/network.js';

export interface Result {
  readonly interfaces: readonly ResultInterface[];
  readonly ips: readonly ResultIp[];
  readonly routes: readonly ResultRoute[];
  readonly dns: Dns;
}

export interface ResultInterface {
  readonly name: string;
  readonly mac?: string | undefined;
  /** The namespace it is in; absent means the host's. */
  readonly sandbox?: string | undefined;
  readonly mtu?: number | undefined;
  readonly socketPath?: string | undefined;
  readonly pciID?: string | undefined;
}

export interface ResultIp {
  readonly address: Address;
  /** Length of the prefix it was given with: 32 or 128 when it is ours. */
  readonly length: number;
  readonly gateway?: Address | undefined;
  /** Index into `interfaces`. containerd refuses a result in which no address is the container interface's. */
  readonly interface?: number | undefined;
}

export interface ResultRoute {
  readonly dst: Prefix;
  readonly gw?: Address | undefined;
  readonly mtu?: number | undefined;
  readonly advmss?: number | undefined;
  readonly priority?: number | undefined;
  readonly table?: number | undefined;
  readonly scope?: number | undefined;
}

/** Resolver settings: passed on, never applied by us. */
export interface Dns {
  readonly nameservers?: readonly string[] | undefined;
  readonly domain?: string | undefined;
  readonly search?: readonly string[] | undefined;
  readonly options?: readonly string[] | undefined;
}

/** An attached endpoint as a result: host end, container end, its addresses and routes through the gateways. */
export function resultOf(endpoint: Endpoint, gateways: Gateways, dns: Dns = {}): Result {
  const { link, mac, mtu, netns, ifname } = endpoint;
  const via = (of: Address | Prefix) => gatewayOf(gateways, familyOf(of));
  return {
    interfaces: [
      { name: link.name, mac: link.mac, mtu },
      { name: ifname, mac, mtu, sandbox: netns },
    ],
    ips: endpoint.addresses.map((own) => ({
      address: own,
      length: bitsOf(own),
      gateway: via(own),
      interface: 1,
    })),
    routes: endpoint.routes.map((dst) => ({ dst, gw: via(dst) })),
    dns,
  };
}

/** `added` after what earlier plugins of a chain have done; its interface indexes move behind theirs. */
export function chained(previous: Result, added: Result): Result {
  const shift = previous.interfaces.length;
  const ips = added.ips.map((ip) => (ip.interface === undefined ? ip : { ...ip, interface: ip.interface + shift }));
  return {
    interfaces: [...previous.interfaces, ...added.interfaces],
    ips: [...previous.ips, ...ips],
    routes: [...previous.routes, ...added.routes],
    dns: { ...previous.dns, ...added.dns },
  };
}
