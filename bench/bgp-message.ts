/** The few BGP messages that the feeder needs (RFC 4271, capabilities RFC 5492, 4-byte AS numbers RFC 6793), IPv4 only. */

export const TYPE = { open: 1, update: 2, notification: 3, keepalive: 4 } as const;

const HEADER = 19;
const LONGEST = 4096;
/** A /32 in an UPDATE: its length, and four bytes. */
const HOST_ROUTE = 5;
const AS_TRANS = 23456;

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
  return message(TYPE.open, Buffer.from([...fixed, parameter.length, ...parameter]));
}

export function keepaliveMessage(): Buffer {
  return message(TYPE.keepalive, Buffer.alloc(0));
}

/** End-of-RIB of IPv4 unicast: an UPDATE that says nothing (RFC 4724). */
export function endOfRib(): Buffer {
  return message(TYPE.update, Buffer.alloc(4));
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
      message(
        TYPE.update,
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
      return message(TYPE.update, Buffer.concat([Buffer.from(be16(routes.length)), routes, Buffer.from([0, 0])]));
    }),
  );
}

/** Takes whole messages off the front of what has come: their types and bodies, and the rest. */
export function takeMessages(received: Buffer): {
  readonly messages: readonly { type: number; body: Buffer }[];
  rest: Buffer;
} {
  const messages: { type: number; body: Buffer }[] = [];
  let at = 0;
  while (received.length - at >= HEADER) {
    const length = received.readUInt16BE(at + 16);
    if (length < HEADER) throw new Error(`a BGP message cannot be ${length} bytes long`);
    if (received.length - at < length) break;
    messages.push({ type: received[at + 18]!, body: received.subarray(at + HEADER, at + length) });
    at += length;
  }
  return { messages, rest: received.subarray(at) };
}

function message(type: number, body: Buffer): Buffer {
  return Buffer.concat([Buffer.alloc(16, 0xff), Buffer.from([...be16(HEADER + body.length), type]), body]);
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
