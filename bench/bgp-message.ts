/** The BGP messages that only a feeder needs (RFC 4271, capabilities RFC 5492, 4-byte AS numbers RFC 6793), IPv4 only. */
import { AS_TRANS, HEADER, LONGEST, OPEN, writeMessage } from '../src/gobgp/bgp-message.js';

export const UPDATE = 2;

/** A /32 in an UPDATE: its length, and four bytes. */
const HOST_ROUTE = 5;

/** Who speaks. Addresses are dotted quads. */
export interface Speaker {
  readonly asn: number;
  readonly address: string;
  /** Seconds. */
  readonly hold: number;
}

/** OPEN, with IPv4 unicast and 4-byte AS numbers. */
export function openMessage({ asn, address, hold }: Speaker): Buffer {
  const capabilities = Buffer.from([1, 4, 0, 1, 0, 1, 65, 4, ...be32(asn)]);
  const fixed = [4, ...be16(asn > 0xffff ? AS_TRANS : asn), ...be16(hold), ...quad(address)];
  const parameter = [2, capabilities.length, ...capabilities];
  return writeMessage(OPEN, Buffer.from([...fixed, parameter.length, ...parameter]));
}

/** End-of-RIB of IPv4 unicast: an UPDATE that says nothing (RFC 4724). */
export function endOfRib(): Buffer {
  return writeMessage(UPDATE, Buffer.alloc(4));
}

/** UPDATEs that announce these /32, with a route target and the speaker as next hop; as many in each as it holds. */
export function announcements(
  prefixes: readonly number[],
  speaker: Speaker,
  target: readonly [number, number],
): Buffer {
  const attributes = Buffer.from([
    ...[0x40, 1, 1, 0], // ORIGIN: IGP
    ...[0x40, 2, 6, 2, 1, ...be32(speaker.asn)], // AS_PATH: a sequence of one
    ...[0x40, 3, 4, ...quad(speaker.address)], // NEXT_HOP
    ...[0xc0, 16, 8, 0, 2, ...be16(target[0]), ...be32(target[1])], // EXTENDED_COMMUNITIES: a route target (RFC 4360)
  ]);
  const room = Math.floor((LONGEST - HEADER - 4 - attributes.length) / HOST_ROUTE);
  return Buffer.concat(
    slices(prefixes, room).map((slice) =>
      writeMessage(
        UPDATE,
        Buffer.concat([Buffer.from([0, 0, ...be16(attributes.length)]), attributes, hostRoutes(slice)]),
      ),
    ),
  );
}

/** UPDATEs that withdraw these /32. */
export function withdrawals(prefixes: readonly number[]): Buffer {
  const room = Math.floor((LONGEST - HEADER - 4) / HOST_ROUTE);
  return Buffer.concat(
    slices(prefixes, room).map((slice) => {
      const routes = hostRoutes(slice);
      return writeMessage(UPDATE, Buffer.concat([Buffer.from(be16(routes.length)), routes, Buffer.from([0, 0])]));
    }),
  );
}

function hostRoutes(addresses: readonly number[]): Buffer {
  const routes = Buffer.alloc(addresses.length * HOST_ROUTE);
  for (const [i, address] of addresses.entries()) {
    routes[i * HOST_ROUTE] = 32;
    routes.writeUInt32BE(address, i * HOST_ROUTE + 1);
  }
  return routes;
}

function slices<T>(values: readonly T[], size: number): T[][] {
  return Array.from({ length: Math.ceil(values.length / size) }, (_, i) => values.slice(i * size, (i + 1) * size));
}

const quad = (address: string) => address.split('.').map(Number);
const be16 = (value: number) => [value >>> 8, value & 0xff];
const be32 = (value: number) => [value >>> 24, (value >>> 16) & 0xff, (value >>> 8) & 0xff, value & 0xff];
