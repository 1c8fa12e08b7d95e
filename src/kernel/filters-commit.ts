/**
 * Brings elements into the kernel and out of it, all at one moment.
 *
 * A refused transaction has changed nothing, and its errors say what the kernel has: an element that should go is gone
 * already (ENOENT), one that should come is there with another verdict (EEXIST, EBUSY). So the same is tried again with
 * that in mind, instead of asking first: the common case costs one system call.
 */
import {
  addElement,
  Errno,
  type NetlinkError,
  type NetlinkSocket,
  removeChain,
  removeElement,
  transaction,
  type VerdictElement,
} from '../netlink/index.js';
import { TABLE } from './filters-ruleset.js';

/** Elements that should be, and elements that should not. */
export interface ElementChange {
  readonly put: readonly VerdictElement[];
  readonly remove: readonly Pick<VerdictElement, 'map' | 'key'>[];
}

/** Somebody else may write at the same time; nobody does so for ever. */
const ATTEMPTS = 5;

/** Commits a change. Returns the number of transactions that took effect, 0 or 1. Throws when the kernel refuses. */
export function commit(socket: NetlinkSocket, { put, remove }: ElementChange): number {
  const removing = new Set(remove);
  for (let attempt = 1; ; attempt++) {
    const leaving = [...removing];
    if (leaving.length + put.length === 0) return 0;
    const requests = [
      ...leaving.map((element) => removeElement(TABLE, element)),
      ...put.map((element) => addElement(TABLE, element)),
    ];
    const errors = transaction(socket, requests);
    if (errors.size === 0) return 1;
    for (const [index, error] of errors) {
      const element = leaving[index];
      const coming = put[index - leaving.length];
      if (attempt === ATTEMPTS) throw refused(coming, error);
      if (element && error.errno === Errno.ENOENT) removing.delete(element);
      else if (coming && (error.errno === Errno.EEXIST || error.errno === Errno.EBUSY)) removing.add(coming);
      else throw refused(coming, error);
    }
  }
}

/** Removes chains, each on its own. One that is gone, or that somebody's own rule leads to, may stay: it does nothing. */
export function removeChains(socket: NetlinkSocket, names: readonly string[]): number {
  return names.filter((name) => transaction(socket, [removeChain(TABLE, name)]).size === 0).length;
}

function refused(element: VerdictElement | undefined, error: NetlinkError): Error {
  const remedy =
    element && error.errno === Errno.ENOENT
      ? `: table inet ${TABLE} or its chain ${element.chain} is not there; the next pass makes it`
      : '';
  return new Error(`the kernel refused a change of the filters (${error.message})${remedy}`, { cause: error });
}
