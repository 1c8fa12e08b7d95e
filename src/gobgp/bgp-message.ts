/** BGP messages, byte by byte (RFC 4271 section 4): their frame, and the few that a greeting needs. */
import { type Address, addressFrom, bytesOf } from '../model/address.js';

const MARKER = Buffer.alloc(16, 0xff);
/** Marker, length and type. */
export const HEADER = 19;
/** RFC 4271 section 4.1; RFC 8654 is not asked for. */
export const LONGEST = 4096;
export const OPEN = 1;
export const NOTIFICATION = 3;
export const KEEPALIVE = 4;
/** RFC 6793: stands where a 4-byte AS does not fit. */
export const AS_TRANS = 23456;
const CAPABILITIES = 2;
const MULTIPROTOCOL = 1;
const FOUR_BYTE_AS = 65;

/** One message: its type, and what follows the header. */
export interface BgpMessage {
  readonly type: number;
  readonly body: Buffer;
}

/** Who somebody says to be. */
export interface OpenMessage {
  readonly asn: number;
  readonly routerId: Address;
}

/** The bytes of a message. */
export function writeMessage(type: number, body: Uint8Array = new Uint8Array()): Buffer {
  const header = Buffer.alloc(HEADER);
  MARKER.copy(header);
  header.writeUInt16BE(HEADER + body.length, 16);
  header[18] = type;
  return Buffer.concat([header, body]);
}

/** An OPEN with both families and the 4-byte AS. @param hold in seconds */
export function writeOpen({ asn, routerId }: OpenMessage, hold: number): Buffer {
  const as4 = Buffer.alloc(4);
  as4.writeUInt32BE(asn);
  const capabilities = Buffer.concat([
    capability(MULTIPROTOCOL, [0, 1, 0, 1]),
    capability(MULTIPROTOCOL, [0, 2, 0, 1]),
    capability(FOUR_BYTE_AS, as4),
  ]);
  const fixed = Buffer.alloc(9);
  fixed[0] = 4;
  fixed.writeUInt16BE(asn > 0xffff ? AS_TRANS : asn, 1);
  fixed.writeUInt16BE(hold, 3);
  fixed.set(bytesOf(routerId), 5);
  const length = [capabilities.length + 2, CAPABILITIES, capabilities.length];
  return writeMessage(OPEN, Buffer.concat([fixed, Buffer.from(length), capabilities]));
}

/** A NOTIFICATION, RFC 4271 section 4.5. */
export function writeNotification(code: number, subcode: number): Buffer {
  return writeMessage(NOTIFICATION, Buffer.from([code, subcode]));
}

/** The whole messages at the beginning of `bytes`, and what is left over. Throws RangeError when it is not BGP. */
export function readMessages(bytes: Buffer): { readonly messages: readonly BgpMessage[]; readonly rest: Buffer } {
  const messages: BgpMessage[] = [];
  let at = 0;
  while (bytes.length - at >= HEADER) {
    const length = bytes.readUInt16BE(at + 16);
    if (!bytes.subarray(at, at + 16).equals(MARKER) || length < HEADER || length > LONGEST) {
      throw new RangeError('what answers there does not speak BGP');
    }
    if (bytes.length - at < length) break;
    messages.push({ type: bytes[at + 18]!, body: bytes.subarray(at + HEADER, at + length) });
    at += length;
  }
  return { messages, rest: bytes.subarray(at) };
}

/** Reads the body of an OPEN. Throws RangeError when it is cut off. */
export function readOpen(body: Buffer): OpenMessage {
  const routerId = addressFrom(body.subarray(5, 9));
  return { asn: fourByteAs(body.subarray(10)) ?? body.readUInt16BE(1), routerId };
}

/** The 4-byte AS among the optional parameters, if it is there. */
function fourByteAs(parameters: Buffer): number | undefined {
  for (let at = 0; at + 2 <= parameters.length; at += 2 + parameters[at + 1]!) {
    if (parameters[at] !== CAPABILITIES) continue;
    const list = parameters.subarray(at + 2, at + 2 + parameters[at + 1]!);
    for (let i = 0; i + 2 <= list.length; i += 2 + list[i + 1]!) {
      if (list[i] === FOUR_BYTE_AS && i + 6 <= list.length) return list.readUInt32BE(i + 2);
    }
  }
  return undefined;
}

function capability(code: number, value: Uint8Array | readonly number[]): Buffer {
  return Buffer.from([code, value.length, ...value]);
}
