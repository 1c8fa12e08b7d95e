/**
 * Names of what is ours in gobgpd. Each carries a digest of its content: one of the wanted name is the wanted one, and a change
 * is one more and another less.
 */
import { hash } from 'node:crypto';

/** Policies, sets and groups of this name are ours. */
export const OURS = 'slash32-';

/** The name of what has this content. */
export function nameOf(content: unknown): string {
  return OURS + hash('sha256', JSON.stringify(content)).slice(0, 12);
}
