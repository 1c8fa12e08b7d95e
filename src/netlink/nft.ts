/**
 * nftables over nfnetlink (linux/netfilter/nfnetlink.h, linux/netfilter/nf_tables.h): what changes while containers
 * come and go. Rules are not encoded here; nft itself writes those, from text.
 *
 * Every change is part of a transaction: a begin message, the changes, an end message, in one send. The kernel looks at
 * all of them, answers each, and puts either all into force at one moment or none.
 *
 * Unlike the rest of netlink, numbers in attributes are in network order.
 */

import type { Request } from './message.js';
import { attributes, type Message, type MessageBuffer, NLM_F_DUMP, NLM_F_REQUEST } from './message.js';
import type { NetlinkError } from './netlink-error.js';
import type { NetlinkSocket } from './socket.js';

/** NFT_MSG_*: what to do with what. */
export const NftMessage = {
  GETTABLE: 1,
  GETCHAIN: 4,
  DELCHAIN: 5,
  GETRULE: 7,
  NEWSETELEM: 12,
  GETSETELEM: 13,
  DELSETELEM: 14,
  GETGEN: 16,
} as const;

const NFNL_SUBSYS_NFTABLES = 10;
const NFNL_MSG_BATCH_BEGIN = 0x10;
const NFNL_MSG_BATCH_END = 0x11;
/** All families, in a dump. */
export const NFPROTO_UNSPEC = 0;
/** The family whose tables see IPv4 and IPv6. */
const NFPROTO_INET = 1;
/** Size of struct nfgenmsg, the fixed part: family, version, resource. */
export const NFGENMSG = 4;
const NFTA_GEN_ID = 1;

/** Type, flags and attributes of one nftables message, on the inet family unless told. */
export function nftRequest(
  kind: number,
  flags: number,
  write: (into: MessageBuffer) => void,
  family = NFPROTO_INET,
): Request {
  return {
    type: (NFNL_SUBSYS_NFTABLES << 8) | kind,
    flags: NLM_F_REQUEST | flags,
    write(into) {
      into.u8(family).u8(0).u16(0);
      write(into);
    },
  };
}

/** Asks for everything of one kind; the kernel narrows some kinds down to what the attributes name. */
export function nftDump(kind: number, write: (into: MessageBuffer) => void = () => {}, family = NFPROTO_INET): Request {
  return nftRequest(kind, NLM_F_DUMP, write, family);
}

/**
 * Carries out all changes or none. Returns what was refused, by the change's place; empty: all are in force. Refused as a
 * whole (EPERM): place -1.
 * @param changes requests that carry NLM_F_ACK
 */
export function transaction(
  socket: Pick<NetlinkSocket, 'together'>,
  changes: readonly Request[],
): ReadonlyMap<number, NetlinkError> {
  if (changes.length === 0) return new Map();
  const errors = socket.together([batchMark(NFNL_MSG_BATCH_BEGIN), ...changes, batchMark(NFNL_MSG_BATCH_END)]);
  return new Map([...errors].map(([index, error]) => [index - 1, error]));
}

/**
 * The number of the ruleset in force: any change to any table of this network namespace, by anybody, makes it another.
 * Cheap enough to ask at every pass.
 */
export function generation(socket: Pick<NetlinkSocket, 'request'>): number {
  const [answer] = socket.request(nftRequest(NftMessage.GETGEN, 0, () => {}));
  const id = answer && attributes(answer.body, NFGENMSG).get(NFTA_GEN_ID);
  if (!id) throw new Error('the kernel does not tell the generation of its nftables rules (Linux 3.18 or newer does)');
  return id.readUInt32BE();
}

/** The attributes of an answer. */
export function nftAttributes(message: Message): ReadonlyMap<number, Buffer> {
  return attributes(message.body, NFGENMSG);
}

/** A number in network order. */
export function u32be(value: number): Buffer {
  const bytes = Buffer.alloc(4);
  bytes.writeUInt32BE(value >>> 0);
  return bytes;
}

/** Begin and end of a transaction. The resource names the subsystem, in network order. */
function batchMark(type: number): Request {
  return {
    type,
    flags: NLM_F_REQUEST,
    write: (into) =>
      into
        .u8(NFPROTO_UNSPEC)
        .u8(0)
        .bytesOf(Buffer.from([0, NFNL_SUBSYS_NFTABLES])),
  };
}
