/**
 * IP addresses and prefixes as canonical text.
 *
 * Inside slash32 an address is a string in its one canonical form (RFC 5952 for IPv6), so that equality is `===`, a
 * prefix is a Map key, and a record or a log line needs no printer. Text from outside is parsed once, here, strictly:
 * `010.1.1.1`, `10.1`, `fe80::1%eth0` and `10.0.0.5/24` are refused, because libraries disagree on what they mean.
 */

import { quoted } from './quoted.js';

declare const brand: unique symbol;

/** One IP address in canonical text: `10.20.1.10`, `2001:db8::a`. */
export type Address = string & { readonly [brand]: 'Address' };
/** One prefix in canonical text, host bits zero: `10.20.1.0/24`, `2001:db8::/64`. */
export type Prefix = string & { readonly [brand]: 'Prefix' };
/** The IP version. */
export type Family = 4 | 6;

/** Parses one address. Throws RangeError that names the text. */
export function address(text: string): Address {
  return addressFrom(parse(text));
}

function parse(text: string): Uint8Array {
  const bytes = text.includes(':') ? parse6(text) : parse4(text);
  if (!bytes) throw new RangeError(`not an IP address: ${quoted(text)} (expected like 10.20.1.10 or 2001:db8::a)`);
  return bytes;
}

/** Parses `address/length`. Throws RangeError when a host bit is set or the length is out of range. */
export function prefix(text: string): Prefix {
  const slash = text.indexOf('/');
  const base = slash < 0 ? undefined : text.slice(0, slash);
  const lengthText = text.slice(slash + 1);
  if (base === undefined || !/^(0|[1-9]\d{0,2})$/.test(lengthText)) {
    throw new RangeError(`not a prefix: ${quoted(text)} (expected address/length, like 10.20.1.0/24)`);
  }
  const bytes = parse(base);
  const length = Number(lengthText);
  if (length > bytes.length * 8)
    throw new RangeError(`not a prefix: "${text}": a length is at most ${bytes.length * 8}`);
  const masked = length === bytes.length * 8 ? bytes : mask(bytes, length);
  if (!sameBits(masked, bytes, bytes.length * 8)) {
    throw new RangeError(`not a prefix: "${text}" has host bits set (did you mean ${addressFrom(masked)}/${length}?)`);
  }
  return `${addressFrom(masked)}/${length}` as Prefix;
}

/** The prefix of `length` bits that holds `of`. */
export function prefixAround(of: Address, length: number): Prefix {
  return `${addressFrom(mask(bytesOf(of), length))}/${length}` as Prefix;
}

/** The /32 or /128 of one address. */
export function hostPrefix(of: Address): Prefix {
  return `${of}/${bitsOf(of)}` as Prefix;
}

/** 4 or 6, of an address or a prefix. */
export function familyOf(of: Address | Prefix): Family {
  return of.includes(':') ? 6 : 4;
}

/** fe80::/10 (RFC 4291 section 2.5.6): such an address means something on one link only. */
export function isLinkLocal(of: Address): boolean {
  return /^fe[89ab][0-9a-f]:/.test(of);
}

/** How many bits an address of this family has: 32 or 128. */
export function bitsOf(of: Address | Prefix): 32 | 128 {
  return familyOf(of) === 4 ? 32 : 128;
}

/** The address part of a prefix. */
export function baseOf(of: Prefix): Address {
  return of.slice(0, of.indexOf('/')) as Address;
}

/** The length part of a prefix, in bits. */
export function lengthOf(of: Prefix): number {
  return Number(of.slice(of.indexOf('/') + 1));
}

/** Does it hold more than one address: is it no /32 and no /128? */
export function isBlock(of: Prefix): boolean {
  return lengthOf(of) < bitsOf(of);
}

/** Does `outer` hold `inner`, an address or a prefix of at least its length? */
export function contains(outer: Prefix, inner: Address | Prefix): boolean {
  if (familyOf(outer) !== familyOf(inner)) return false;
  const slash = inner.indexOf('/');
  const length = lengthOf(outer);
  if (slash >= 0 && Number(inner.slice(slash + 1)) < length) return false;
  const base = (slash < 0 ? inner : inner.slice(0, slash)) as Address;
  return sameBits(bytesOf(baseOf(outer)), bytesOf(base), length);
}

/** Are the first `length` bits of two addresses of one family the same? */
export function sameBits(a: Uint8Array, b: Uint8Array, length: number): boolean {
  const whole = length >> 3;
  for (let i = 0; i < whole; i++) if (a[i] !== b[i]) return false;
  const rest = length & 7;
  return rest === 0 || (a[whole]! ^ b[whole]!) >> (8 - rest) === 0;
}

/** Do the two prefixes share an address? */
export function overlap(a: Prefix, b: Prefix): boolean {
  return contains(a, b) || contains(b, a);
}

