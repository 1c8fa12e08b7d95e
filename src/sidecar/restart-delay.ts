/** How long to wait before gobgpd is started again. */

const FIRST_MS = 100;
const LONGEST_MS = 5_000;
/** Who lived for so long died of something new. */
const FRESH_START_MS = 30_000;

/**
 * Deaths in a row, this one included, after a life of so many milliseconds. A single death is answered at once, because
 * peers wait for us only for the restart time; a crash loop, as a poisonous peer causes it, is slowed down to one in 5 s.
 */
export function deathsInARow(before: number, lived: number): number {
  return lived >= FRESH_START_MS ? 1 : before + 1;
}

/** Milliseconds to wait after so many deaths in a row: 0, 100, 200, 400 .. 5000. */
export function restartDelay(deaths: number): number {
  return deaths <= 1 ? 0 : Math.min(FIRST_MS * 2 ** (deaths - 2), LONGEST_MS);
}
