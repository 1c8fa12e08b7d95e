/** The sessions of a ToR: one for each node and peer, or one for all that come from a range. */
import { type Address, addressAt, contains, familyOf, isLinkLocal, numberOf, type Prefix } from '../model/address.js';
import type { Bfd, Peer } from '../model/peer.js';
import type { Pair, Session, TorNode, TorOptions } from './tor.js';

/** One each. */
export function single(pairs: readonly Pair[], links: NonNullable<TorOptions['links']>): Session[] {
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

/**
 * Where the node's side of a session is: on the peer's link if that is known, where the node says, else the other end of a /31
 * or /127.
 */
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

/** One for each range, with what all who come from it have in common. */
export function ranges(pairs: readonly Pair[], listen: readonly Prefix[]): Session[] {
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
