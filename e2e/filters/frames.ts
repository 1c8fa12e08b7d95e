/** Ethernet frames by hand, for what no honest program sends. */
import { address, bytesOf, familyOf } from '../../src/model/address.js';

const ICMP = 1;
const ICMP6 = 58;

/** One ICMP or ICMPv6 message. Checksums are right: nothing of this is dropped because it is broken. */
export interface Forgery {
  readonly fromMac: string;
  readonly toMac: string;
  readonly from: string;
  readonly to: string;
  readonly type: number;
  readonly code?: number;
  /** What follows type, code and checksum. */
  readonly body?: Buffer;
}

/** The frame of such a message. */
export function frame(forgery: Forgery): Buffer {
  const v4 = familyOf(address(forgery.from)) === 4;
  const packet = v4 ? packet4(forgery) : packet6(forgery);
  return Buffer.concat([macBytes(forgery.toMac), macBytes(forgery.fromMac), u16(v4 ? 0x0800 : 0x86dd), packet]);
}

/** The body of an echo request. */
export const ECHO = Buffer.from([0x53, 0x32, 0, 1, ...Buffer.from('slash32 lab')]);

/** An ICMP error quotes the packet it is about: this one, an echo request from `from` to `to`. */
export function quoting(from: string, to: string): Buffer {
  const quoted = frame({ fromMac: '00:00:00:00:00:00', toMac: '00:00:00:00:00:00', from, to, type: 8, body: ECHO });
  return Buffer.concat([Buffer.alloc(4), quoted.subarray(14)]);
}

/** A neighbour solicitation for `target` (RFC 4861 section 4.3), which makes who hears it remember its sender. */
export function solicitation(target: string, senderMac: string): Buffer {
  return Buffer.concat([Buffer.alloc(4), bytesOf(address(target)), Buffer.from([1, 1]), macBytes(senderMac)]);
}

/** A router advertisement that wants to be everybody's default router for half an hour (RFC 4861 section 4.2). */
export function advertisement(senderMac: string): Buffer {
  return Buffer.concat([Buffer.from([64, 0, 0x07, 0x08]), Buffer.alloc(8), Buffer.from([1, 1]), macBytes(senderMac)]);
}

function packet4(forgery: Forgery): Buffer {
  const message = withChecksum(Buffer.alloc(0), forgery);
  const header = Buffer.concat([
    Buffer.from([0x45, 0]),
    u16(20 + message.length),
    Buffer.from([0, 0, 0, 0, 64, ICMP, 0, 0]),
    bytesOf(address(forgery.from)),
    bytesOf(address(forgery.to)),
  ]);
  header.writeUInt16BE(checksum(header), 10);
  return Buffer.concat([header, message]);
}

function packet6(forgery: Forgery): Buffer {
  const addresses = Buffer.concat([bytesOf(address(forgery.from)), bytesOf(address(forgery.to))]);
  const length = 4 + (forgery.body?.length ?? 0);
  const pseudo = Buffer.concat([addresses, Buffer.from([0, 0]), u16(length), Buffer.from([0, 0, 0, ICMP6])]);
  const header = Buffer.concat([Buffer.from([0x60, 0, 0, 0]), u16(length), Buffer.from([ICMP6, 255]), addresses]);
  return Buffer.concat([header, withChecksum(pseudo, forgery)]);
}

function withChecksum(pseudo: Buffer, { type, code = 0, body = Buffer.alloc(4) }: Forgery): Buffer {
  const message = Buffer.concat([Buffer.from([type, code, 0, 0]), body]);
  message.writeUInt16BE(checksum(Buffer.concat([pseudo, message])), 2);
  return message;
}

/** RFC 1071: the ones' complement of the ones' complement sum. */
function checksum(bytes: Buffer): number {
  let sum = 0;
  for (let i = 0; i < bytes.length; i += 2) sum += (bytes[i]! << 8) | (bytes[i + 1] ?? 0);
  while (sum > 0xffff) sum = (sum & 0xffff) + (sum >>> 16);
  return ~sum & 0xffff;
}

function macBytes(mac: string): Buffer {
  return Buffer.from(mac.replaceAll(':', ''), 'hex');
}

function u16(value: number): Buffer {
  return Buffer.from([value >> 8, value & 0xff]);
}
