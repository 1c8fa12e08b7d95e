/**
 * Neighbours: which MAC address an IP address has on a link (rtnetlink(7); linux/neighbour.h).
 *
 *     struct ndmsg | family u8 | pad u8 u16 | index s32 | state u16 | flags u8 | type u8 |
 */
import type { Message, Request } from './message.js';
import {
  AF_UNSPEC,
  attributes,
  type Ip,
  ipFamily,
  macBytes,
  macText,
  NLM_F_ACK,
  NLM_F_CREATE,
  NLM_F_DUMP,
  NLM_F_REPLACE,
  NLM_F_REQUEST,
} from './message.js';

/** linux/rtnetlink.h */
const RTM_NEWNEIGH = 28;
const RTM_GETNEIGH = 30;
/** linux/neighbour.h */
const NDA_DST = 1;
const NDA_LLADDR = 2;
/** Never asked about and never forgotten while the link is up. */
export const NUD_PERMANENT = 0x80;
/** Nobody has answered, yet or at all. */
export const NUD_INCOMPLETE = 0x01;
export const NUD_FAILED = 0x20;
/** It has said of itself that it is a router. */
export const NTF_ROUTER = 0x80;
const FIXED_PART = 12;

export interface Neighbour {
  readonly index: number;
  readonly ip: Ip;
  readonly mac: string;
  /** NUD_* bits. */
  readonly state: number;
  /** NTF_* bits. */
  readonly flags: number;
}

/** Adds or replaces a permanent neighbour: no ARP and no neighbour discovery will be needed for it. */
export function putNeighbour({ index, ip, mac }: Omit<Neighbour, 'state' | 'flags'>): Request {
  return {
    type: RTM_NEWNEIGH,
    flags: NLM_F_REQUEST | NLM_F_ACK | NLM_F_CREATE | NLM_F_REPLACE,
    write: (message) => {
      message.u8(ipFamily(ip)).u8(0).u16(0).u32(index).u16(NUD_PERMANENT).u8(0).u8(0);
      message.attribute(NDA_DST, ip).attribute(NDA_LLADDR, macBytes(mac));
    },
  };
}

/** Asks for the neighbours of all links. */
export function dumpNeighbours(): Request {
  return {
    type: RTM_GETNEIGH,
    flags: NLM_F_REQUEST | NLM_F_DUMP,
    write: (message) => message.u8(AF_UNSPEC).zero(FIXED_PART - 1),
  };
}

/** Decodes RTM_NEWNEIGH. */
export function decodeNeighbour(message: Message): Neighbour {
  const found = attributes(message.body, FIXED_PART);
  const mac = found.get(NDA_LLADDR);
  return {
    index: message.body.readInt32LE(4),
    ip: new Uint8Array(found.get(NDA_DST) ?? []),
    mac: mac ? macText(mac) : '',
    state: message.body.readUInt16LE(8),
    flags: message.body[10]!,
  };
}
