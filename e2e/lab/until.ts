/** Waiting for something that will become true, without guessing how long it takes. */
import { setTimeout as pause } from 'node:timers/promises';

/** How long to wait, for what. */
export interface Wait {
  /** Completes the sentence "gave up waiting for ...". */
  readonly what: string;
  /** Milliseconds; generous, because only a failure ever waits that long. */
  readonly timeout?: number;
}

/**
 * Asks again and again, more slowly each time, until the answer is neither false nor null nor undefined; returns it.
 * A condition that throws counts as "not yet", and the last reason is in the error.
 * Throws an Error that says what was waited for, how long, and what was seen last.
 */
export async function until<T>(
  condition: () => Promise<T> | T,
  { what, timeout = 60_000 }: Wait,
): Promise<Exclude<T, false | null | undefined>> {
  const start = performance.now();
  for (let between = 10; ; between = Math.min(between * 1.5, 250)) {
    const seen = await answer(condition);
    if (seen.value !== false && seen.value != null) return seen.value as Exclude<T, false | null | undefined>;
    if (performance.now() - start > timeout) {
      const said = seen.reason ? `: ${seen.reason.message}` : '';
      throw new Error(`gave up waiting for ${what} after ${(timeout / 1000).toFixed(1)} s${said}`, {
        cause: seen.reason,
      });
    }
    await pause(between);
  }
}

async function answer<T>(condition: () => Promise<T> | T): Promise<{ value?: T; reason?: Error }> {
  try {
    return { value: await condition() };
  } catch (error) {
    return { reason: error as Error };
  }
}