/** The 4 or 16 bytes of an address, in network order. */
export function bytesOf(of: Address): Uint8Array {
  return (of.includes(':') ? parse6(of) : parse4(of)) as Uint8Array;
}

/** The address of 4 or 16 bytes in network order. */
export function addressFrom(bytes: Uint8Array): Address {
  if (bytes.length === 4) return `${bytes[0]}.${bytes[1]}.${bytes[2]}.${bytes[3]}` as Address;
  return print6(bytes) as Address;
}

/** An address as a number, for counting through a pool. */
export function numberOf(of: Address): bigint {
  return bytesOf(of).reduce((sum, byte) => (sum << 8n) | BigInt(byte), 0n);
}

/** The address that is this number. */
export function addressAt(value: bigint, family: Family): Address {
  const bytes = new Uint8Array(family === 4 ? 4 : 16);
  for (let i = bytes.length - 1, rest = value; i >= 0; i--, rest >>= 8n) bytes[i] = Number(rest & 0xffn);
  return addressFrom(bytes);
}

function mask(bytes: Uint8Array, length: number): Uint8Array {
  return bytes.map((byte, i) => byte & (0xff << Math.min(8, Math.max(0, 8 - (length - i * 8)))));
}

const ZERO = 48;
const DOT = 46 - ZERO;

/** Read digit by digit: of all that is done with a heard path, this was the most expensive part. */
function parse4(text: string): Uint8Array | undefined {
  const bytes = new Uint8Array(4);
  let part = 0;
  let value = 0;
  let digits = 0;
  for (let i = 0; i <= text.length; i++) {
    const digit = text.charCodeAt(i) - ZERO;
    if (digit >= 0 && digit <= 9) {
      if (digits > 0 && value === 0) return undefined; // a leading zero
      value = value * 10 + digit;
      digits++;
      if (value > 255) return undefined;
    } else {
      const isDot = digit === DOT && part < 3;
      if (digits === 0 || !(isDot || (i === text.length && part === 3))) return undefined;
      bytes[part++] = value;
      value = 0;
      digits = 0;
    }
  }
  return bytes;
}

/** RFC 4291 section 2.2: eight groups, one `::`, and a dotted tail. No zone: an address is not an interface. */
function parse6(text: string): Uint8Array | undefined {
  const bytes = new Uint8Array(16);
  let filled = 0;
  /** Where `::` stands, in bytes. */
  let gap = text.startsWith('::') ? 0 : -1;
  for (let at = gap === 0 ? 2 : 0; at < text.length; ) {
    const end = endOfGroup(text, at);
    if (end === at || end > at + 4 || filled === 16) return undefined;
    if (text[end] === '.') {
      const dotted = filled <= 12 ? parse4(text.slice(at)) : undefined;
      if (!dotted) return undefined;
      bytes.set(dotted, filled);
      filled += 4;
      break;
    }
    const group = Number.parseInt(text.slice(at, end), 16);
    bytes[filled++] = group >> 8;
    bytes[filled++] = group & 0xff;
    const isGap = text.startsWith('::', end);
    if (isGap && gap >= 0) return undefined;
    if (isGap) gap = filled;
    else if (end < text.length && (text[end] !== ':' || end === text.length - 1)) return undefined;
    at = end + (isGap ? 2 : 1);
  }
  if (gap < 0) return filled === 16 ? bytes : undefined;
  return filled === 16 ? undefined : withGap(bytes, gap, filled);
}

function endOfGroup(text: string, at: number): number {
  let end = at;
  while (isHex(text.charCodeAt(end))) end++;
  return end;
}

function isHex(code: number): boolean {
  return (code >= 48 && code <= 57) || (code >= 97 && code <= 102) || (code >= 65 && code <= 70);
}

/** What stands behind the gap moves to the end. */
function withGap(bytes: Uint8Array, gap: number, filled: number): Uint8Array {
  const tail = 16 - (filled - gap);
  return bytes.copyWithin(tail, gap, filled).fill(0, gap, tail);
}

/** RFC 5952: lower case, no leading zeros, the first longest run of two or more zero groups becomes `::`. */
function print6(bytes: Uint8Array): string {
  const group = (i: number) => (bytes[i * 2]! << 8) | bytes[i * 2 + 1]!;
  let [start, length] = [-1, 1];
  for (let i = 0; i < 8; i++) {
    let run = 0;
    while (i + run < 8 && group(i + run) === 0) run++;
    if (run > length) [start, length] = [i, run];
    i += run;
  }
  const text = (from: number, to: number) =>
    Array.from({ length: to - from }, (_, i) => group(from + i).toString(16)).join(':');
  return start < 0 ? text(0, 8) : `${text(0, start)}::${text(start + length, 8)}`;
}
