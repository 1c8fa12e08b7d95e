/**
 * What no network takes from a peer, whatever targets it carries: gobgpd accepts nearly everything (RFC 7454 is left to
 * us), so a path is judged here before the kernel hears of it.
 *
 * The order is the order of the questions: is it a prefix that anybody may announce, may this peer announce it, is it
 * ours to say, and does its next hop lead anywhere. The answer is the reason, and `slash32 explain` prints it.
 */
import { type Address, contains, hostPrefix, lengthOf, type Prefix, prefix } from '../model/address.js';
import { type Detour, type HostAddress, isDetour, type Way } from '../model/host.js';
import type { Networks } from '../model/network.js';
import type { Path } from '../model/path.js';
import { DEFAULT_GUARDS, type ListenRange, type Peer, type PeerKey, type Speaker, settingsOf } from '../model/peer.js';
import type { PrefixRange } from '../model/prefix-range.js';
import { aggregatesOf } from './aggregates.js';
import { holds, type PrefixBytes, prefixBytes } from './prefix-bytes.js';

export type Refusal =
  | 'martian'
  | 'default-from-peer'
  | 'length'
  | 'denied'
  | 'not-allowed'
  | 'own-address'
  | 'connected'
  | 'peer-address'
  | 'protected'
  | 'inside-own-pool'
  | 'own-aggregate'
  | 'next-hop-self'
  | 'next-hop-unreachable'
  | 'next-hop-too-far'
  | 'next-hop-by-default'
  | 'next-hop-by-itself';

/** Judges who says what; undefined is no objection. */
export type Guard = (path: Pick<Path, 'prefix' | 'peer'>) => Refusal | undefined;

/**
 * What no peer may lead us to (RFC 6890, RFC 7454 section 6.1): this host, links, groups, and what is reserved. Not the
 * documentation prefixes: labs live in them. Whoever wants them out names them in `protected`.
 */
const MARTIANS = ['0.0.0.0/8', '127.0.0.0/8', '169.254.0.0/16', '224.0.0.0/4', '240.0.0.0/4']
  // The first one holds ::, ::1 and what was once IPv4-compatible; fec0::/10 was site-local (RFC 3879).
  .concat(['::/96', '::ffff:0:0/96', 'fe80::/10', 'fec0::/10', 'ff00::/8'])
  .map((text) => prefixBytes(prefix(text)));

/**
 * Compiles a guard; make another one when any of its parts changes.
 * @param networks whose pools are this node's
 * @param addresses what the host itself has
 */
export function guardOf(
  speaker: Pick<Speaker, 'peers' | 'ranges' | 'guards'>,
  networks: Networks,
  addresses: readonly HostAddress[],
): Guard {
  const { peers, guards = DEFAULT_GUARDS } = speaker;
  const byPeer = new Map<PeerKey, ReturnType<typeof peerGuard>>();
  const guardOfPeer = (peer: PeerKey) => {
    const guard = byPeer.get(peer) ?? peerGuard(settingsOf(speaker, peer) ?? {});
    byPeer.set(peer, guard);
    return guard;
  };
  const place = placeGuard(guards.protected, peers, networks, addresses);
  const aggregates = aggregatesOf(networks);
  const lengths = { 4: guards.lengths[4], 16: guards.lengths[6] };
  return ({ prefix: heard, peer }) => {
    const bytes = prefixBytes(heard);
    const ofPeer = guardOfPeer(peer);
    if (bytes.length === 0) return ofPeer.default;
    if (MARTIANS.some((martian) => holds(martian, bytes))) return 'martian';
    const { ge, le } = lengths[bytes.bytes.length as 4 | 16];
    if (bytes.length < ge || bytes.length > le) return 'length';
    return ofPeer.listed(bytes) ?? place(bytes) ?? (aggregates.has(heard) ? 'own-aggregate' : undefined);
  };
}

/**
 * @param way how this host reaches the next hop; undefined when that is not known
 * @param detour judges one that is not on a link of ours
 */
export function nextHopRefusal(
  way: Way | undefined,
  detour: (way: Detour) => Refusal | undefined = () => 'next-hop-too-far',
): Refusal | undefined {
  if (way === 'self') return 'next-hop-self';
  if (isDetour(way)) return detour(way);
  return way === 'on-link' ? undefined : 'next-hop-unreachable';
}

/** May the paths of this peer lead to next hops that are not on a link of ours? Not where it is on a link itself. */
export function mayBeFar({ asn, multihop, ttlSecurity = 1, nextHops }: Peer | ListenRange, ownAsn: number): boolean {
  const isFar = asn === ownAsn || multihop !== undefined || ttlSecurity > 1;
  return (nextHops ?? (isFar ? 'recursive' : 'on-link')) === 'recursive';
}

/**
 * What is wrong with resolving the next hop of a path by a route of this host (RFC 4271 section 5.1.3). A default route leads to
 * everything, also to what is not there. And a route must not hold itself up: not the path's own, nor another one that was
 * resolved like this. That must not depend on what is installed, or it would come and go.
 * @param isResolved is this prefix one whose path was resolved by a route itself?
 */
