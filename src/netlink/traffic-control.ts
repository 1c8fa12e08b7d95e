/**
 * BPF programs as filters of what comes in by a link (tc-bpf(8); linux/pkt_sched.h, linux/pkt_cls.h).
 *
 *     struct tcmsg | family u8 | pad | ifindex i32 | handle u32 | parent u32 | priority u16, protocol u16 |
 *
 * They hang on a queue discipline without a queue, `clsact`, of which a link has one for everybody.
 */
import {
  attributes,
  type Message,
  type MessageBuffer,
  NLM_F_ACK,
  NLM_F_CREATE,
  NLM_F_DUMP,
  NLM_F_EXCL,
  NLM_F_REQUEST,
  type Request,
  textOf,
} from './message.js';

/** linux/rtnetlink.h */
const RTM_NEWQDISC = 36;
const RTM_GETQDISC = 38;
const RTM_NEWTFILTER = 44;
const RTM_DELTFILTER = 45;
const RTM_GETTFILTER = 46;
const TCA_KIND = 1;
const TCA_OPTIONS = 2;
const TCA_BPF_FD = 6;
const TCA_BPF_NAME = 7;
const TCA_BPF_FLAGS = 8;
/** What the program returns is what becomes of the packet. */
const ACT_DIRECT = 1;
const CLSACT = 0xffff_fff1;
const CLSACT_HANDLE = 0xffff_0000;
const INGRESS = 0xffff_fff2;
/** ETH_P_ALL in network order. */
const EVERY_PROTOCOL = 0x0300;
const FIXED_PART = 20;
const NOTHING = Buffer.alloc(0);

/** A filter of a link: its place is the priority, its owner tells the name. */
export interface Filter {
  readonly index: number;
  readonly priority: number;
  /** Empty for one that is not a BPF program. */
  readonly name: string;
}

/** Gives a link the place for filters; for about 0.1 ms it drops what it should send. EEXIST: it has one. */
export function addClsact(index: number): Request {
  return {
    type: RTM_NEWQDISC,
    flags: NLM_F_REQUEST | NLM_F_ACK | NLM_F_CREATE | NLM_F_EXCL,
    write: (message) => fixedPart(message, index, CLSACT_HANDLE, CLSACT).attributeText(TCA_KIND, 'clsact'),
  };
}

/** Puts a program in its place, or another one into the same place: no packet passes by both. */
export function putFilter({ index, priority, name }: Filter, program: number): Request {
  return {
    type: RTM_NEWTFILTER,
    flags: NLM_F_REQUEST | NLM_F_ACK | NLM_F_CREATE,
    write: (message) => {
      fixedPart(message, index, 1, INGRESS, priority, EVERY_PROTOCOL).attributeText(TCA_KIND, 'bpf');
      message.nest(TCA_OPTIONS, () => {
        message.attributeU32(TCA_BPF_FD, program).attributeText(TCA_BPF_NAME, name);
        message.attributeU32(TCA_BPF_FLAGS, ACT_DIRECT);
      });
    },
  };
}

/** Removes the filter of that place. */
export function deleteFilter({ index, priority }: Pick<Filter, 'index' | 'priority'>): Request {
  return {
    type: RTM_DELTFILTER,
    flags: NLM_F_REQUEST | NLM_F_ACK,
    write: (message) => fixedPart(message, index, 1, INGRESS, priority, EVERY_PROTOCOL).attributeText(TCA_KIND, 'bpf'),
  };
}

/** Asks for the filters of what comes in by a link. */
export function dumpFilters(index: number): Request {
  return {
    type: RTM_GETTFILTER,
    flags: NLM_F_REQUEST | NLM_F_DUMP,
    write: (message) => fixedPart(message, index, 0, INGRESS),
  };
}

export function decodeFilter(message: Message): Filter {
  const options = attributes(message.body, FIXED_PART).get(TCA_OPTIONS);
  return {
    index: message.body.readInt32LE(4),
    priority: message.body.readUInt16LE(18),
    name: textOf((options && attributes(options).get(TCA_BPF_NAME)) ?? NOTHING),
  };
}

/** Asks for the queue disciplines of all links. */
export function dumpQdiscs(): Request {
  return {
    type: RTM_GETQDISC,
    flags: NLM_F_REQUEST | NLM_F_DUMP,
    write: (message) => fixedPart(message, 0),
  };
}

/** The index of the link, where it has a place for filters. */
export function clsactIn(message: Message): number | undefined {
  const kind = textOf(attributes(message.body, FIXED_PART).get(TCA_KIND) ?? NOTHING);
  return kind === 'clsact' ? message.body.readInt32LE(4) : undefined;
}

function fixedPart(
  message: MessageBuffer,
  index: number,
  handle = 0,
  parent = 0,
  priority = 0,
  protocol = 0,
): MessageBuffer {
  return message.zero(4).u32(index).u32(handle).u32(parent).u16(protocol).u16(priority);
}
