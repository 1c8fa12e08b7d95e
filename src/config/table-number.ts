/**
 * The kernel table of a network that does not name one.
 *
 * It comes from the network's name alone: the same after a restart, whatever the order in the file, and whoever comes
 * or goes beside it, so that routes and connections of the others never move. Two names may meet in one number (with
 * ten networks in one file of 155). That is refused, never resolved: moving one of them to the next free number
 * would depend on the other, and the remedy is one line of configuration.
 */
import { createHash } from 'node:crypto';

const FIRST = 1000;
const LAST = 8000;

/** From 1000 to 8000: within the marks (1 to 8191), clear of the kernel's 253 to 255 and of small hand-picked ones. */
export function tableOf(networkName: string): number {
  const hash = createHash('sha256').update(networkName).digest().readUInt32BE(0);
  return FIRST + (hash % (LAST - FIRST + 1));
}
