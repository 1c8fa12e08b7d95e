import { type Address, familyOf, type Prefix } from './address.js';
import type { RouteTarget } from './route-target.js';

/** Names an endpoint: what the runtime sends with every verb. */
export interface EndpointId {
  readonly containerId: string;
  readonly ifname: string;
}

/** One container interface that we attached. Written to disk as is, and enough to undo the attachment. */
export interface Endpoint extends EndpointId {
  readonly network: string;
  /** Targets that were asked for with it. Then `network` is the name of a network of its own, made from these. */
  readonly own?: OwnTargets;
  /**
   * Name of the CNI configuration that it was attached by, which may not be the network's: GC speaks of that one.
   * Absent in records of older versions.
   */
  readonly cniNetwork?: string;
  /** `pending` until everything is in place: such a record is rolled back after a crash. */
  readonly state: 'pending' | 'attached';
  /** Path of the container's network namespace as the runtime named it. */
  readonly netns: string;
  /** Inode of that namespace (nsfs): tells a recycled path from the namespace we attached to. */
  readonly netnsInode: number;
  /** The host end of the veth pair. The index is 0 until the kernel has given one. */
  readonly link: { readonly name: string; readonly index: number; readonly mac: string };
  /** MAC of the container end. */
  readonly mac: string;
  readonly mtu: number;
  /** Its own /32 and /128, one or two. */
  readonly addresses: readonly Address[];
  /** Routes inside the container, through the gateway; a default route per family unless IPAM says otherwise. */
  readonly routes: readonly Prefix[];
  /** The IPAM plugin that gave the addresses, with the configuration to give them back. Absent: our pools did. */
  readonly delegatedIpam?: {
    readonly type: string;
    readonly netConf: string;
    readonly args: string;
    readonly path: string;
  };
  /** Its own CNI configuration asked for masquerade. Absent: as its network has it. */
  readonly masquerade?: boolean;
  /**
   * When its ADD began, in microseconds since boot (CLOCK_BOOTTIME): a DEL that was asked for earlier does not mean it.
   * Absent in records of older versions.
   */
  readonly attachedAt?: number;
  /** When it was attached, for people: ISO 8601. Nothing is decided by it. */
  readonly since: string;
}

/** Targets that somebody asks for instead of the network's. Absent: the network's; empty: none. */
export interface TargetWish {
  readonly imports?: readonly RouteTarget[];
  readonly exports?: readonly RouteTarget[];
}

/** What an endpoint was attached with when it does not just take its network's targets. */
export interface OwnTargets {
  /** The network that was asked for, by the name that the node's configuration knows. */
  readonly base: string;
  /** Kernel table of the network made from it, kept over a restart. */
  readonly table: number;
  readonly byNetConf: TargetWish;
  readonly byContainer: TargetWish;
}

/** Whether any of its addresses is IPv6: only then are its links to have it. */
export function hasIpv6({ addresses }: Pick<Endpoint, 'addresses'>): boolean {
  return addresses.some((own) => familyOf(own) === 6);
}

/** The key of an endpoint in maps. NUL cannot be in either part. */
export function endpointKey(id: EndpointId): string {
  return `${id.containerId}\0${id.ifname}`;
}

/** How people read an endpoint's name. */
export function endpointName(id: EndpointId): string {
  return `${id.containerId.slice(0, 24)}/${id.ifname}`;
}
