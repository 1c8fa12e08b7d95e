import { type Address, address, contains, familyOf, type Prefix } from '../model/address.js';
import type { ThisNode } from './this-node.js';

/** Never a node's own name: unspecified, loopback, link-local (our gateways too), multicast and reserved. */
const NOT_GLOBAL = ['0.0.0.0/8', '127.0.0.0/8', '169.254.0.0/16', '224.0.0.0/3'] as Prefix[];

/** A BGP identifier as it is written: an IPv4 address. */
export function routerId(text: string): Address {
  const id = address(text);
  if (familyOf(id) === 4 && id !== '0.0.0.0') return id;
  throw new RangeError(`a router id is an IPv4 address or auto, not ${id}`);
}

/**
 * The first global IPv4 address, in the kernel's order of links; so one that an operator put on `lo` wins, as is the
 * custom of routers. Throws when there is none.
 */
export function firstGlobalIPv4(interfaces: ThisNode['interfaces']): Address {
  const all = Object.values(interfaces).flatMap((addresses) => addresses ?? []);
  const own = all.filter(({ family }) => family === 'IPv4').map((info) => address(info.address));
  const found = own.find((candidate) => !NOT_GLOBAL.some((range) => contains(range, candidate)));
  if (found) return found;
  throw new RangeError(
    'auto finds no global IPv4 address on a link that is up; name one: node: { routerId: 192.0.2.1 }',
  );
}
