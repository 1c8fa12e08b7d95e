/** Peers in GoBGP's API, configuration in, configuration and state out: what we use of them is the same in 3.x and 4.x. */
import type { Family } from '../model/address.js';
import type { ListedPeer, WirePeer, WireTable } from './codec.js';

/** With local_restarting, everything is held back until each peer has spoken, or for so long. GoBGP's default: 6 minutes. */
const DEFERRAL_SECONDS = 15;

/** What we read of a Peer. uint64 comes as Long, which Number() cannot take but String() can. */
export interface ApiPeer {
  readonly conf: { neighborAddress: string; peerAsn: number; authPassword: string; description: string } | null;
  readonly ebgpMultihop: { enabled: boolean; multihopTtl: number } | null;
  readonly state: { sessionState: number } | null;
  readonly timers: { config: { connectRetry: unknown; holdTime: unknown; keepaliveInterval: unknown } | null } | null;
  readonly transport: { passiveMode: boolean } | null;
  readonly gracefulRestart: { enabled: boolean; restartTime: number; localRestarting: boolean } | null;
  readonly afiSafis: readonly ApiAfiSafi[];
}

interface ApiAfiSafi {
  readonly config: { family: { afi: number; safi: number } | null } | null;
  readonly mpGracefulRestart: {
    state: { received: boolean; advertised: boolean; endOfRibReceived: boolean } | null;
  } | null;
  readonly state: { received: unknown } | null;
}

/** A Peer to add. */
export function peerMessage(peer: WirePeer): object {
  const graceful = peer.restartTime > 0;
  return {
    conf: {
      neighborAddress: peer.address,
      peerAsn: peer.asn,
      authPassword: peer.password,
      description: peer.description,
    },
    timers: {
      config: { holdTime: peer.hold, keepaliveInterval: peer.keepalive, connectRetry: peer.connectRetry },
    },
    transport: { passiveMode: peer.passive },
    ebgpMultihop: { enabled: peer.multihop > 0, multihopTtl: peer.multihop },
    gracefulRestart: {
      enabled: graceful,
      restartTime: peer.restartTime,
      deferralTime: DEFERRAL_SECONDS,
      // With it, a node that dies silently is black-holed for the restart time on top of the hold time (RFC 8538).
      notificationEnabled: false,
      localRestarting: graceful && peer.localRestarting,
    },
    afiSafis: peer.families.map((family) => ({
      config: { family: { afi: family === 4 ? 1 : 2, safi: 1 }, enabled: true },
      mpGracefulRestart: { config: { enabled: graceful } },
    })),
  };
}

/** A Peer as ListPeer tells it. */
export function readPeer(peer: ApiPeer | null): ListedPeer {
  const [conf, timers, graceful] = [peer?.conf, peer?.timers?.config, peer?.gracefulRestart];
  const afiSafis = peer?.afiSafis ?? [];
  return {
    address: conf?.neighborAddress ?? '',
    asn: conf?.peerAsn ?? 0,
    description: conf?.description ?? '',
    password: conf?.authPassword ?? '',
    passive: peer?.transport?.passiveMode ?? false,
    multihop: peer?.ebgpMultihop?.enabled ? peer.ebgpMultihop.multihopTtl : 0,
    families: afiSafis.flatMap(familyOf),
    hold: count(timers?.holdTime),
    keepalive: count(timers?.keepaliveInterval),
    connectRetry: count(timers?.connectRetry),
    restartTime: graceful?.enabled ? graceful.restartTime : 0,
    localRestarting: graceful?.localRestarting ?? false,
    session: peer?.state?.sessionState ?? 0,
    tables: afiSafis.flatMap(readTable),
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

function familyOf(afiSafi: ApiAfiSafi): Family[] {
  const family = afiSafi.config?.family;
  if (family?.safi !== 1) return [];
  return family.afi === 1 ? [4] : family.afi === 2 ? [6] : [];
}

function count(value: unknown): number {
  return Number(String(value ?? 0));
}
