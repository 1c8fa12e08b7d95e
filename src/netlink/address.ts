/**
 * Addresses on links (rtnetlink(7); linux/if_addr.h).
 *
 *     struct ifaddrmsg | family u8 | prefix length u8 | flags u8 | scope u8 | index u32 |
 */
import type { Message, MessageBuffer, Request } from './message.js';
import {
  AF_UNSPEC,
  attributes,
  type Ip,
  ipFamily,
  NLM_F_ACK,
  NLM_F_CREATE,
  NLM_F_DUMP,
  NLM_F_EXCL,
  NLM_F_REQUEST,
} from './message.js';

/** linux/rtnetlink.h */
export const RTM_NEWADDR = 20;
export const RTM_DELADDR = 21;
const RTM_GETADDR = 22;
/** linux/if_addr.h */
const IFA_ADDRESS = 1;
const IFA_LOCAL = 2;
const IFA_FLAGS = 8;
/** No duplicate address detection: usable at once, and not a packet is sent. */
export const IFA_F_NODAD = 0x02;
const FIXED_PART = 8;

/** How far an address or a route reaches (RT_SCOPE_* of linux/rtnetlink.h). */
export const Scope = { universe: 0, link: 253, host: 254, nowhere: 255 } as const;

/** An address on a link. */
export interface LinkAddress {
  readonly index: number;
  readonly ip: Ip;
  readonly length: number;
  /** A value of Scope. The kernel finds the one of IPv6 itself. */
  readonly scope?: number;
  /** IFA_F_* bits. */
  readonly flags?: number;
}

/** Gives a link an address. Refused with EEXIST when it has it. */
export function addAddress(address: LinkAddress): Request {
  return {
    type: RTM_NEWADDR,
    flags: NLM_F_REQUEST | NLM_F_ACK | NLM_F_CREATE | NLM_F_EXCL,
    write: (message) => writeAddress(message, address),
  };
}

/** Takes an address off a link. Refused with EADDRNOTAVAIL when it has none such. */
export function deleteAddress(address: LinkAddress): Request {
  return { type: RTM_DELADDR, flags: NLM_F_REQUEST | NLM_F_ACK, write: (message) => writeAddress(message, address) };
}

/** Asks for the addresses of all links. */
export function dumpAddresses(): Request {
  return {
    type: RTM_GETADDR,
    flags: NLM_F_REQUEST | NLM_F_DUMP,
    write: (message) => message.u8(AF_UNSPEC).zero(FIXED_PART - 1),
  };
}

/** Decodes RTM_NEWADDR and RTM_DELADDR. */
export function decodeAddress(message: Message): Required<LinkAddress> {
  const found = attributes(message.body, FIXED_PART);
  // On a point-to-point address IFA_ADDRESS is the other side; IPv6 has IFA_ADDRESS only.
  const ip = found.get(IFA_LOCAL) ?? found.get(IFA_ADDRESS) ?? Buffer.alloc(0);
  return {
    index: message.body.readUInt32LE(4),
    ip: new Uint8Array(ip),
    length: message.body[1]!,
    scope: message.body[3]!,
    flags: found.get(IFA_FLAGS)?.readUInt32LE() ?? message.body[2]!,
  };
}

function writeAddress(message: MessageBuffer, { index, ip, length, scope = 0, flags = 0 }: LinkAddress): void {
  message.u8(ipFamily(ip)).u8(length).u8(flags).u8(scope).u32(index);
  message.attribute(IFA_LOCAL, ip).attribute(IFA_ADDRESS, ip);
}
