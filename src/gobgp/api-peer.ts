/** Peers in GoBGP's API, configuration in, configuration and state out: what we use of them is the same in 3.x and 4.x. */
import type { Family } from '../model/address.js';
import type { Bfd } from '../model/peer.js';
import { type ApiFamily, familyMessage, readFamily } from './api-family.js';
import {
  ESTABLISHED,
  type ListedPeer,
  type WirePeer,
  type WirePeerState,
  type WireRange,
  type WireTable,
} from './codec.js';

/** What packets start with where GTSM is on (RFC 5082). */
const TTL = 255;
/**
 * In s, as after any other loss; by default 30. BFD of 4.8 ends a session by a reset, and keeps resets for the next session
 * that it hears of while there is none.
 */
const IDLE_AFTER_RESET = 5;
/** BFD_SESSION_STATE_UP. */
const BFD_UP = 1;

/** What we read of a Peer. uint64 comes as Long, which Number() cannot take but String() can. */
export interface ApiPeer {
  readonly conf: {
    neighborAddress: string;
    peerAsn: number;
    authPassword: string;
    description: string;
    peerGroup: string;
  } | null;
  readonly ebgpMultihop: { enabled: boolean; multihopTtl: number } | null;
  readonly state: ApiPeerState | null;
  readonly timers: {
    config: { connectRetry: unknown; holdTime: unknown; keepaliveInterval: unknown } | null;
    state: { uptime: { seconds: unknown } | null } | null;
  } | null;
  readonly transport: { passiveMode: boolean; localAddress: string } | null;
  readonly ttlSecurity: { enabled: boolean; ttlMin: number } | null;
  readonly gracefulRestart: {
    enabled: boolean;
    restartTime: number;
    deferralTime: number;
    localRestarting: boolean;
  } | null;
  /** Not in 3.x. */
  readonly bfd?: ApiBfd | null;
  readonly routeReflector: { routeReflectorClient: boolean; routeReflectorClusterId: string } | null;
  readonly afiSafis: readonly ApiAfiSafi[];
}

/** Intervals in microseconds, as OpenConfig has them. */
interface ApiBfd {
  readonly enabled: boolean;
  readonly desiredMinimumTxInterval: number;
  readonly requiredMinimumReceive: number;
  readonly detectionMultiplier: number;
}

interface ApiPeerState {
  readonly sessionState: number;
  readonly adminState: number;
  readonly flops: number;
  readonly neighborAddress: string;
  readonly messages: { received: { total: unknown; update: unknown } | null } | null;
  /** Not in 3.x. */
  readonly bfdState?: { readonly sessionState: number } | null;
}

interface ApiAfiSafi {
  readonly prefixLimits: { maxPrefixes: number } | null;
  readonly longLivedGracefulRestart: { config: { restartTime: number } | null } | null;
  readonly config: { family: ApiFamily | null } | null;
  readonly mpGracefulRestart: {
    state: { received: boolean; advertised: boolean; endOfRibReceived: boolean } | null;
  } | null;
  readonly state: { received: unknown } | null;
}

/** A Peer to add. */
export function peerMessage(peer: WirePeer): object {
  return {
    conf: {
      neighborAddress: peer.address,
      peerAsn: peer.asn,
      authPassword: peer.password,
      description: peer.description,
    },
    ...sessionMessage(peer),
    ...(peer.bfd && { bfd: bfdMessage(peer.bfd) }),
  };
}

/** A Peer that nobody can be: down by the administrator's word. */
export function keptOutMessage({
  address,
  asn,
  description,
}: Pick<WirePeer, 'address' | 'asn' | 'description'>): object {
  return { conf: { neighborAddress: address, peerAsn: asn, description, adminDown: true } };
}

function bfdMessage({ minTx, minRx, multiplier }: Bfd): ApiBfd {
  return {
    enabled: true,
    desiredMinimumTxInterval: minTx * 1000,
    requiredMinimumReceive: minRx * 1000,
    detectionMultiplier: multiplier,
  };
}

function readBfd(bfd: ApiBfd): Bfd {
  const { desiredMinimumTxInterval: tx, requiredMinimumReceive: rx, detectionMultiplier: multiplier } = bfd;
  return { minTx: tx / 1000, minRx: rx / 1000, multiplier };
}

/** A PeerGroup to add. gobgpd gives its settings to whoever comes by its range. */
export function groupMessage({ group, peer }: WireRange): object {
  const conf = { peerGroupName: group, peerAsn: peer.asn, authPassword: peer.password, description: peer.description };
  return { conf, ...sessionMessage(peer), ...(peer.bfd && { bfd: bfdMessage(peer.bfd) }) };
}

