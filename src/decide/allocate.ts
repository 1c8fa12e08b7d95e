/** The next free address of a pool. */
import {
  type Address,
  addressAt,
  baseOf,
  bitsOf,
  familyOf,
  lengthOf,
  numberOf,
  type Prefix,
} from '../model/address.js';

/** First and last address of a pool that may be given out. */
function range(pool: Prefix): [first: bigint, last: bigint] {
  const first = numberOf(baseOf(pool));
  const size = 1n << BigInt(bitsOf(pool) - lengthOf(pool));
  if (size <= 2n) return [first, first + size - 1n];
  // Routed host by host, even .0 and .255 would work; but too much software in containers takes them for something else.
  return familyOf(pool) === 4 ? [first + 1n, first + size - 2n] : [first + 1n, first + size - 1n];
}

/**
 * Round robin: the first free address after `after`, wrapping once. Undefined when every one is taken.
 * A freed address is thus given out again as late as possible.
 */
export function nextFree(pool: Prefix, isTaken: (candidate: Address) => boolean, after?: Address): Address | undefined {
  const [first, last] = range(pool);
  const start = after === undefined ? first : numberOf(after) + 1n;
  const from = start < first || start > last ? first : start;
  return scan(from, last, pool, isTaken) ?? scan(first, from - 1n, pool, isTaken);
}

function scan(from: bigint, to: bigint, pool: Prefix, isTaken: (candidate: Address) => boolean): Address | undefined {
  for (let value = from; value <= to; value++) {
    const candidate = addressAt(value, familyOf(pool));
    if (!isTaken(candidate)) return candidate;
  }
  return undefined;
}

/** How many addresses a pool can give out. */
export function poolSize(pool: Prefix): bigint {
  const [first, last] = range(pool);
  return last - first + 1n;
}
