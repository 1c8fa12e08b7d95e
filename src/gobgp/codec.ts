/**
 * What an API generation of GoBGP has to provide: its calls, with our own plain records on our side of each.
 *
 * A `WirePath` or `WirePeer` is GoBGP's message without its clothes: the same fields, no protobuf, nothing checked yet.
 * `encode.ts`, `decode.ts` and `peers.ts` give them meaning, once for all generations; `api-3.ts` and `api-4.ts` know only bytes.
 */
import type { Family, Prefix } from '../model/address.js';
import type { Bfd } from '../model/peer.js';
import type { TargetParts } from '../model/route-target.js';

/** One RPC: where it lives, and how its two messages become bytes. */
export interface Rpc<Request, Reply> {
  /** gRPC's path: `/package.Service/Method`. */
  readonly path: string;
  readonly encode: (request: Request) => Buffer;
  readonly decode: (bytes: Buffer) => Reply;
}

/** One generation of GoBGP's API. */
export interface Codec {
  /** For people: `3.x (apipb.GobgpApi)`. */
  readonly name: string;
  readonly getBgp: Rpc<null, WireGlobal>;
  readonly startBgp: Rpc<WireGlobal, undefined>;
  readonly addPath: Rpc<WirePath, undefined>;
  /** Client stream of one message, many paths. An unusable path fails the whole message, and the reply is the only answer. */
  readonly addPathStream: Rpc<readonly WirePath[], undefined>;
  /** Server stream: each message is all paths of one prefix. */
  readonly listPath: Rpc<Family, readonly Received[]>;
  /** The same of exactly these prefixes, which are all of one family. */
  readonly findPath: Rpc<readonly Prefix[], readonly Received[]>;
  /** Server stream: `ready`, then each path of a peer that comes or goes, whether the best or not, and peers' states. */
  readonly watchEvent: Rpc<Subject | 'sessions', WireEvent>;
  readonly addPeer: Rpc<WirePeer, undefined>;
  /** Lets nobody in from this address, whatever ranges it lies in, until the peer is deleted. */
  readonly keepOut: Rpc<Pick<WirePeer, 'address' | 'asn' | 'description'>, undefined>;
  /** By address. */
  readonly deletePeer: Rpc<string, undefined>;
  /** Opens the session of a peer again that gobgpd has shut down. By address. */
  readonly enablePeer: Rpc<string, undefined>;
  /** Settings under a name, for peers that are not known beforehand. */
  readonly addPeerGroup: Rpc<WireRange, undefined>;
  /** By name. */
  readonly deletePeerGroup: Rpc<string, undefined>;
  /** From where peers of a group may come. */
  readonly addDynamicNeighbor: Rpc<RangeName, undefined>;
  readonly deleteDynamicNeighbor: Rpc<RangeName, undefined>;
  /** Server stream: a range each. */
  readonly listDynamicNeighbor: Rpc<null, RangeName>;
  readonly addDefinedSet: Rpc<WireSet, undefined>;
  /** The same, with the list instead of what there was. Releases before 3.21 add to that. */
  readonly replaceDefinedSet: Rpc<WireSet, undefined>;
  /** Server stream: the list of a set of this name and kind. */
  readonly listDefinedSet: Rpc<Pick<WireSet, 'name' | 'kind'>, readonly string[]>;
  readonly addPolicy: Rpc<WirePolicy, undefined>;
  /** By name. */
  readonly deletePolicy: Rpc<string, undefined>;
  /** Server stream: names of the policies over what every peer hears. */
  readonly listExportPolicies: Rpc<null, readonly string[]>;
  /** By name: this policy alone, and what it does not accept is not said. */
  readonly setExportPolicy: Rpc<string, undefined>;
  /** Says everything again to this peer, or to every one, under the policy in force. */
  readonly sayAgain: Rpc<string | null, undefined>;
  /** Server stream: a peer each. */
  readonly listPeer: Rpc<null, ListedPeer>;
  readonly hasBfd: boolean;
  /** Does every release of this generation sign sessions that come by a range (TCP MD5)? In 3.x, those from 3.21 on do. */
  readonly signsRanges: boolean;
  /** Who came by a range and has sent too much is forgotten at once, and let in again. */
  readonly forgetsExcess: boolean;
  /** How to tell the releases of this generation that are not fit for us; without it, all are. */
  readonly oldRelease?: OldRelease;
}

/** A question that every release refuses, and that changes nothing. */
export interface OldRelease {
  readonly question: Rpc<null, undefined>;
  /** The refusal of those that are not fit. */
  readonly answer: string;
  /** For people: which they are, what is wrong with them, what to run instead. */
  readonly reason: string;
}

/** The daemon's own settings. `asn` 0: BGP has not been started. */
export interface WireGlobal {
  readonly asn: number;
  readonly routerId: string;
  readonly listenPort: number;
  readonly listenAddresses: readonly string[];
}

/** One path of plain unicast, field by field. */
export interface WirePath {
  readonly family: Family;
  readonly base: string;
  readonly length: number;
  /** From NEXT_HOP, or MP_REACH: there IPv6's global address comes first, a link-local one second (RFC 2545). */
  readonly nextHops: readonly string[];
  /** Route targets only; other communities do not pass this door. */
  readonly targets: readonly TargetParts[];
  readonly asPath: readonly number[];
  readonly rank: WireRank;
  /** The peer's address, maybe with a zone; empty when the path is our own. */
  readonly neighbour: string;
  readonly withdrawn: boolean;
}

