/**
 * Filters of what comes in by a link (tc-bpf(8); linux/pkt_sched.h, linux/pkt_cls.h). They hang on its queue discipline
 * `ingress` or `clsact`, of which a link has one for everybody.
 *
 *     struct tcmsg | family u8 | pad | ifindex i32 | handle u32 | parent u32 | priority u16, protocol u16 |
 */
import { attributes, type Message, NLM_F_DUMP, NLM_F_REQUEST, type Request, textOf } from './message.js';

/** linux/rtnetlink.h */
const RTM_GETTFILTER = 46;
const TCA_OPTIONS = 2;
const TCA_BPF_NAME = 7;
const INGRESS = 0xffff_fff2;
const FIXED_PART = 20;
const NOTHING = Buffer.alloc(0);

/** A filter of a link. */
export interface Filter {
  /** Empty for one that is not a BPF program. */
  readonly name: string;
}

/** Asks for the filters of what comes in by a link. */
export function dumpFilters(link: number): Request {
  return {
    type: RTM_GETTFILTER,
    flags: NLM_F_REQUEST | NLM_F_DUMP,
    write: (message) => message.zero(4).u32(link).u32(0).u32(INGRESS).u32(0),
  };
}

export function decodeFilter(message: Message): Filter {
  const options = attributes(message.body, FIXED_PART).get(TCA_OPTIONS);
  return { name: textOf((options && attributes(options).get(TCA_BPF_NAME)) ?? NOTHING) };
}