function sessionMessage(peer: WirePeer): object {
  const graceful = peer.restartTime > 0;
  return {
    timers: {
      config: {
        holdTime: peer.hold,
        keepaliveInterval: peer.keepalive,
        connectRetry: peer.connectRetry,
        idleHoldTimeAfterReset: IDLE_AFTER_RESET,
      },
    },
    transport: { passiveMode: peer.passive, localAddress: peer.localAddress },
    ebgpMultihop: { enabled: peer.multihop > 0, multihopTtl: peer.multihop },
    ttlSecurity: { enabled: peer.ttlSecurity > 0, ttlMin: peer.ttlSecurity > 0 ? TTL + 1 - peer.ttlSecurity : 0 },
    gracefulRestart: {
      enabled: graceful,
      restartTime: peer.restartTime,
      deferralTime: peer.deferral,
      // With it, a node that dies silently is black-holed for the restart time on top of the hold time (RFC 8538).
      notificationEnabled: false,
      longlivedEnabled: graceful && peer.longLivedRestart > 0,
      localRestarting: graceful && peer.localRestarting,
    },
    ...(peer.reflectedAs !== '' && {
      routeReflector: { routeReflectorClient: true, routeReflectorClusterId: peer.reflectedAs },
    }),
    afiSafis: peer.families.map((family) => afiSafiMessage(familyMessage(family), graceful, peer)),
  };
}

function afiSafiMessage(family: ApiFamily, graceful: boolean, { maxPrefixes, longLivedRestart }: WirePeer): object {
  return {
    config: { family, enabled: true },
    mpGracefulRestart: { config: { enabled: graceful } },
    ...(maxPrefixes > 0 && { prefixLimits: { family, maxPrefixes } }),
    ...(longLivedRestart > 0 && {
      longLivedGracefulRestart: { config: { enabled: graceful, restartTime: longLivedRestart } },
    }),
  };
}

/** A Peer as ListPeer tells it. `overLimit` is this generation's number for one that has sent too many paths. */
export function readPeer(peer: ApiPeer | null, overLimit: number): ListedPeer {
  const [conf, timers, graceful] = [peer?.conf, peer?.timers?.config, peer?.gracefulRestart];
  const afiSafis = peer?.afiSafis ?? [];
  return {
    // Who came by a range has no configured address: none in 3.x, "invalid IP" in 4.8.
    address: (conf?.peerGroup ? peer?.state?.neighborAddress : conf?.neighborAddress) ?? '',
    asn: conf?.peerAsn ?? 0,
    description: conf?.description ?? '',
    password: conf?.authPassword ?? '',
    passive: peer?.transport?.passiveMode ?? false,
    multihop: peer?.ebgpMultihop?.enabled ? peer.ebgpMultihop.multihopTtl : 0,
    ttlSecurity: peer?.ttlSecurity?.enabled ? TTL + 1 - peer.ttlSecurity.ttlMin : 0,
    localAddress: peer?.transport?.localAddress ?? '',
    maxPrefixes: afiSafis[0]?.prefixLimits?.maxPrefixes ?? 0,
    families: afiSafis.flatMap(familyOf),
    hold: count(timers?.holdTime),
    keepalive: count(timers?.keepaliveInterval),
    connectRetry: count(timers?.connectRetry),
    restartTime: graceful?.enabled ? graceful.restartTime : 0,
    deferral: graceful?.deferralTime ?? 0,
    localRestarting: graceful?.localRestarting ?? false,
    longLivedRestart: afiSafis[0]?.longLivedGracefulRestart?.config?.restartTime ?? 0,
    reflectedAs: peer?.routeReflector?.routeReflectorClient ? peer.routeReflector.routeReflectorClusterId : '',
    ...(peer?.bfd?.enabled && { bfd: readBfd(peer.bfd) }),
    group: conf?.peerGroup ?? '',
    ...stateOf(peer, overLimit),
    tables: afiSafis.flatMap(readTable),
  };
}

function stateOf(peer: ApiPeer | null, overLimit: number): Omit<WirePeerState, 'tables' | 'group'> {
  const state = peer?.state;
  const session = state?.sessionState ?? 0;
  return {
    session,
    overLimit: state?.adminState === overLimit,
    since: session === ESTABLISHED ? count(peer?.timers?.state?.uptime?.seconds) : 0,
    losses: state?.flops ?? 0,
    heard: count(state?.messages?.received?.total),
    updates: count(state?.messages?.received?.update),
    ...(peer?.bfd?.enabled && { isBfdUp: state?.bfdState?.sessionState === BFD_UP }),
  };
}

function readTable(afiSafi: ApiAfiSafi): WireTable[] {
  const graceful = afiSafi.mpGracefulRestart?.state;
  return familyOf(afiSafi).map((family) => ({
    family,
    received: count(afiSafi.state?.received),
    graceful: (graceful?.received && graceful.advertised) ?? false,
    endOfRib: graceful?.endOfRibReceived ?? false,
  }));
}

function familyOf({ config }: ApiAfiSafi): Family[] {
  return [readFamily(config?.family)].filter((family) => family !== undefined);
}

function count(value: unknown): number {
  return Number(String(value ?? 0));
}
