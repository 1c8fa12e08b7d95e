/**
 * Routing policy rules: which table a packet is looked up in (ip-rule(8); linux/fib_rules.h).
 *
 *     struct fib_rule_hdr | family u8 | dst, src length u8 | tos u8 | table u8 | pad u16 | action u8 | flags u32 |
 */
import type { Message, MessageBuffer, Request } from './message.js';
import { attributes, NLM_F_ACK, NLM_F_CREATE, NLM_F_DUMP, NLM_F_EXCL, NLM_F_REQUEST } from './message.js';

/** linux/rtnetlink.h */
export const RTM_NEWRULE = 32;
export const RTM_DELRULE = 33;
const RTM_GETRULE = 34;
/** linux/fib_rules.h */
const FRA_PRIORITY = 6;
const FRA_FWMARK = 10;
const FRA_SUPPRESS_IFGROUP = 13;
const FRA_TABLE = 15;
const FRA_FWMASK = 16;
const FRA_PROTOCOL = 21;
const FIXED_PART = 12;
const RT_TABLE_UNSPEC = 0;

/** What becomes of a packet that a rule catches (FR_ACT_* of linux/fib_rules.h). */
export const RuleAction = { lookup: 1, unreachable: 7 } as const;

/** A rule that catches packets by their mark. */
export interface Rule {
  /** AF_INET or AF_INET6. */
  readonly family: number;
  /** Lower comes first. */
  readonly priority: number;
  readonly mark: number;
  readonly mask: number;
  /** A value of RuleAction. */
  readonly action: number;
  /** The table of `lookup`; 0 otherwise. */
  readonly table: number;
  /** `lookup`: an answer out of a link of this group does not count, and the next rule is asked. Absent: every answer does. */
  readonly suppressGroup?: number;
  /** Who wrote it (RTPROT_*). */
  readonly protocol: number;
}

/** Adds a rule. Refused with EEXIST when there is the same one. */
export function addRule(rule: Rule): Request {
  return {
    type: RTM_NEWRULE,
    flags: NLM_F_REQUEST | NLM_F_ACK | NLM_F_CREATE | NLM_F_EXCL,
    write: (message) => writeRule(message, rule),
  };
}

/** Removes a rule. Refused with ENOENT when there is none such. */
export function deleteRule(rule: Rule): Request {
  return { type: RTM_DELRULE, flags: NLM_F_REQUEST | NLM_F_ACK, write: (message) => writeRule(message, rule) };
}

/** Asks for all rules of a family. */
export function dumpRules(family: number): Request {
  return {
    type: RTM_GETRULE,
    flags: NLM_F_REQUEST | NLM_F_DUMP,
    write: (message) => message.u8(family).zero(FIXED_PART - 1),
  };
}

/** Decodes RTM_NEWRULE and RTM_DELRULE; whatever else a foreign rule says is left out. */
export function decodeRule(message: Message): Rule {
  const found = attributes(message.body, FIXED_PART);
  const suppressGroup = found.get(FRA_SUPPRESS_IFGROUP)?.readUInt32LE();
  return {
    family: message.body[0]!,
    priority: found.get(FRA_PRIORITY)?.readUInt32LE() ?? 0,
    mark: found.get(FRA_FWMARK)?.readUInt32LE() ?? 0,
    mask: found.get(FRA_FWMASK)?.readUInt32LE() ?? 0,
    action: message.body[7]!,
    table: found.get(FRA_TABLE)?.readUInt32LE() ?? message.body[4]!,
    ...(suppressGroup !== undefined && { suppressGroup }),
    protocol: found.get(FRA_PROTOCOL)?.[0] ?? 0,
  };
}

function writeRule(message: MessageBuffer, rule: Rule): void {
  const tableByte = rule.table < 256 ? rule.table : RT_TABLE_UNSPEC;
  message.u8(rule.family).zero(3).u8(tableByte).zero(2).u8(rule.action).u32(0);
  message.attributeU32(FRA_PRIORITY, rule.priority).attributeU32(FRA_FWMARK, rule.mark);
  message.attributeU32(FRA_FWMASK, rule.mask);
  if (rule.table > 255) message.attributeU32(FRA_TABLE, rule.table);
  if (rule.suppressGroup !== undefined) message.attributeU32(FRA_SUPPRESS_IFGROUP, rule.suppressGroup);
  message.attributeU8(FRA_PROTOCOL, rule.protocol);
}
