import type { Address, Prefix } from './address.js';
import type { NextHop } from './route.js';

/** An address that this host has itself, and the subnet that is connected through it. */
export interface HostAddress {
  readonly device: string;
  readonly address: Address;
  readonly subnet: Prefix;
  /** Can its link carry packets now? Linux itself goes on sending to one that cannot. */
  readonly carrier: boolean;
}

/** How this host would reach an address: it has it, its link has it, other hops come first, or not at all. */
export type Way = 'self' | 'on-link' | 'none' | Detour;

/** What the kernel's own route towards an address says of the next hops there. */
export interface Detour {
  /** That route: the most specific one there is. */
  readonly by: Prefix;
  /** We put it there ourselves, because of a path. */
  readonly isOurs: boolean;
  readonly hops: readonly NextHop[];
}

/** Is it a way over other hops? */
export function isDetour(way: Way | undefined): way is Detour {
  return typeof way === 'object';
}
