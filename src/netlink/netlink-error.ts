/** What the kernel says about one message: an errno, and since Linux 4.12 often a sentence (extended acknowledgement). */
import { describeErrno, errorCode } from './libc.js';
import { aligned, attributes, type Message, NLMSG_DONE, textOf } from './message.js';

/** The kernel refused one message. */
export class NetlinkError extends Error {
  override readonly name = 'NetlinkError';
  readonly errno: number;
  /** `EEXIST`, `ENODEV`, ... */
  readonly code: string;
  /** The kernel's own sentence, such as `Nexthop has invalid gateway`. Not every refusal has one. */
  readonly sentence: string | undefined;
  constructor(errno: number, sentence?: string) {
    super(sentence ? `${describeErrno(errno)}: ${sentence}` : describeErrno(errno));
    this.errno = errno;
    this.code = errorCode(errno);
    this.sentence = sentence;
  }
}

/** struct nlmsgerr: the errno, negative; then the header of the request. */
const ERROR_PART = 4;
const REQUEST_HEADER = 16;
/** Flags of an acknowledgement and its attribute (linux/netlink.h). */
const NLM_F_CAPPED = 0x100;
const NLM_F_ACK_TLVS = 0x200;
const NLMSGERR_ATTR_MSG = 1;

/**
 * The error in an NLMSG_ERROR or NLMSG_DONE message; undefined when it says that all went well.
 * The end of a dump carries an errno too (it may fail half-way), but no copy of the request.
 */
export function errorIn(message: Message): NetlinkError | undefined {
  const errno = message.body.length < ERROR_PART ? 0 : -message.body.readInt32LE(0);
  if (errno <= 0) return undefined;
  return new NetlinkError(errno, sentenceIn(message));
}

function sentenceIn(message: Message): string | undefined {
  if (!(message.flags & NLM_F_ACK_TLVS)) return undefined;
  const sentence = attributes(message.body, extrasAt(message)).get(NLMSGERR_ATTR_MSG);
  return sentence && textOf(sentence);
}

function extrasAt(message: Message): number {
  if (message.type === NLMSG_DONE) return ERROR_PART;
  if (message.flags & NLM_F_CAPPED) return ERROR_PART + REQUEST_HEADER;
  return ERROR_PART + aligned(message.body.readUInt32LE(ERROR_PART));
}
