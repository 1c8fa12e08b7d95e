/**
 * Tells a gobgpd that hangs from one that works. A hang is worse than a crash: peers withdraw everything when the hold time
 * is over, and graceful restart does not apply. So it must be found, and killed, before a third of the hold time is gone.
 */
import { setTimeout as sleep } from 'node:timers/promises';
import { isAlive } from '../gobgp/alive.js';

/** Asked each fifteenth of the hold time, it has as long to answer, and the third miss is one too many: 0.27 of it at the latest. */
const PERIOD = 1 / 15;
const MISSES = 3;
/** Before its first answer it is starting, which takes 50 ms, and has no session that could time out. */
const START_MS = 10_000;
const START_PERIOD_MS = 50;

/** Waits ten seconds for the first answer; returns whether it came. Rejects when the signal comes first. */
export async function untilItAnswers(api: string, signal: AbortSignal): Promise<boolean> {
  const end = performance.now() + START_MS;
  while (!(await isAlive(api, START_MS))) {
    if (performance.now() >= end) return false;
    await sleep(START_PERIOD_MS, undefined, { signal });
  }
  return true;
}

/** Returns when gobgpd hangs; rejects when the signal comes first. */
export async function untilItHangs(api: string, holdSeconds: number, signal: AbortSignal): Promise<void> {
  const period = holdSeconds * 1000 * PERIOD;
  for (let misses = 0; misses < MISSES; ) {
    const asked = performance.now();
    const alive = await isAlive(api, period);
    const took = performance.now() - asked;
    if (alive) misses = 0;
    // An answer that was awaited for far too long tells of our own sleep (a suspended or starved host), not of gobgpd's.
    else if (took < 2 * period) misses++;
    await sleep(Math.max(0, period - took), undefined, { signal });
  }
}
