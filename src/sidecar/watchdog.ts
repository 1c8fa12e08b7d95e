/**
 * Tells a gobgpd that hangs from one that works. A hang is worse than a crash: peers withdraw everything when the hold time
 * is over, and graceful restart does not apply. So it must be found, and killed, before a third of the hold time is gone.
 *
 * One that computes is another matter: it has 100,000 paths to go through, or other processes leave it little of the
 * processor, and its sessions live on meanwhile. So it has more time, but not for ever: what spins hangs too.
 */
import { setTimeout as sleep } from 'node:timers/promises';
import { isAlive } from '../gobgp/alive.js';

/**
 * Asked each fifteenth of the hold time, it has as long to answer, and the third miss is one too many: 0.27 of it at the
 * latest.
 */
const PERIOD = 1 / 15;
const MISSES = 3;
/** What a miss of one that computes counts for: the ninth is one too many, at 0.67 of the hold time. */
const BUSY_MISS = 1 / 3;
/** Of a period on the processor, by which one computes that gets little of it; one that stands still has a thousandth. */
const BUSY_SHARE = 1 / 30;
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

/**
 * Returns when gobgpd hangs; rejects when the signal comes first.
 * @param worked milliseconds that it has computed since its start
 */
export async function untilItHangs(
  api: string,
  holdSeconds: number,
  worked: () => number,
  signal: AbortSignal,
): Promise<void> {
  const period = holdSeconds * 1000 * PERIOD;
  // Thirds do not add up to whole numbers.
  for (let misses = 0; misses < MISSES - BUSY_MISS / 2; ) {
    const [asked, before] = [performance.now(), worked()];
    const alive = await isAlive(api, period);
    const took = performance.now() - asked;
    if (alive) misses = 0;
    // An answer that was awaited for far too long tells of our own sleep (a suspended or starved host), not of gobgpd's.
    else if (took < 2 * period) misses += worked() - before >= period * BUSY_SHARE ? BUSY_MISS : 1;
    await sleep(Math.max(0, period - took), undefined, { signal });
  }
}
