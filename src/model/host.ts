import type { Address, Prefix } from './address.js';

/** An address that this host has itself, and the subnet that is connected through it. */
export interface HostAddress {
  readonly device: string;
  readonly address: Address;
  readonly subnet: Prefix;
  /** Can its link carry packets now? Linux itself goes on sending to one that cannot. */
  readonly carrier: boolean;
}

/** How this host would reach an address: it has it, its link has it, another hop comes first, or not at all. */
export type Way = 'self' | 'on-link' | 'routed' | 'none';