/** What ranks a path among others; absent where nothing was said. */
export interface WireRank {
  readonly origin?: number;
  readonly med?: number;
  readonly localPref?: number;
  /** 32 bits each. */
  readonly communities?: readonly number[];
  /** Heard from another AS. */
  readonly external?: boolean;
}

/** A path that could not be taken apart at all. */
export interface Unreadable {
  readonly unreadable: string;
}

/** One path as it came in, or why it is none. */
export type Received = WirePath | Unreadable;

/**
 * What a watch tells of paths: each UPDATE as a peer wrote it, or each path as it is after whatever gobgpd has done, which
 * costs both sides twice as much.
 */
export type Subject = 'updates' | 'outcomes';

/** One message of the watch. */
export type WireEvent =
  | { readonly kind: 'table'; readonly paths: readonly Received[] }
  /** A peer's session changed its state. */
  | {
      readonly kind: 'peer';
      /** The peer's address, when gobgpd has just ended the session because of too many paths. */
      readonly overLimit?: string;
    }
  /** The watch is registered: from here on, nothing is missed. */
  | { readonly kind: 'ready' }
  | { readonly kind: 'other' };

/** A peer's configuration as gobgpd holds it. Times in seconds. */
export interface WirePeer {
  readonly address: string;
  readonly asn: number;
  readonly description: string;
  /** Empty: no TCP MD5. */
  readonly password: string;
  readonly passive: boolean;
  /** 0: directly connected. */
  readonly multihop: number;
  /** Hops that its packets may have made at most (GTSM, RFC 5082); 0: not looked at. */
  readonly ttlSecurity: number;
  /** Where our side of the session is. Empty: the kernel chooses, and a listed peer tells what it chose. */
  readonly localAddress: string;
  /** Absent: none; 3.x has none at all. */
  readonly bfd?: Bfd;
  /** How many paths of each family end the session; 0: no number does. */
  readonly maxPrefixes: number;
  readonly families: readonly Family[];
  readonly hold: number;
  readonly keepalive: number;
  readonly connectRetry: number;
  /** 0: graceful restart is off. */
  readonly restartTime: number;
  /** With `localRestarting`, our routes are held back until every peer has spoken, or for so long. */
  readonly deferral: number;
  readonly localRestarting: boolean;
  /** Seconds that it keeps our routes after that, as a last resort (RFC 9494); 0: not at all. */
  readonly longLivedRestart: number;
  /** What other peers of our AS say is passed on to it, with this cluster id (RFC 4456). Empty: it is no client. */
  readonly reflectedAs: string;
}

/** From where peers may come, and the name of the group that has their settings. */
export interface RangeName {
  readonly prefix: string;
  readonly group: string;
}

/** The same with those settings; `address` and `passive` of them mean nothing. */
export interface WireRange extends RangeName {
  readonly peer: WirePeer;
}

/** What peers may hear: statements are tried in their order, until one has a verdict. */
export interface WirePolicy {
  readonly name: string;
  readonly sets: readonly WireSet[];
  readonly statements: readonly WireStatement[];
}

/** Something that statements ask for by its name. */
export interface WireSet {
  readonly name: string;
  readonly kind: 'neighbour' | 'community';
  /** Prefixes of neighbours, regular expressions of communities. */
  readonly list: readonly string[];
}

/** Conditions, all of which must hold; and what is done then. */
export interface WireStatement {
  readonly name: string;
  /** Set of the neighbours that hear it. */
  readonly neighbour?: string;
  /** Set of the neighbours that do not. */
  readonly except?: string;
  /** Set of communities, one of which it has. */
  readonly with?: string;
  /** Set of communities, none of which it has. */
  readonly without?: string;
  /** Who said it: we ourselves, or a peer of our own AS. */
  readonly origin?: 'local' | 'internal';
  /** Added to what it has. */
  readonly communities?: readonly string[];
  readonly largeCommunities?: readonly string[];
  /** Regular expressions of communities that are taken off. */
  readonly strip?: readonly string[];
  readonly localPreference?: number;
  readonly verdict?: 'accept' | 'reject';
}

/** A peer as gobgpd lists it. */
export type ListedPeer = WirePeer & WirePeerState;

/** GoBGP's number of a session that stands: the same in all generations. */
export const ESTABLISHED = 6;

/** What its session does. */
export interface WirePeerState {
  /** GoBGP's number, 0 unknown, 1 idle .. ESTABLISHED. */
  readonly session: number;
  /** gobgpd has shut the session down because of `maxPrefixes`, and will not open it again by itself. */
  readonly overLimit: boolean;
  /** Since when the session stands, in seconds of Unix time; 0: it does not. */
  readonly since: number;
  /** The group of the range that it came by; empty: it was added. */
  readonly group: string;
  /** How often the session was lost. */
  readonly losses: number;
  /** Messages that came, of all sessions with it. */
  readonly heard: number;
  /** How many of these were UPDATEs. */
  readonly updates: number;
  /** Do heartbeats come? Absent: none are asked for. */
  readonly isBfdUp?: boolean;
  readonly tables: readonly WireTable[];
}

/** What a peer has said so far in one family. */
export interface WireTable {
  readonly family: Family;
  /** How many paths it has sent. */
  readonly received: number;
  /** Both sides named this family in their graceful restart capability: an End-of-RIB will come (RFC 4724 section 3). */
  readonly graceful: boolean;
  readonly endOfRib: boolean;
}
