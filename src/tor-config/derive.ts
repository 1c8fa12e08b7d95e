/** The ToR's side, from the configuration of its nodes: which of their peers it is, its AS, and how much each may say. */
import { type Address, bitsOf, familyOf, lengthOf, type Prefix } from '../model/address.js';
import type { Peer, SoughtPeer } from '../model/peer.js';
import { acceptedFrom } from './accepted.js';
import { ranges, single } from './sessions.js';
import type { Pair, Tor, TorNode, TorOptions } from './tor.js';

const LINK_LOCAL = 'fe80::' as Address;

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
