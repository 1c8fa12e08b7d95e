/**
 * Tells a gobgpd that hangs from one that works. A hang is worse than a crash: peers withdraw everything when the hold time
 * is over, and graceful restart does not apply. So it must be found, and killed, before a third of the hold time is gone.
 */
import { setTimeout as sleep } from 'node:timers/promises';
import { isAlive } from '../gobgp/alive.js';

/** Asked each tenth of the hold time, it has a fifteenth to answer; the third miss is one too many: 0.3 of it at the latest. */
const PERIOD = 1 / 10;
const DEADLINE = 1 / 15;
const MISSES = 3;
/** Before its first answer it is starting, and has no session that could time out. */
const START_MS = 10_000;

/** Returns when gobgpd hangs; rejects when the signal comes first. */
export async function untilItHangs(api: string, holdSeconds: number, signal: AbortSignal): Promise<void> {
  const [period, deadline] = [holdSeconds * 1000 * PERIOD, holdSeconds * 1000 * DEADLINE];
  const began = performance.now();
  let started = false;
  for (let misses = 0; misses < MISSES; ) {
    const asked = performance.now();
    const alive = await isAlive(api, deadline);
    const took = performance.now() - asked;
    started ||= alive;
    if (alive) misses = 0;
    // An answer that was awaited for far too long tells of our own sleep (a suspended or starved host), not of gobgpd's.
    else if ((started || asked - began > START_MS) && took < 2 * deadline) misses++;
    await sleep(Math.max(0, (alive ? period : deadline) - took), undefined, { signal });
  }
}
