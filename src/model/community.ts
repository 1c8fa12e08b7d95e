/** Communities: marks on a path that its receivers act on. Canonical text, so that equality is `===`. */

declare const standard: unique symbol;
declare const large: unique symbol;

/** A standard community (RFC 1997): `65000:100`, two 16-bit numbers. */
export type Community = string & { readonly [standard]: true };
/** A large community (RFC 8092): `4200000000:1:2`, three 32-bit numbers. */
export type LargeCommunity = string & { readonly [large]: true };

/** Whoever sends this path is about to leave: use another one (RFC 8326). */
export const GRACEFUL_SHUTDOWN = '65535:0' as Community;
/** Kept beyond its time, because its sender has lost the one it came from (RFC 9494). */
export const LLGR_STALE = '65535:6' as Community;

/** Names that network engineers know (IANA, BGP Well-known Communities). */
const WELL_KNOWN: Readonly<Record<string, Community>> = {
  'graceful-shutdown': GRACEFUL_SHUTDOWN,
  'no-llgr': '65535:7' as Community,
  blackhole: '65535:666' as Community,
  'no-export': '65535:65281' as Community,
  'no-advertise': '65535:65282' as Community,
};

/** Parses a standard community, or its well-known name. Throws RangeError. */
export function standardCommunity(text: string): Community {
  const numbers = numbersOf(text, 2, 0xffff);
  const found = Object.hasOwn(WELL_KNOWN, text) ? WELL_KNOWN[text] : numbers?.join(':');
  if (found !== undefined) return found as Community;
  const names = Object.keys(WELL_KNOWN).join(', ');
  throw new RangeError(`not a community: "${text}" (expected two numbers up to 65535, like 65000:100, or ${names})`);
}

/** Parses a large community. Throws RangeError. */
export function largeCommunity(text: string): LargeCommunity {
  const numbers = numbersOf(text, 3, 0xffff_ffff);
  if (numbers) return numbers.join(':') as LargeCommunity;
  throw new RangeError(`not a large community: "${text}" (expected three numbers up to 4294967295, like 65000:1:2)`);
}

/** The community that a 32-bit number of the wire is. */
export function communityFrom(value: number): Community {
  return `${value >>> 16}:${value & 0xffff}` as Community;
}

/** Its 32 bits on the wire. */
export function communityValue(of: Community): number {
  const [high = 0, low = 0] = of.split(':').map(Number);
  return high * 0x10000 + low;
}

function numbersOf(text: string, count: number, most: number): number[] | undefined {
  const parts = text.split(':');
  if (parts.length !== count || !parts.every((part) => /^\d{1,10}$/.test(part))) return undefined;
  const numbers = parts.map(Number);
  return numbers.every((number) => number <= most) ? numbers : undefined;
}
