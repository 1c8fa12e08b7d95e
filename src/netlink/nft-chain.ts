/** Chains and rules of one nftables table: reading them to see whether somebody touched them, and removing chains. */
import { attributes, type Message, NLM_F_ACK, type Request, textOf } from './message.js';
import { NFGENMSG, NFPROTO_UNSPEC, NftMessage, nftAttributes, nftDump, nftRequest } from './nft.js';

const NFTA_TABLE_NAME = 1;
const NFTA_TABLE_FLAGS = 2;
const NFTA_CHAIN_TABLE = 1;
const NFTA_CHAIN_NAME = 3;
const NFTA_CHAIN_HOOK = 4;
const NFTA_CHAIN_POLICY = 5;
const NFTA_CHAIN_TYPE = 7;
const NFTA_HOOK_HOOKNUM = 1;
const NFTA_HOOK_PRIORITY = 2;
const NFTA_RULE_TABLE = 1;
const NFTA_RULE_CHAIN = 2;

/** A chain as the kernel has it. */
export interface KernelChain {
  readonly name: string;
  /** Hook number, priority and policy in hex; empty for a chain that is only jumped to. */
  readonly hook: string;
}

/** A rule as the kernel has it. */
export interface KernelRule {
  readonly chain: string;
  /** Handle and expressions, in hex, without the generation. Another rule, or the same made anew, has another text. */
  readonly content: string;
}

/** Removes a chain with its rules. EBUSY: a rule or an element still leads there. */
export function removeChain(table: string, name: string): Request {
  return nftRequest(NftMessage.DELCHAIN, NLM_F_ACK, (into) => {
    into.attributeText(NFTA_CHAIN_TABLE, table).attributeText(NFTA_CHAIN_NAME, name);
  });
}

/** Asks for one table. ENOENT: there is none. */
export function tableRequest(table: string): Request {
  return nftRequest(NftMessage.GETTABLE, 0, (into) => into.attributeText(NFTA_TABLE_NAME, table));
}

/** The flags of a table in the answer: 1 is dormant, a table whose rules sleep (NFT_TABLE_F_DORMANT). */
export function tableFlags(message: Message): number {
  return nftAttributes(message).get(NFTA_TABLE_FLAGS)?.readUInt32BE() ?? 0;
}

/** Asks for the chains of all inet tables: the kernel does not narrow this one down. */
export function chainsDump(): Request {
  return nftDump(NftMessage.GETCHAIN);
}

/** The chain in one message of that dump, or undefined when it belongs to another table. */
export function chainIn(table: string, message: Message): KernelChain | undefined {
  const found = nftAttributes(message);
  if (text(found.get(NFTA_CHAIN_TABLE)) !== table) return undefined;
  const hook = attributes(found.get(NFTA_CHAIN_HOOK) ?? Buffer.alloc(0));
  const parts = [hook.get(NFTA_HOOK_HOOKNUM), hook.get(NFTA_HOOK_PRIORITY), found.get(NFTA_CHAIN_POLICY)];
  const isBase = found.has(NFTA_CHAIN_HOOK);
  return {
    name: text(found.get(NFTA_CHAIN_NAME)),
    hook: isBase ? parts.map((part) => part?.toString('hex') ?? '').join(' ') : '',
  };
}

/** A chain of anybody's that packets come to by themselves. */
export interface BaseChain {
  /** NFPROTO_* of linux/netfilter.h. */
  readonly family: number;
  readonly table: string;
  readonly name: string;
  /** NF_INET_* or NF_NETDEV_*, as the family has it. */
  readonly hook: number;
  /** `filter`, `nat`, `route`. */
  readonly type: string;
}

/** Asks for the chains of all tables of all families. */
export function allChainsDump(): Request {
  return nftDump(NftMessage.GETCHAIN, () => {}, NFPROTO_UNSPEC);
}

/** The chain in one message of that dump, or undefined when it is only jumped to. */
export function baseChainIn(message: Message): BaseChain | undefined {
  const found = nftAttributes(message);
  const hook = found.get(NFTA_CHAIN_HOOK);
  if (!hook) return undefined;
  return {
    family: message.body[0]!,
    table: text(found.get(NFTA_CHAIN_TABLE)),
    name: text(found.get(NFTA_CHAIN_NAME)),
    hook: attributes(hook).get(NFTA_HOOK_HOOKNUM)?.readUInt32BE() ?? 0,
    type: text(found.get(NFTA_CHAIN_TYPE)),
  };
}

/** Asks for the rules of one table, in their order. */
export function rulesDump(table: string): Request {
  return nftDump(NftMessage.GETRULE, (into) => into.attributeText(NFTA_RULE_TABLE, table));
}

/** The rule in one message of that dump; older kernels do not narrow it down to the table. */
export function ruleIn(table: string, message: Message): KernelRule | undefined {
  const found = nftAttributes(message);
  if (text(found.get(NFTA_RULE_TABLE)) !== table) return undefined;
  return { chain: text(found.get(NFTA_RULE_CHAIN)), content: message.body.subarray(NFGENMSG).toString('hex') };
}

function text(value: Buffer | undefined): string {
  return textOf(value ?? Buffer.alloc(0));
}
