/** How long peers have to come back and say everything again, once gobgpd has come back without a memory. */
import type { Speaker } from '../model/peer.js';

/**
 * In s. gobgpd 3.10 tries for the first time after 5 to 10 s, and FRR says its table up to 10 s after the session is up: a
 * restart time of 4 s is over before any peer can have spoken, and every heard route would go in between (measured: 0.2 to
 * 1.3 s without packets).
 */
const SOONEST = 30;

/** In ms: so much later than it should, a peer may miss a heartbeat. */
const LATE = 250;

/**
 * In ms. So long after its heartbeats have ended, peers with BFD have noticed. A new session that stands before ends with the
 * old heartbeats, and the peer drops what it has just heard again (measured: FRR 8.4, 5 s without packets); while no session
 * stands, nothing comes of it.
 */
export function heartbeatsMissed({ peers, restartTime }: Pick<Speaker, 'peers' | 'restartTime'>): number {
  if (restartTime === 0) return 0;
  const missed = peers.flatMap(({ bfd }) => (bfd ? Math.max(bfd.minTx, bfd.minRx) * bfd.multiplier + LATE : []));
  return Math.max(0, ...missed);
}

/** In seconds. What is not heard again by then is withdrawn. */
export function timeToComeBack({ restartTime, timers }: Pick<Speaker, 'restartTime' | 'timers'>): number {
  return restartTime === 0 ? timers.hold : Math.max(restartTime, timers.hold, SOONEST);
}
