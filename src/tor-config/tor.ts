/**
 * What a ToR, or where all are of one AS a route reflector, has to know of its slash32 nodes, derived from the nodes' own configuration. One description, and a file per
 * vendor that spells it: whoever adds a vendor decides nothing about BGP, whoever changes a decision touches no vendor.
 */
import {
  type Address,
  addressAt,
  baseOf,
  bitsOf,
  contains,
  type Family,
  familyOf,
  isBlock,
  isLinkLocal,
  lengthOf,
  numberOf,
  type Prefix,
} from '../model/address.js';
import type { Announce, Network, Networks } from '../model/network.js';
import type { Bfd, Peer, SoughtPeer, Speaker, Timers } from '../model/peer.js';

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

/** To be replaced by the password of each node. */
export const PASSWORD_PLACEHOLDER = 'CHANGE-ME';
/** The same name of list and policy at every vendor. */
export const LIST = { 4: 'SLASH32-4', 6: 'SLASH32-6' } as const;

const LINK_LOCAL = 'fe80::' as Address;
const ANYWHERE: Record<Family, Prefix> = { 4: '0.0.0.0/0' as Prefix, 6: '::/0' as Prefix };

/** A node and the peer of it that is this ToR. */
interface Pair {
  readonly node: TorNode;
  readonly peer: Peer;
}

/** The ToR of these nodes. Throws an Error that names the node and the option that helps. */
export function torOf(nodes: readonly TorNode[], options: TorOptions = {}): Tor {
  const pairs = nodes.flatMap((node) => peersOf(node, options.peers).map((peer) => ({ node, peer })));
  const [first] = pairs;
  if (!first) throw new Error('no node names a peer, so there is nothing for a ToR to do');
  const { timers, restartTime } = first.node.speaker;
  const asn = torAsn(pairs);
  const heard = nodes.map((node) => ({
    node,
    told: pairs.flatMap((pair) => (pair.node === node ? [pair.peer.announce] : [])),
  }));
  return {
    asn,
    isReflector: first.node.speaker.asn === asn,
    sessions: options.listen ? ranges(pairs, options.listen) : single(pairs, options.links ?? []),
    accepted: { 4: acceptedFrom(heard, 4), 6: acceptedFrom(heard, 6) },
    timers,
    restartTime,
    maxPrefixes: options.maxPrefixes ?? roomFor(nodes),
  };
}

/** Nobody minds that a switch takes more than there are; a session that is ended for it cuts a node off. */
const [LEAST_ROOM, MOST_ROOM] = [1000, 100_000];

/** A limit that none of the nodes reaches: as many as the IPv4 pools of one have, since a container has one of each family. */
function roomFor(nodes: readonly TorNode[]): number {
  const addresses = (pool: Prefix) => (familyOf(pool) === 4 ? 2 ** (bitsOf(pool) - lengthOf(pool)) : 1);
  const most = nodes.map(({ networks }) =>
    [...networks.byName.values()].flatMap(({ pools }) => pools.map(addresses)).reduce((sum, one) => sum + one, 0),
  );
  return Math.min(MOST_ROOM, Math.max(LEAST_ROOM, ...most));
}

/** Is this a range of addresses, rather than one? */
export function isRange(from: Address | Prefix): from is Prefix {
  return from.includes('/');
}

function peersOf({ name, speaker }: TorNode, names: readonly string[] | undefined): readonly Peer[] {
  const all = [...speaker.peers, ...(speaker.sought ?? []).map((peer) => somewhereOnLink(peer, name))];
  const peers = names ? all.filter((peer) => names.includes(peer.name)) : all;
  for (const family of [4, 6] as const) {
    const [one, other] = peers.filter((peer) => familyOf(peer.address) === family);
    if (other) {
      throw new Error(
        `${name} has two IPv${family} peers, ${one?.name} and ${other.name}: say with --peer which is this ToR`,
      );
    }
  }
  return peers;
}

