/** Words that the vendors' languages have in common. */
import { type Address, lengthOf, type Prefix } from '../model/address.js';
import type { Accepted, Session } from './tor.js';

/** To be replaced by the password of each node. */
export const PASSWORD_PLACEHOLDER = 'CHANGE-ME';
/** The same name of list and policy at every vendor. */
export const LIST = { 4: 'SLASH32-4', 6: 'SLASH32-6' } as const;

/** Is this a range of addresses, rather than one? */
export function isRange(from: Address | Prefix): from is Prefix {
  return from.includes('/');
}

/** The name of what belongs to one session: a peer group, a filter. */
export function groupOf({ name }: Pick<Session, 'name'>): string {
  return `SLASH32-${name}`;
}

/** What a neighbour is called: a range needs a peer group, which then stands where an address would. */
export function keyOf({ from, name }: Session): string {
  return isRange(from) ? groupOf({ name }) : from;
}

/** A rule of a prefix list, which wants lengths only where they are longer than the prefix itself. */
export function rule({ within, length }: Accepted, word: 'eq' | 'ge'): string {
  return lengthOf(within) === length ? within : `${within} ${word} ${length}`;
}
