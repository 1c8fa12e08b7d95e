/** The candidate somebody most likely meant, or none: at most two typos away, or one word within the other. */
export function didYouMean(word: string, candidates: readonly string[]): string | undefined {
  const wanted = word.slice(0, 64).toLowerCase();
  let [best, least] = [undefined as string | undefined, 3];
  for (const candidate of candidates) {
    const distance = within(wanted, candidate.toLowerCase()) ? 1 : typos(wanted, candidate.toLowerCase());
    if (distance < least && distance < candidate.length) [best, least] = [candidate, distance];
  }
  return best;
}

/** `password` for `passwordFile`, `peer` for `peers`; but `t` is not within `targets`. */
function within(a: string, b: string): boolean {
  return Math.min(a.length, b.length) >= 4 && (a.startsWith(b) || b.startsWith(a));
}

/** Levenshtein distance: letters to add, drop or change. */
function typos(a: string, b: string): number {
  let previous = Array.from({ length: b.length + 1 }, (_, i) => i);
  for (let i = 1; i <= a.length; i++) {
    const row = [i];
    for (let j = 1; j <= b.length; j++) {
      const change = previous[j - 1]! + (a[i - 1] === b[j - 1] ? 0 : 1);
      row.push(Math.min(change, previous[j]! + 1, row[j - 1]! + 1));
    }
    previous = row;
  }
  return previous[b.length]!;
}
