/**
 * The kernel table of a network that does not name one.
 *
 * It comes from the network's name alone: the same after a restart, whatever the order in the file, and whoever comes
 * or goes beside it, so that routes and connections of the others never move. Two names may meet in one number (with
 * ten networks in one file of 155). That is refused, never resolved: moving one of them to the next free number
 * would depend on the other, and the remedy is one line of configuration.
 */
import { hash } from 'node:crypto';
import { hashedTable } from '../model/table.js';

export function tableOf(networkName: string): number {
  return hashedTable(hash('sha256', networkName, 'buffer').readUInt32BE(0));
}
