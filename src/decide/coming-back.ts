/** How long peers have to come back and say everything again, once gobgpd has come back without a memory. */
import type { Speaker } from '../model/peer.js';

/**
 * In s. gobgpd 3.10 tries for the first time after 5 to 10 s, and FRR says its table up to 10 s after the session is up: a
 * restart time of 4 s is over before any peer can have spoken, and every heard route would go in between (measured: 0.2 to
 * 1.3 s without packets).
 */
const SOONEST = 30;

/** In seconds. What is not heard again by then is withdrawn. */
export function timeToComeBack({ restartTime, timers }: Pick<Speaker, 'restartTime' | 'timers'>): number {
  return restartTime === 0 ? timers.hold : Math.max(restartTime, timers.hold, SOONEST);
}
