import type { Address, Prefix } from './address.js';
import { type Endpoint, hasIpv6 } from './endpoint.js';

/** What the kernel has of one endpoint, read back. An end that is gone is undefined. */
export interface Wiring {
  readonly host: HostEnd | undefined;
  readonly container: (LinkEnd & { readonly routes: readonly InnerRoute[] }) | undefined;
  /** Where packets of this host to its addresses go, as its network sees it, and as the host itself does. */
  readonly ways: readonly WayTaken[];
  /** Filter elements that should be in force and are not, as nft writes them. */
  readonly lackingFilters: readonly string[];
}

/** The host's end of a veth pair. */
export interface HostEnd extends LinkEnd {
  readonly settings: ReadonlyMap<string, string>;
  /** Those that are this host for whoever sends to them over the link. */
  readonly gateways: readonly Address[];
}

/** One end of a veth pair. */
export interface LinkEnd {
  readonly name: string;
  readonly index: number;
  /** The index of the other end, in that end's namespace. */
  readonly peerIndex: number;
  readonly mac: string;
  readonly mtu: number;
  readonly up: boolean;
  /** With their lengths: `10.20.1.10/32`. */
  readonly addresses: readonly string[];
  /** Permanent ones only. */
  readonly neighbours: ReadonlyMap<Address, string>;
}

/** A route inside the container, in whatever table. */
export interface InnerRoute {
  readonly prefix: Prefix;
  readonly gateway: Address | undefined;
}

/** The kernel's answer to "which way": the table that it found the route in, and the link. */
export interface WayTaken {
  readonly to: Address;
  readonly seenBy: 'network' | 'host';
  readonly table: number;
  readonly link: number;
}

/** Settings of a host end under /proc/sys, and their values. Those of IPv6 are absent where the kernel has no IPv6. */
export function hostSettings(endpoint: Pick<Endpoint, 'link' | 'addresses'>): ReadonlyMap<string, string> {
  const { name } = endpoint.link;
  const [v4, v6] = [`net/ipv4/conf/${name}`, `net/ipv6/conf/${name}`];
  const settings = new Map([
    [`${v4}/accept_redirects`, '0'],
    [`${v4}/send_redirects`, '0'],
    [`${v4}/rp_filter`, '1'],
    [`${v6}/accept_ra`, '0'],
    [`${v6}/accept_redirects`, '0'],
  ]);
  if (hasIpv6(endpoint)) settings.set(`${v6}/disable_ipv6`, '0');
  return settings;
}
