/** How we stand with gobgpd and its peers, from memory. */
import type { BgpStanding } from '../decide/readiness.js';
import { type Address, contains } from '../model/address.js';
import type { Duty } from '../model/duty.js';
import { type ListenRange, type PeerState, peerKey, type SoughtPeer } from '../model/peer.js';
import type { Peering } from './peering.js';

/** A peer of the configuration and its session, as gobgpd last told it. */
export interface SessionStanding extends Partial<Pick<PeerState, 'since' | 'losses'>> {
  readonly peer: Pick<SoughtPeer, 'name' | 'asn'>;
  /** Absent: it has not been found. */
  readonly address?: Address;
  readonly established: boolean;
  /** How often in a row it came up and soon went again. */
  readonly flaps: number;
}

/** One a peer that is named in the configuration, found or not. */
export function sessionsOf(peering: Peering): SessionStanding[] {
  const { speaker, states } = peering;
  const found = speaker.peers.map((peer): SessionStanding => {
    const state = states.find((one) => peerKey(one) === peerKey(peer));
    const { since, losses } = state ?? {};
    return {
      peer,
      address: peer.address,
      established: state?.session === 'established',
      flaps: peering.flaps(peerKey(peer)),
      ...(since !== undefined && { since }),
      ...(losses !== undefined && { losses }),
    };
  });
  return [...found, ...(speaker.sought ?? []).map((peer) => ({ peer, established: false, flaps: 0 }))];
}

/** Those whose sessions stand and who came by this range. A peer that is named is none of them, though its address lies there. */
export function cameBy({ prefix }: Pick<ListenRange, 'prefix'>, states: readonly PeerState[]): PeerState[] {
  return states.filter(
    ({ cameByRange, session, address }) => cameByRange && session === 'established' && contains(prefix, address),
  );
}

export function standingOf(
  peering: Pick<Peering, 'away' | 'admitted' | 'speaker' | 'states' | 'reason'>,
  duty: Duty,
): BgpStanding {
  const { away, admitted, speaker, states } = peering;
  const established = new Set(states.filter(({ session }) => session === 'established').map(peerKey));
  return {
    away,
    admitted,
    isDrained: duty !== 'on',
    peers: [
      ...speaker.peers.map((peer) => ({
        name: peer.name,
        key: peerKey(peer),
        established: established.has(peerKey(peer)),
        reason: peering.reason(peerKey(peer)),
      })),
      ...(speaker.sought ?? []).map(({ name, reason }) => ({ name, established: false, reason })),
      ...(speaker.ranges ?? []).map((range) => ({
        name: range.name,
        established: cameBy(range, states).length > 0,
        reason: `nobody has come from ${range.prefix}`,
      })),
    ],
  };
}
