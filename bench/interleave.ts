/**
 * The order in which things are measured: round by round, each contender in each, so that a machine that slows down slows
 * all of them; and every round begins with another one, so that none always comes after the same.
 */

/** Measures each contender once a round. The first rounds are for warming up and do not count. */
export async function interleave<C>(
  contenders: readonly C[],
  { rounds, warm = 0 }: { readonly rounds: number; readonly warm?: number },
  measure: (contender: C, round: number, counts: boolean) => Promise<void>,
): Promise<void> {
  for (let round = 0; round < warm + rounds; round++) {
    for (const i of contenders.keys()) {
      await measure(contenders[(round + i) % contenders.length]!, round, round >= warm);
    }
  }
}
