/**
 * Links: veth pairs and what is set on them (rtnetlink(7); linux/if_link.h, linux/veth.h).
 *
 *     struct ifinfomsg | family u8 | pad u8 | type u16 | index s32 | flags u32 | change u32 |
 *
 * One RTM_NEWLINK makes both ends, the peer at once in its own namespace under its final name: there is no moment in
 * which a half-made link stands where somebody might take it for his. Alias and per-family settings are not looked at
 * in that message, so they follow in a second one.
 */
import type { Message, MessageBuffer, Request } from './message.js';
import {
  AF_INET,
  AF_INET6,
  AF_UNSPEC,
  attribute,
  attributes,
  macBytes,
  macText,
  NLM_F_ACK,
  NLM_F_CREATE,
  NLM_F_DUMP,
  NLM_F_EXCL,
  NLM_F_REQUEST,
  textOf,
} from './message.js';

/** linux/rtnetlink.h */
export const RTM_NEWLINK = 16;
export const RTM_DELLINK = 17;
const RTM_GETLINK = 18;
const RTEXT_FILTER_SKIP_STATS = 8;
/** linux/if.h */
export const IFF_UP = 1;
export const IFF_LOOPBACK = 8;
/** The carrier is there. */
export const IFF_LOWER_UP = 0x1_0000;
/** linux/if_link.h */
const IFLA_ADDRESS = 1;
const IFLA_IFNAME = 3;
const IFLA_MTU = 4;
const IFLA_LINK = 5;
const IFLA_LINKINFO = 18;
const IFLA_IFALIAS = 20;
const IFLA_AF_SPEC = 26;
const IFLA_GROUP = 27;
const IFLA_NET_NS_FD = 28;
const IFLA_EXT_MASK = 29;
const IFLA_NUM_TX_QUEUES = 31;
const IFLA_NUM_RX_QUEUES = 32;
const IFLA_INFO_KIND = 1;
const IFLA_INFO_DATA = 2;
const IFLA_INET_CONF = 1;
const IFLA_INET6_CONF = 2;
const IFLA_INET6_ADDR_GEN_MODE = 8;
/** linux/ipv6.h */
const DEVCONF_DISABLE_IPV6 = 26;
/** linux/veth.h */
const VETH_INFO_PEER = 1;
const VETH = Buffer.from('veth');

/** struct ifinfomsg */
const FIXED_PART = 16;

/** Per-link IPv4 settings that netlink can write (IPV4_DEVCONF_* of linux/ip.h). */
export const Ipv4Conf = { acceptRedirects: 4, sendRedirects: 6, rpFilter: 8 } as const;

/** How a link makes its own link-local addresses (IN6_ADDR_GEN_MODE_* of linux/if_link.h). */
export const AddressGeneration = { eui64: 0, none: 1 } as const;

/** One end of a veth pair. */
export interface VethEnd {
  readonly name: string;
  readonly mac: string;
  readonly mtu: number;
}

/** What can be set on a link that exists. Absent: stays as it is. */
export interface LinkSettings {
  readonly up?: boolean;
  readonly alias?: string;
  readonly group?: number;
  readonly mtu?: number;
  /** A value of AddressGeneration. */
  readonly addressGeneration?: number;
  /** Values by number of Ipv4Conf. */
  readonly ipv4?: readonly (readonly [setting: number, value: number])[];
}

/** A link as the kernel describes it. */
export interface Link {
  readonly index: number;
  readonly name: string;
  /** IFF_* bits, and which of them have just changed (in events). */
  readonly flags: number;
  readonly changed: number;
  readonly mtu: number;
  readonly mac: string;
  readonly alias: string;
  readonly group: number;
  /** `veth`, `bridge`, ...; empty for hardware. */
  readonly kind: string;
  /** Index of the other end of a veth pair, in that end's namespace. */
  readonly peerIndex: number;
  /** Has IPv6, and it is not switched off (the sysctl disable_ipv6). */
  readonly ipv6: boolean;
}

/**
 * Makes a veth pair: `end` here, `peer` in the network namespace that `peerNamespace` is open on.
 * Refused with EEXIST when either name is taken.
 */
export function createVeth(end: VethEnd, peer: VethEnd, peerNamespace: number): Request {
  return {
    type: RTM_NEWLINK,
    flags: NLM_F_REQUEST | NLM_F_ACK | NLM_F_CREATE | NLM_F_EXCL,
    write: (message) => {
      writeEnd(fixedPart(message), end).attributeText(IFLA_IFNAME, end.name);
      message.nest(IFLA_LINKINFO, () => {
        message.attribute(IFLA_INFO_KIND, VETH).nest(IFLA_INFO_DATA, () => {
          message.nest(VETH_INFO_PEER, () => {
            writeEnd(fixedPart(message), peer).attributeU32(IFLA_NET_NS_FD, peerNamespace);
            message.attributeText(IFLA_IFNAME, peer.name);
          });
        });
      });
    },
  };
}

/** Changes a link. */
export function setLink(index: number, settings: LinkSettings): Request {
  return {
    type: RTM_NEWLINK,
    flags: NLM_F_REQUEST | NLM_F_ACK,
    write: (message) => {
      fixedPart(message, index, settings.up ? IFF_UP : 0, settings.up === undefined ? 0 : IFF_UP);
      if (settings.mtu !== undefined) message.attributeU32(IFLA_MTU, settings.mtu);
      if (settings.group !== undefined) message.attributeU32(IFLA_GROUP, settings.group);
      if (settings.alias !== undefined) message.attribute(IFLA_IFALIAS, Buffer.from(settings.alias));
      writeFamilySettings(message, settings);
    },
  };
}

