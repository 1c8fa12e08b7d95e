/** For tests: waits for a condition instead of for some time. */
import { setTimeout as sleep } from 'node:timers/promises';

/**
 * Looks every 10 ms; a condition that throws is not true yet. Throws, naming what was waited for, when it has not come true in
 * time.
 */
export async function until(what: string, condition: () => boolean | Promise<boolean>, seconds = 60): Promise<void> {
  const end = performance.now() + seconds * 1000;
  for (;;) {
    let reason: unknown;
    try {
      if (await condition()) return;
    } catch (error) {
      reason = error;
    }
    if (performance.now() > end) throw new Error(`not within ${seconds} s: ${what}`, { cause: reason });
    await sleep(10);
  }
}
