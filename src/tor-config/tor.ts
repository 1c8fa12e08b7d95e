/**
 * What a ToR, or where all are of one AS a route reflector, has to know of its slash32 nodes. One description, derived from the
 * nodes' own configuration (`derive.ts`), and a file per vendor that spells it: whoever adds a vendor decides nothing about BGP,
 * whoever changes a decision touches no vendor.
 */
import type { Address, Family, Prefix } from '../model/address.js';
import type { Networks } from '../model/network.js';
import type { Bfd, Peer, Speaker, Timers } from '../model/peer.js';

/** A node's configuration, as far as its ToR is concerned. */
export interface TorNode {
  readonly name: string;
  readonly speaker: Speaker;
  readonly networks: Networks;
}

/** One session of the ToR, or with a range in `from` all those that come from there. */
export interface Session {
  /** The node's name, with the family where there are two: `node1-v6`. Fit for every vendor's identifiers. */
  readonly name: string;
  readonly from: Address | Prefix;
  /** One, or for a range those of all nodes. */
  readonly asns: readonly number[];
  readonly families: readonly Family[];
  /** The node has a TCP MD5 password; the ToR's side gets a placeholder, because configurations get copied around. */
  readonly hasPassword: boolean;
  readonly multihop?: number;
  /** The node looks at the TTL (GTSM, RFC 5082): both sides must, for so many hops. */
  readonly ttlSecurity?: number;
  /** The node sends heartbeats (RFC 5880), and needs some from here. */
  readonly bfd?: Bfd;
}

/** The ToR's side of its nodes. */
export interface Tor {
  readonly asn: number;
  /** It is of the nodes' own AS, and reflects to each what the others say (RFC 4456). */
  readonly isReflector: boolean;
  readonly sessions: readonly Session[];
  /** What is accepted, by family, and nothing else: host routes inside the networks' prefixes, and blocks as they are. */
  readonly accepted: Readonly<Record<Family, readonly Accepted[]>>;
  readonly timers: Timers;
  /** Graceful restart time in seconds; 0: off. */
  readonly restartTime: number;
  /** The most host routes that one session may bring, in each family. */
  readonly maxPrefixes: number;
}

/** Prefixes of this length within this one: host routes in it, or where the lengths are the same, a block itself. */
export interface Accepted {
  readonly within: Prefix;
  readonly length: number;
}

/** What the nodes' configuration does not say. */
export interface TorOptions {
  /** Nodes may come from anywhere in here, instead of one session for each. At most one a family. */
  readonly listen?: readonly Prefix[];
  /** Only the peers of these names are this ToR. Absent: all. */
  readonly peers?: readonly string[];
  /** Absent: enough for every address that a node has. */
  readonly maxPrefixes?: number;
  /** The node's own addresses, when this runs on it: on the link of the peer is where its session comes from. */
  readonly links?: readonly { readonly address: Address; readonly network: Prefix }[];
}

/** A node and the peer of it that is this ToR. */
export interface Pair {
  readonly node: TorNode;
  readonly peer: Peer;
}