/** A peer whose address the node finds by itself: all that is known here is that it is link-local. */
function somewhereOnLink({ where, ...peer }: SoughtPeer, node: string): Peer {
  if ('device' in where) return { ...peer, address: LINK_LOCAL, device: where.device };
  throw new Error(`peer ${peer.name} of ${node} is its default gateway, whichever that is: name its address for this`);
}

/** One setting for a range. Each side takes the slower of two intervals anyway (RFC 5880 section 6.8.3). */
function slowest(all: readonly Bfd[]): Pick<Session, 'bfd'> {
  if (all.length === 0) return {};
  const most = (key: keyof Bfd) => Math.max(...all.map((one) => one[key]));
  return { bfd: { minTx: most('minTx'), minRx: most('minRx'), multiplier: most('multiplier') } };
}

function commonTtlSecurity(pairs: readonly Pair[]): Pick<Session, 'ttlSecurity'> {
  const hops = new Set(pairs.map(({ peer }) => peer.ttlSecurity));
  if (hops.size === 1) return present(pairs[0]?.peer.ttlSecurity);
  throw new Error('some of the nodes use ttlSecurity and some do not, or for other distances: a range has one setting');
}

function present(ttlSecurity: number | undefined): Pick<Session, 'ttlSecurity'> {
  return ttlSecurity === undefined ? {} : { ttlSecurity };
}

function torAsn(pairs: readonly Pair[]): number {
  const { peer: first, node: firstNode } = pairs[0]!;
  const nodeOf = new Map<number, string>();
  for (const { node, peer } of pairs) {
    if (peer.asn !== first.asn) {
      throw new Error(
        `${firstNode.name} peers with AS ${first.asn} and ${node.name} with AS ${peer.asn}: say with --peer which is this ToR`,
      );
    }
    const asn = node.speaker.asn;
    if ((asn === peer.asn) !== (firstNode.speaker.asn === first.asn)) {
      throw new Error(
        `of ${firstNode.name} and ${node.name}, one is of the peer's AS ${first.asn} and the other is not: its own AS makes it a route reflector`,
      );
    }
    if (asn === peer.asn) continue;
    const other = nodeOf.get(asn) ?? node.name;
    // A node drops what has its own AS in the path (RFC 4271 section 9.1.2), so the two would never hear each other.
    if (other !== node.name) throw new Error(`${other} and ${node.name} are both of AS ${asn}: give each node its own`);
    nodeOf.set(asn, node.name);
  }
  return first.asn;
}

function single(pairs: readonly Pair[], links: NonNullable<TorOptions['links']>): Session[] {
  const seen = new Map<string, string>();
  return pairs.map(({ node, peer }) => {
    const from = sessionAddress(node, peer, links);
    const other = seen.get(from);
    if (other) throw new Error(`${other} and ${node.name} would both have ${from}: use --listen RANGE`);
    seen.set(from, node.name);
    return {
      name: sessionName(node, peer),
      from,
      asns: [node.speaker.asn],
      families: peer.families,
      hasPassword: peer.password !== undefined,
      ...(peer.multihop === undefined ? {} : { multihop: peer.multihop }),
      ...present(peer.ttlSecurity),
      ...(peer.bfd ? { bfd: peer.bfd } : {}),
    };
  });
}

function sessionName({ name, speaker }: TorNode, peer: Peer): string {
  const plain = name.replace(/[^A-Za-z0-9-]/g, '-');
  return speaker.peers.length > 1 && familyOf(peer.address) === 6 ? `${plain}-v6` : plain;
}

/** Where the node's side of a session is: on the peer's link if that is known, where the node says, else the other end of a /31 or /127. */
function sessionAddress(node: TorNode, peer: Peer, links: NonNullable<TorOptions['links']>): Address {
  const link = links.find(({ network, address }) => contains(network, peer.address) && address !== peer.address);
  if (link) return link.address;
  const family = familyOf(peer.address);
  if (isLinkLocal(peer.address)) {
    throw new Error(
      `nothing says which link-local address ${node.name} has at peer ${peer.name}: use --listen fe80::/10`,
    );
  }
  if (peer.localAddress !== undefined) return peer.localAddress;
  // A reflector may be anywhere.
  if (peer.multihop !== undefined || peer.asn === node.speaker.asn) {
    if (family === 4) return node.speaker.routerId;
    throw new Error(
      `nothing says where ${node.name} is when it speaks to ${peer.address}: set localAddress of that peer, or use --listen RANGE`,
    );
  }
  return addressAt(numberOf(peer.address) ^ 1n, family); // RFC 3021, RFC 6164
}