/** Removes one link. Takes an RCU grace period, about 20 ms. */
export function deleteLink(index: number): Request {
  return { type: RTM_DELLINK, flags: NLM_F_REQUEST | NLM_F_ACK, write: (message) => fixedPart(message, index) };
}

/** Removes every link of a group, in one grace period. Refused with ENODEV when there is none. */
export function deleteGroup(group: number): Request {
  return {
    type: RTM_DELLINK,
    flags: NLM_F_REQUEST | NLM_F_ACK,
    write: (message) => fixedPart(message).attributeU32(IFLA_GROUP, group),
  };
}

/** Asks for one link, by index or by name. */
export function getLink(which: number | string): Request {
  return {
    type: RTM_GETLINK,
    flags: NLM_F_REQUEST | NLM_F_ACK,
    write: (message) => {
      fixedPart(message, typeof which === 'number' ? which : 0);
      if (typeof which === 'string') message.attributeText(IFLA_IFNAME, which);
      message.attributeU32(IFLA_EXT_MASK, RTEXT_FILTER_SKIP_STATS);
    },
  };
}

/** Asks for all links, or those of one kind. */
export function dumpLinks(kind?: string): Request {
  return {
    type: RTM_GETLINK,
    flags: NLM_F_REQUEST | NLM_F_DUMP,
    write: (message) => {
      fixedPart(message).attributeU32(IFLA_EXT_MASK, RTEXT_FILTER_SKIP_STATS);
      if (kind) message.nest(IFLA_LINKINFO, () => message.attributeText(IFLA_INFO_KIND, kind));
    },
  };
}

/** What stands at the front of RTM_NEWLINK and RTM_DELLINK: enough to pass over most of what a hundred ADDs at once cause. */
export function decodeLinkHead({ body }: Message): Pick<Link, 'index' | 'flags' | 'changed'> {
  return { index: body.readInt32LE(4), flags: body.readUInt32LE(8), changed: body.readUInt32LE(12) };
}

/** Of RTM_NEWLINK no more than whose other end it is, and its address. */
export function decodePeer({ body }: Message): Pick<Link, 'peerIndex' | 'mac'> {
  const mac = attribute(body, FIXED_PART, IFLA_ADDRESS);
  return { peerIndex: attribute(body, FIXED_PART, IFLA_LINK)?.readUInt32LE() ?? 0, mac: mac ? macText(mac) : '' };
}

/** Decodes RTM_NEWLINK and RTM_DELLINK. */
export function decodeLink(message: Message): Link {
  const found = attributes(message.body, FIXED_PART);
  const info = found.get(IFLA_LINKINFO);
  const kind = info && attributes(info).get(IFLA_INFO_KIND);
  const mac = found.get(IFLA_ADDRESS);
  return {
    ...decodeLinkHead(message),
    name: textOf(found.get(IFLA_IFNAME) ?? Buffer.alloc(0)),
    mtu: found.get(IFLA_MTU)?.readUInt32LE() ?? 0,
    mac: mac ? macText(mac) : '',
    alias: textOf(found.get(IFLA_IFALIAS) ?? Buffer.alloc(0)),
    group: found.get(IFLA_GROUP)?.readUInt32LE() ?? 0,
    kind: kind ? textOf(kind) : '',
    peerIndex: found.get(IFLA_LINK)?.readUInt32LE() ?? 0,
    ipv6: hasIpv6(found.get(IFLA_AF_SPEC)),
  };
}

/** IFLA_AF_SPEC > AF_INET6 > IFLA_INET6_CONF, which is an array of numbers. */
function hasIpv6(families: Buffer | undefined): boolean {
  const settings = families && attributes(families).get(AF_INET6);
  const conf = settings && attributes(settings).get(IFLA_INET6_CONF);
  return conf !== undefined && conf.readUInt32LE(DEVCONF_DISABLE_IPV6 * 4) === 0;
}

function fixedPart(message: MessageBuffer, index = 0, flags = 0, change = 0): MessageBuffer {
  return message.u8(AF_UNSPEC).u8(0).u16(0).u32(index).u32(flags).u32(change);
}

/**
 * One queue each way: Linux would make one for each processor there may be, with files and an event each, and a veth has no
 * use for them: it hands a packet over to the other end without a lock.
 */
function writeEnd(message: MessageBuffer, end: VethEnd): MessageBuffer {
  message.attributeU32(IFLA_NUM_TX_QUEUES, 1).attributeU32(IFLA_NUM_RX_QUEUES, 1);
  return message.attributeU32(IFLA_MTU, end.mtu).attribute(IFLA_ADDRESS, macBytes(end.mac));
}

/** IFLA_AF_SPEC > AF_INET > IFLA_INET_CONF > number: value, and IFLA_AF_SPEC > AF_INET6 > IFLA_INET6_ADDR_GEN_MODE. */
function writeFamilySettings(message: MessageBuffer, { ipv4, addressGeneration }: LinkSettings): void {
  if (!ipv4 && addressGeneration === undefined) return;
  message.nest(IFLA_AF_SPEC, () => {
    if (ipv4) {
      message.nest(AF_INET, () => {
        message.nest(IFLA_INET_CONF, () => {
          for (const [setting, value] of ipv4) message.attributeU32(setting, value);
        });
      });
    }
    if (addressGeneration !== undefined) {
      message.nest(AF_INET6, () => message.attributeU8(IFLA_INET6_ADDR_GEN_MODE, addressGeneration));
    }
  });
}
