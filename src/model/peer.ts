import { type Address, contains, type Family, type Prefix } from './address.js';
import type { Community, LargeCommunity } from './community.js';
import type { Announce } from './network.js';
import type { PrefixRange } from './prefix-range.js';
import type { RouteTarget } from './route-target.js';

/** A BGP neighbour as the node's configuration names it. */
export interface Peer {
  readonly name: string;
  readonly address: Address;
  readonly asn: number;
  readonly families: readonly Family[];
  /** Paths that carry no target get these. */
  readonly untagged: readonly RouteTarget[];
  readonly password?: string;
  readonly passive: boolean;
  /** Hops to the peer when it is not on a link of ours (eBGP multihop). Absent: directly connected. */
  readonly multihop?: number;
  /** The link that a link-local address (fe80::/10) is on: without it, the address means nothing. */
  readonly device?: string;
  /** A fast heartbeat of its own beside the session (RFC 5880, 5881). */
  readonly bfd?: Bfd;
  /** Its packets may have made so many hops at most, and ours start with a TTL of 255 (GTSM, RFC 5082). */
  readonly ttlSecurity?: number;
  /** Where our side of the session is. Absent: the kernel chooses. */
  readonly localAddress?: Address;
  /** More paths than this in one family end the session. */
  readonly maxPrefixes?: number;
  /** Absent: the speaker's. */
  readonly timers?: Timers;
  /** Only these prefixes are taken from it. Absent: any. */
  readonly allow?: readonly PrefixRange[];
  /** These are not, whatever `allow` says. */
  readonly deny?: readonly PrefixRange[];
  /** May it say a default route? */
  readonly allowDefault?: boolean;
  /** Must the next hops of its paths be on a link of ours? Absent: where it is on one itself. */
  readonly nextHops?: 'on-link' | 'recursive';
  /** So many of its prefixes are imported at most. Absent: no limit. */
  readonly maxRoutes?: number;
  /** What it is told of our networks. Absent: what each network says. */
  readonly announce?: Announce;
  /** Added to all that we announce to it. */
  readonly communities?: readonly Community[];
  readonly largeCommunities?: readonly LargeCommunity[];
  /** LOCAL_PREF of what we announce to it; heard within our own AS only. */
  readonly localPreference?: number;
  /** Seconds that both sides keep routes after the restart time, as a last resort (RFC 9494). */
  readonly longLivedRestart?: number;
  /** We reflect to it what other peers of our AS say (RFC 4456). */
  readonly isClient?: boolean;
}

declare const brand: unique symbol;

/**
 * What tells one peer from another: its address, and with a link-local one its link, because every switch may have fe80::1:
 * `fe80::1%eth1`.
 */
export type PeerKey = Address | (string & { readonly [brand]: 'PeerOnLink' });

export function peerKey({ address, device }: Pick<Peer, 'address' | 'device'>): PeerKey {
  return device === undefined ? address : (`${address}%${device}` as PeerKey);
}

/** The address in it. */
export function addressOfPeer(key: PeerKey): Address {
  return key.split('%', 1)[0] as Address;
}

/** A peer that is named by the place it is at; its address has to be found there. */
export interface SoughtPeer extends Omit<Peer, 'address' | 'device'> {
  /** The one neighbour on a link, or the default gateway of the first of `families`. */
  readonly where: Where;
  /** Why it was not found so far; absent before the first look. */
  readonly reason?: string;
}

/** A place at which one peer is. */
export type Where = { readonly device: string } | { readonly gateway: true };

/** From where peers may come that are not known one by one. Their settings are the same for all of them. */
export interface ListenRange extends Omit<Peer, 'address' | 'device' | 'localAddress' | 'passive'> {
  readonly prefix: Prefix;
}

/** What holds for paths of this peer: its own settings, or else those of the range that it comes by. */
export function settingsOf(
  { peers, ranges = [] }: Pick<Speaker, 'peers' | 'ranges'>,
  key: PeerKey,
): Peer | ListenRange | undefined {
  const found = peers.find((peer) => peerKey(peer) === key);
  return found ?? ranges.find(({ prefix }) => contains(prefix, addressOfPeer(key)));
}

/** What is taken from no peer. */
export interface Guards {
  /** Nothing that lies in one of these, besides what the node has itself. */
  readonly protected: readonly Prefix[];
  /** Nothing shorter than `ge` or longer than `le` bits; the default route has a rule of its own. */
  readonly lengths: Readonly<Record<Family, { readonly ge: number; readonly le: number }>>;
}

