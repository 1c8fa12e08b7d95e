/**
 * Route targets: BGP extended communities that say which networks a path is for (RFC 4360, RFC 5668).
 *
 * Three forms of eight bytes, told apart by the administrator: `64512:100` (2-octet AS, 32-bit number),
 * `4200000000:100` (4-octet AS, 16-bit number), `192.0.2.1:100` (IPv4 address, 16-bit number).
 */
import { address } from './address.js';
import { quoted } from './quoted.js';

declare const brand: unique symbol;

/** A route target in canonical text. */
export type RouteTarget = string & { readonly [brand]: 'RouteTarget' };

/** A target taken apart. `as2` has a 32-bit number, the others a 16-bit one. */
export interface TargetParts {
  readonly form: 'as2' | 'as4' | 'ip4';
  readonly administrator: string;
  readonly number: number;
}

const FORMS = 'expected ASN:number or A.B.C.D:number, like 64512:100';

/**
 * Parses one target. Throws RangeError that names the text and the reason.
 * `65000L:1` is the field's way to write a small AS in the 4-octet form, which is another target on the wire.
 */
export function routeTarget(text: string): RouteTarget {
  const found = /^(?:(\d{1,10})(L?)|(\d+\.\d+\.\d+\.\d+)):(\d{1,10})$/.exec(text.trim());
  if (!found) throw new RangeError(`not a route target: ${quoted(text)} (${FORMS})`);
  const [, asn, long, ip, numberText] = found;
  const value = Number(numberText);
  const isAs2 = asn !== undefined && Number(asn) <= 0xffff && long !== 'L';
  if (asn !== undefined && Number(asn) > 0xffffffff) {
    throw new RangeError(`not a route target: "${text}": an AS number is at most 4294967295`);
  }
  const most = isAs2 ? 0xffffffff : 0xffff;
  if (value > most)
    throw new RangeError(`not a route target: "${text}": the number after the colon is at most ${most}`);
  if (ip !== undefined) return `${address(ip)}:${value}` as RouteTarget;
  return `${Number(asn)}${!isAs2 && Number(asn) <= 0xffff ? 'L' : ''}:${value}` as RouteTarget;
}

/** Takes a target apart for the wire. */
export function targetParts(target: RouteTarget): TargetParts {
  const [administrator = '', number] = target.split(':');
  if (administrator.includes('.')) return { form: 'ip4', administrator, number: Number(number) };
  const long = administrator.endsWith('L') || Number(administrator) > 0xffff;
  return { form: long ? 'as4' : 'as2', administrator: administrator.replace('L', ''), number: Number(number) };
}
