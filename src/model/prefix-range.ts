/** Entries of prefix lists, in the words that FRR and its relatives have for them: `10.0.0.0/8 ge 24 le 32`. */
import { bitsOf, lengthOf, type Prefix, prefix } from './address.js';
import { quoted } from './quoted.js';

/** Every prefix that lies in `within` and is at least `ge` and at most `le` bits long. */
export interface PrefixRange {
  readonly within: Prefix;
  readonly ge: number;
  readonly le: number;
}

/**
 * Parses one entry. Without `ge` and `le` it means exactly that prefix; with `ge` alone everything longer too, with `le`
 * alone everything from the prefix itself up to that length. Throws RangeError that says what is wrong.
 */
export function prefixRange(text: string): PrefixRange {
  const found = /^(\S+)((?: (?:ge|le) (?:0|[1-9]\d{0,2}))*)$/.exec(text);
  const words = found?.[2]?.trim().split(' ') ?? [];
  const bound = (word: string) => (words.includes(word) ? Number(words[words.indexOf(word) + 1]) : undefined);
  if (!found || words.length > 4 || (words.length === 4 && words[0] === words[2])) {
    throw new RangeError(`not a prefix range: ${quoted(text)} (expected like 10.0.0.0/8 or 10.0.0.0/8 ge 24 le 32)`);
  }
  const within = prefix(found[1]!);
  const own = lengthOf(within);
  const [ge, le] = [bound('ge'), bound('le')];
  const range = { within, ge: ge ?? own, le: le ?? (ge === undefined ? own : bitsOf(within)) };
  if (range.ge < own || range.le < range.ge || range.le > bitsOf(within)) {
    throw new RangeError(`"${text}" matches nothing: expected ${own} <= ge <= le <= ${bitsOf(within)}`);
  }
  return range;
}