/** Nobody was given less than a /8, and a fabric's IPv6 begins far below /16. */
export const DEFAULT_GUARDS: Guards = { protected: [], lengths: { 4: { ge: 8, le: 32 }, 6: { ge: 16, le: 128 } } };

/** Times of a BGP session, in seconds. */
export interface Timers {
  readonly hold: number;
  readonly keepalive: number;
  readonly connectRetry: number;
}

/** Bidirectional forwarding detection: intervals in ms, and how many heartbeats in a row make a loss. */
export interface Bfd {
  readonly minTx: number;
  readonly minRx: number;
  readonly multiplier: number;
}

/** How this node speaks BGP. */
export interface Speaker {
  readonly asn: number;
  readonly routerId: Address;
  /** TCP port to listen on; -1 does not listen. */
  readonly listenPort: number;
  readonly listenAddresses: readonly Address[];
  readonly timers: Timers;
  /** Graceful restart time in seconds (RFC 4724); 0 turns it off. */
  readonly restartTime: number;
  /**
   * IPv6 next hop of what we announce, needed only where IPv6 is spoken over an IPv4 session: such a session has no IPv6
   * address of its own. Absent: the address on the link to that peer; and on IPv6 sessions, each session's own.
   */
  readonly nextHop6?: Address;
  /** This node is a route reflector for those of its peers that are clients. */
  readonly reflector?: { readonly clusterId: Address };
  readonly peers: readonly Peer[];
  /** Peers whose addresses are not in the configuration; what is found joins `peers`. */
  readonly sought?: readonly SoughtPeer[];
  /** From where others may come; no two overlap. */
  readonly ranges?: readonly ListenRange[];
  /** Absent: DEFAULT_GUARDS. */
  readonly guards?: Guards;
}

/** What a peer did when it was greeted past gobgpd, by a stranger from this node: over TCP, without password and TTL security. */
export type Greeting =
  /** It answers, and says no: nothing listens there. */
  | { readonly kind: 'refused' }
  /** The kernel knows no way to it, or nobody has its address. */
  | { readonly kind: 'unreachable'; readonly code: string }
  | { readonly kind: 'silent' }
  /** It ends the connection without a word. */
  | { readonly kind: 'closed' }
  /** It has said who it is; and then, to our OPEN. */
  | { readonly kind: 'open'; readonly asn: number; readonly routerId: string; readonly reply: Reply };

/** To our OPEN: it takes it, or says nothing, or ends the connection, maybe with a NOTIFICATION (RFC 4271 section 4.5). */
export type Reply = 'taken' | 'silent' | 'closed' | { readonly code: number; readonly subcode: number };

/** What a peer's session does now, in gobgpd's words made ours. */
export interface PeerState {
  readonly address: Address;
  readonly asn: number;
  readonly session: 'idle' | 'connect' | 'active' | 'opensent' | 'openconfirm' | 'established' | 'unknown';
  /** Families for which the peer has said everything (End-of-RIB, RFC 4724). */
  readonly endOfRib: readonly Family[];
  /** The link of a link-local address. */
  readonly device?: string;
  /** Since when the session stands, in seconds of Unix time. Absent: it does not. */
  readonly since?: number;
  /** gobgpd has ended the session because the peer sent more than `maxPrefixes`. */
  readonly overLimit?: boolean;
  /** It is not in the configuration: it came by a listen range. */
  readonly cameByRange?: boolean;
  /** How often the session was lost since gobgpd knows the peer; 3.10 does not count. */
  readonly losses?: number;
  /** BGP messages that came from it since gobgpd knows it. */
  readonly heard?: number;
  /** How many of these were UPDATEs: routes, or End-of-RIB. */
  readonly updates?: number;
  /** Does its fast heartbeat come? Absent: gobgpd was not asked for one, or is one that has none. */
  readonly isBfdUp?: boolean;
  /** How the peer ended the last session. Absent: it did not, or nobody noted it. */
  readonly goodbye?: Goodbye;
}

/** A NOTIFICATION of the peer (RFC 4271 section 4.5, RFC 4486). */
export interface Goodbye {
  readonly code: number;
  readonly subcode: number;
  /** How many prefixes of a family it lets in, where that was the reason. */
  readonly limit?: number;
}