export function detourRefusal(
  { prefix: heard, nextHop }: Pick<Path, 'prefix' | 'nextHop'>,
  { by, isOurs }: Detour,
  isResolved: (by: Prefix) => boolean,
): Refusal | undefined {
  if (lengthOf(by) === 0) return 'next-hop-by-default';
  const wouldBeTaken = contains(heard, nextHop) && lengthOf(by) <= lengthOf(heard);
  return wouldBeTaken || (isOurs && isResolved(by)) ? 'next-hop-by-itself' : undefined;
}

/** The lists of one peer. `deny` is asked first, so that a hole can be cut into what `allow` says. */
function peerGuard({ allow, deny = [], allowDefault }: Partial<Peer | ListenRange>) {
  const [allowed, denied] = [allow?.map(compiled), deny.map(compiled)];
  return {
    // No list names a default route by accident: "0.0.0.0/0 le 32" means everything else.
    default: allowDefault ? undefined : ('default-from-peer' as const),
    listed: (heard: PrefixBytes): Refusal | undefined => {
      if (denied.some((range) => inRange(range, heard))) return 'denied';
      return allowed && !allowed.some((range) => inRange(range, heard)) ? 'not-allowed' : undefined;
    },
  };
}

interface CompiledRange extends PrefixBytes {
  readonly ge: number;
  readonly le: number;
}

function compiled({ within, ge, le }: PrefixRange): CompiledRange {
  return { ...prefixBytes(within), ge, le };
}

function inRange(range: CompiledRange, heard: PrefixBytes): boolean {
  return heard.length >= range.ge && heard.length <= range.le && holds(range, heard);
}

/** What is not for a peer to say, because it is ours, or because it was named. A covering prefix is no harm: ours is longer. */
function placeGuard(
  protectedOnes: readonly Prefix[],
  peers: readonly { readonly address: Address }[],
  networks: Networks,
  addresses: readonly HostAddress[],
): (heard: PrefixBytes) => Refusal | undefined {
  const named = (refusal: Refusal, prefixes: readonly Prefix[]) =>
    prefixes.map((one) => ({ refusal, within: prefixBytes(one) }));
  const [own, subnets] = [addresses.map(({ address }) => hostPrefix(address)), addresses.map(({ subnet }) => subnet)];
  const ofPeers = peers.map(({ address }) => hostPrefix(address));
  const places = [
    ...named('own-address', own),
    ...named('connected', subnets),
    ...named('peer-address', ofPeers),
    ...named('protected', protectedOnes),
  ];
  const pooled = [...networks.byName.values(), ...(networks.netConfNetworks ?? [])];
  const pools = pooled.flatMap((network) => network.pools).map(prefixBytes);
  return (heard) => {
    const place = places.find(({ within }) => holds(within, heard));
    return place?.refusal ?? (pools.some((pool) => splits(pool, heard)) ? 'inside-own-pool' : undefined);
  };
}

/**
 * A pool that comes back whole, or as part of something greater, is an aggregate of ours. A single address in it may be
 * of a container that moved. Anything between takes our addresses away.
 */
function splits(pool: PrefixBytes, heard: PrefixBytes): boolean {
  return heard.length > pool.length && heard.length < heard.bytes.length * 8 && holds(pool, heard);
}

/** One sentence a refusal, for people, with the remedy where there is one. */
export const REFUSAL_SENTENCES: Record<Refusal, (path: Path) => string> = {
  martian: ({ prefix }) => `${prefix} is reserved and never routed (RFC 6890)`,
  'default-from-peer': ({ peer }) =>
    `a default route is taken only from peers that may say one; set "allowDefault: true" at peer ${peer} if it may`,
  length: ({ prefix }) => `${prefix} is shorter or longer than bgp.guards.lengths lets in`,
  denied: ({ prefix, peer }) => `${prefix} is in the "deny" list of peer ${peer}`,
  'not-allowed': ({ prefix, peer }) => `${prefix} is not in the "allow" list of peer ${peer}`,
  'own-address': ({ prefix }) => `${prefix} is an address of this node itself`,
  connected: ({ prefix }) => `${prefix} lies in a subnet that is connected to this node, and its link knows better`,
  'peer-address': ({ prefix }) => `${prefix} is the address of a BGP peer, and its session must not depend on a route`,
  protected: ({ prefix }) => `${prefix} lies in what bgp.guards.protected keeps peers from announcing`,
  'inside-own-pool': ({ prefix }) => `${prefix} is a part of a pool of this node, and larger than one address`,
  'own-aggregate': ({ prefix }) => `${prefix} is a block that this node announces itself`,
  'next-hop-self': ({ prefix, nextHop }) => `the next hop of ${prefix}, ${nextHop}, is this node itself`,
  'next-hop-unreachable': ({ prefix, nextHop }) =>
    `the next hop of ${prefix}, ${nextHop}, is on no link of this node, and no route leads there`,
  'next-hop-too-far': ({ prefix, nextHop, peer }) =>
    `the next hop of ${prefix}, ${nextHop}, is on no link of this node; set "nextHops: recursive" at peer ${peer} if the ` +
    'route towards it may be followed',
  'next-hop-by-default': ({ prefix, nextHop }) =>
    `only a default route leads to the next hop of ${prefix}, ${nextHop}; give this node a route to it`,
  'next-hop-by-itself': ({ prefix, nextHop }) =>
    `the next hop of ${prefix}, ${nextHop}, would be reached by this very path, or by another one of that kind; ` +
    'give this node a more specific route to it',
};
