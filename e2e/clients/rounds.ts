/** How often the loops go round: few in `npm test`, as many as you like by `npm run clients -- --rounds 100`. */

/** The rounds of one loop, whatever goes round in it: what was asked for, or what fits into `npm test`. */
export function rounds(usual: number): number {
  return Number(process.env.SLASH32_TEST_ROUNDS ?? usual);
}

/** For mocha, in milliseconds: what a loop may take when a round usually takes a fraction of this many seconds. */
export function patience(count: number, seconds: number): number {
  return 60_000 + count * seconds * 1000;
}

/** 1 to count, one after the other. */
export async function repeat(count: number, round: (number: number) => Promise<void>): Promise<void> {
  for (let number = 1; number <= count; number++) await round(number);
}
