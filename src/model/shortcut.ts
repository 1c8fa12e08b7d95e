/** The shortcut past the stack (bpf/shortcut.c), in words: who would not see packets on it, and how it stands. */
import type { Address, Family } from './address.js';

/** What is in the kernel that packets on the shortcut would not meet. */
export interface Bystanders {
  /** Chains of nftables that packets come to by themselves. */
  readonly chains: readonly Chain[];
  /** Tables of iptables-legacy, like `iptables filter`. */
  readonly legacy: readonly string[];
  /** Rules of policy routing that are neither ours nor the kernel's own. */
  readonly rules: readonly { readonly family: Family; readonly priority: number }[];
  /** There are policies that encrypt what is forwarded. */
  readonly ipsec: boolean;
  /** There are services that translate addresses. */
  readonly ipvs: boolean;
  /** Names of links towards peers on which somebody looks at what comes in: a filter of tc, a BPF program. */
  readonly links: readonly string[];
}

export interface Chain {
  readonly family: 'inet' | 'ip' | 'ip6' | 'arp' | 'bridge' | 'netdev';
  readonly table: string;
  readonly name: string;
  /** By number: NF_INET_* of linux/netfilter.h, or what the family has instead. */
  readonly hook: number;
  readonly isOurs: boolean;
  /** Translates addresses. */
  readonly isNat: boolean;
}

/** Where a peer is. */
export interface PeerPlace {
  readonly address: Address;
  readonly device?: string;
}

/** How it stands: switched off, off for a reason, or on. */
export type ShortcutStanding =
  | { readonly is: 'unwanted' }
  | ({ readonly is: 'off'; readonly reason: string } & ShortcutUse)
  | ({ readonly is: 'on' } & ShortcutUse);

/** Since the controller has begun. */
export interface ShortcutUse {
  /** Packets that took it. */
  readonly packets: number;
  /** Endpoints whose own packets take it, for they talk much. */
  readonly endpoints: number;
}
