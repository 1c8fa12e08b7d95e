/**
 * The order in which things are measured: round by round, each contender in each, so that a machine that slows down slows
 * all of them; and every round begins with another one, so that none always comes after the same.
 */

/** How often. */
export interface Rounds {
  readonly rounds: number;
  /** So many more in the beginning, which do not count. */
  readonly warm?: number;
  /** Seconds after which no further round begins: two rounds of something slow say more than a run that nobody awaits. */
  readonly budget?: number;
}

/** Measures each contender once a round. */
export async function interleave<C>(
  contenders: readonly C[],
  { rounds, warm = 0, budget = Number.POSITIVE_INFINITY }: Rounds,
  measure: (contender: C, round: number, counts: boolean) => Promise<void>,
): Promise<void> {
  const end = performance.now() + budget * 1000;
  for (let round = 0; round < warm + rounds && (round === 0 || performance.now() < end); round++) {
    for (const i of contenders.keys()) {
      await measure(contenders[(round + i) % contenders.length]!, round, round >= warm);
    }
  }
}