function ranges(pairs: readonly Pair[], listen: readonly Prefix[]): Session[] {
  const covered = new Set<Pair>();
  const sessions = listen.flatMap((range): Session[] => {
    const family = familyOf(range);
    const inside = pairs.filter(({ peer }) => familyOf(peer.address) === family);
    if (inside.length === 0) return [];
    for (const pair of inside) covered.add(pair);
    const hops = inside.flatMap(({ peer }) => peer.multihop ?? []);
    return [
      {
        name: `nodes-v${family}`,
        from: range,
        asns: [...new Set(inside.map(({ node }) => node.speaker.asn))].sort((a, b) => a - b),
        families: [...new Set(inside.flatMap(({ peer }) => peer.families))].sort(),
        hasPassword: inside.some(({ peer }) => peer.password !== undefined),
        ...(hops.length === 0 ? {} : { multihop: Math.max(...hops) }),
        ...commonTtlSecurity(inside),
        ...slowest(inside.flatMap(({ peer }) => peer.bfd ?? [])),
      },
    ];
  });
  const forgotten = pairs.find((pair) => !covered.has(pair));
  if (forgotten) {
    const { node, peer } = forgotten;
    throw new Error(`no --listen range is of the family of ${peer.address}, the peer of ${node.name}: name one more`);
  }
  return sessions;
}

/** A node, and what each session with this ToR is told of it; undefined: what its networks say. */
interface Heard {
  readonly node: TorNode;
  readonly told: readonly (Announce | undefined)[];
}

function acceptedFrom(nodes: readonly Heard[], family: Family): Accepted[] {
  const hosts = hostRoutesIn(nodes, family).map((within) => ({ within, length: bitsOf(within) }));
  return [...hosts, ...blocksOf(nodes, family).map((within) => ({ within, length: lengthOf(within) }))];
}

/** The networks of which some node tells the ToR something. */
function announcingOf(nodes: readonly Heard[]): readonly { network: Network; told: readonly Announce[] }[] {
  return nodes.flatMap(({ node, told }) =>
    [...node.networks.byName.values()]
      .filter(({ exports }) => exports.length > 0)
      .map((network) => ({ network, told: told.map((one) => one ?? network.announce ?? 'host') })),
  );
}

/** The pools that nodes announce as blocks. */
function blocksOf(nodes: readonly Heard[], family: Family): Prefix[] {
  const announcing = announcingOf(nodes).filter(({ told }) => told.some((one) => one !== 'host'));
  const pools = announcing.flatMap(({ network }) => network.pools);
  return [...new Set(pools)].filter((pool) => familyOf(pool) === family && isBlock(pool));
}

/**
 * Where host routes of the nodes may be: the fences of their networks, or where there is none, the pools, or anything. Also
 * where blocks are told: an address outside of them, or with targets of its own, has a host route all the same.
 */
function hostRoutesIn(nodes: readonly Heard[], family: Family): readonly Prefix[] {
  const fences = announcingOf(nodes).flatMap(({ network: { prefixes, pools } }) => {
    const fence = prefixes.length > 0 ? prefixes : pools;
    // Without either, addresses come from an IPAM plugin, from wherever it likes.
    return fence.length > 0 ? fence.filter((prefix) => familyOf(prefix) === family) : [ANYWHERE[family]];
  });
  const all = [...new Set(fences)].filter(
    (prefix) => !fences.some((outer) => outer !== prefix && contains(outer, prefix)),
  );
  return all.sort((a, b) => (numberOf(baseOf(a)) < numberOf(baseOf(b)) ? -1 : 1));
}
