/** How we stand with gobgpd and its peers, from memory. */
import type { BgpStanding } from '../decide/readiness.js';
import { contains } from '../model/address.js';
import type { Duty } from '../model/duty.js';
import type { Peering } from './peering.js';

export function standingOf(peering: Peering, duty: Duty): BgpStanding {
  const { away, admitted, speaker, states } = peering;
  const established = new Set(states.filter(({ session }) => session === 'established').map(({ address }) => address));
  return {
    away,
    admitted,
    isDrained: duty !== 'on',
    peers: [
      ...speaker.peers.map(({ name, address }) => ({
        name,
        established: established.has(address),
        reason: peering.reason(address),
      })),
      ...(speaker.sought ?? []).map(({ name, reason }) => ({ name, established: false, reason })),
      ...(speaker.ranges ?? []).map(({ name, prefix }) => ({
        name,
        established: [...established].some((address) => contains(prefix, address)),
        reason: `nobody has come from ${prefix}`,
      })),
    ],
  };
}
