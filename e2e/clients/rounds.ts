/** How often the loops go round: few in `npm test`, as many as you like by `npm run clients -- --rounds 100`. */

/** The rounds of one loop: what was asked for, or what fits into `npm test`. */
export function rounds(usual: number): number {
  return Number(process.env.SLASH32_TEST_ROUNDS ?? usual);
}

/** 1 to count, one after the other. */
export async function repeat(count: number, round: (number: number) => Promise<void>): Promise<void> {
  for (let number = 1; number <= count; number++) await round(number);
}
