/** Prefixes taken apart once: a path is compared with dozens of them, and there are many paths. */
import { baseOf, bytesOf, lengthOf, type Prefix, sameBits } from '../model/address.js';

/** The 4 or 16 bytes of a prefix, and how many of their bits count. */
export interface PrefixBytes {
  readonly bytes: Uint8Array;
  readonly length: number;
}

export function prefixBytes(of: Prefix): PrefixBytes {
  return { bytes: bytesOf(baseOf(of)), length: lengthOf(of) };
}

/** Is `inner` the same prefix as `outer`, or a part of it? */
export function holds(outer: PrefixBytes, inner: PrefixBytes): boolean {
  if (outer.bytes.length !== inner.bytes.length || outer.length > inner.length) return false;
  return sameBits(outer.bytes, inner.bytes, outer.length);
}
