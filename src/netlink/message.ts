/**
 * Netlink messages: a header, a fixed part, attributes (RFC 3549; linux/netlink.h).
 *
 *     | length u32 | type u16 | flags u16 | sequence u32 | port u32 | fixed part | length u16 | type u16 | value |...
 *
 * Encoders describe a message as a `Request`: its type, flags, and how to write its body. A `MessageBuffer` writes many
 * of them one after another into one growing Buffer, because a send of 128 messages costs hardly more than one.
 * Numbers are in the host's byte order, which is little-endian wherever this runs; addresses are in network order.
 */

/** One message to send. */
export interface Request {
  readonly type: number;
  readonly flags: number;
  /** Writes the fixed part and the attributes. */
  write(into: MessageBuffer): void;
}

/** One message that came. */
export interface Message {
  readonly type: number;
  readonly flags: number;
  readonly sequence: number;
  /** The fixed part and the attributes. A view of the receive buffer: valid until the next receive. */
  readonly body: Buffer;
}

/** The attributes of a message by type. The kernel never repeats one, except inside lists. */
export type Attributes = ReadonlyMap<number, Buffer>;

/** Message types and flags of every protocol (linux/netlink.h). */
export const NLMSG_ERROR = 2;
export const NLMSG_DONE = 3;
export const NLM_F_REQUEST = 0x1;
export const NLM_F_ACK = 0x4;
export const NLM_F_DUMP_INTR = 0x10;
export const NLM_F_DUMP = 0x300;
export const NLM_F_REPLACE = 0x100;
export const NLM_F_EXCL = 0x200;
export const NLM_F_CREATE = 0x400;

/** The type of an attribute without its two flag bits (NLA_TYPE_MASK). */
const NLA_TYPE_MASK = 0x3fff;
const NLA_F_NESTED = 0x8000;
const HEADER = 16;
const ATTRIBUTE_HEADER = 4;

/** Messages under construction, one after another. */
export class MessageBuffer {
  #bytes: Buffer;
  #length = 0;
  #start = 0;

  constructor(capacity = 64 * 1024) {
    this.#bytes = Buffer.allocUnsafe(capacity);
  }

  /** How many bytes are written. */
  get length(): number {
    return this.#length;
  }

  /** The bytes written so far: a view. */
  get bytes(): Buffer {
    return this.#bytes.subarray(0, this.#length);
  }

  /** The whole buffer, for the system call. */
  get memory(): Buffer {
    return this.#bytes;
  }

  clear(): void {
    this.#length = 0;
  }

  /** Writes one whole message. */
  message(request: Request, sequence: number, flags = request.flags): void {
    this.#start = this.#length;
    this.u32(0).u16(request.type).u16(flags).u32(sequence).u32(0);
    request.write(this);
    this.#bytes.writeUInt32LE(this.#length - this.#start, this.#start);
    this.#align();
  }

  u8(value: number): this {
    this.#reserve(1);
    this.#bytes[this.#length++] = value;
    return this;
  }

  u16(value: number): this {
    this.#reserve(2);
    this.#length = this.#bytes.writeUInt16LE(value, this.#length);
    return this;
  }

  u32(value: number): this {
    this.#reserve(4);
    this.#length = this.#bytes.writeUInt32LE(value >>> 0, this.#length);
    return this;
  }

  bytesOf(value: Uint8Array): this {
    this.#reserve(value.length);
    this.#bytes.set(value, this.#length);
    this.#length += value.length;
    return this;
  }

  zero(count: number): this {
    this.#reserve(count);
    this.#bytes.fill(0, this.#length, this.#length + count);
    this.#length += count;
    return this;
  }

  /** An attribute of raw bytes. */
  attribute(type: number, value: Uint8Array): this {
    this.u16(ATTRIBUTE_HEADER + value.length).u16(type);
    return this.bytesOf(value).#align();
  }

  attributeU8(type: number, value: number): this {
    return this.u16(5).u16(type).u8(value).#align();
  }

  attributeU16(type: number, value: number): this {
    return this.u16(6).u16(type).u16(value).#align();
  }

  attributeU32(type: number, value: number): this {
    return this.u16(8).u16(type).u32(value);
  }

  /** Text with the NUL at its end that the kernel wants. */
  attributeText(type: number, value: string): this {
    return this.attribute(type, Buffer.from(`${value}\0`));
  }

  /** An attribute made of attributes. */
  nest(type: number, write: () => void): this {
    const start = this.#length;
    this.u16(0).u16(type);
    write();
    this.#bytes.writeUInt16LE(this.#length - start, start);
    return this;
  }

  /** The same with NLA_F_NESTED, which newer interfaces (nftables, AF_SPEC of strict checkers) insist on. */
  nestMarked(type: number, write: () => void): this {
    return this.nest(type | NLA_F_NESTED, write);
  }

  #align(): this {
    return this.zero(-(this.#length - this.#start) & 3);
  }

  #reserve(count: number): void {
    if (this.#length + count <= this.#bytes.length) return;
    const grown = Buffer.allocUnsafe(Math.max(this.#bytes.length * 2, this.#length + count));
    this.#bytes.copy(grown, 0, 0, this.#length);
    this.#bytes = grown;
  }
}

/** The bytes of one message: what `send` would send. For tests and for printing. */
export function encode(request: Request, sequence = 0): Buffer {
  const buffer = new MessageBuffer(256);
  buffer.message(request, sequence);
  return Buffer.from(buffer.bytes);
}

/** Takes a datagram apart. Throws RangeError when it is not made of whole messages. */
export function* messagesIn(datagram: Buffer): Generator<Message> {
  for (let at = 0; at + HEADER <= datagram.length; ) {
    const length = datagram.readUInt32LE(at);
    if (length < HEADER || at + length > datagram.length) {
      throw new RangeError(`netlink message of ${length} bytes at ${at} of ${datagram.length}`);
    }
    yield {
      type: datagram.readUInt16LE(at + 4),
      flags: datagram.readUInt16LE(at + 6),
      sequence: datagram.readUInt32LE(at + 8),
      body: datagram.subarray(at + HEADER, at + length),
    };
    at += aligned(length);
  }
}

/** The attributes from `offset` on. Of repeated ones the last counts. */
export function attributes(body: Buffer, offset = 0): Attributes {
  const found = new Map<number, Buffer>();
  for (const [type, value] of attributeList(body, offset)) found.set(type, value);
  return found;
}

/** One attribute alone, without a look at what it holds: cheaper than all of them where events are many. */
export function attribute(body: Buffer, offset: number, wanted: number): Buffer | undefined {
  for (let at = offset; at + ATTRIBUTE_HEADER <= body.length; ) {
    const length = body.readUInt16LE(at);
    if (length < ATTRIBUTE_HEADER || at + length > body.length) return undefined;
    if ((body.readUInt16LE(at + 2) & NLA_TYPE_MASK) === wanted)
      return body.subarray(at + ATTRIBUTE_HEADER, at + length);
    at += aligned(length);
  }
  return undefined;
}

/** The attributes from `offset` on, in order, repeated ones too. Bytes that are no attribute end the list. */
export function* attributeList(body: Buffer, offset = 0): Generator<readonly [type: number, value: Buffer]> {
  for (let at = offset; at + ATTRIBUTE_HEADER <= body.length; ) {
    const length = body.readUInt16LE(at);
    if (length < ATTRIBUTE_HEADER || at + length > body.length) return;
    yield [body.readUInt16LE(at + 2) & NLA_TYPE_MASK, body.subarray(at + ATTRIBUTE_HEADER, at + length)];
    at += aligned(length);
  }
}

/** Text without the NUL at its end. */
export function textOf(value: Buffer): string {
  const end = value.indexOf(0);
  return value.toString('utf8', 0, end < 0 ? value.length : end);
}

/** Address families (linux/socket.h). */
export const AF_UNSPEC = 0;
export const AF_INET = 2;
export const AF_INET6 = 10;

/** An IP address: its 4 or 16 bytes in network order. */
export type Ip = Uint8Array;

/** The family that an address's length tells. */
export function ipFamily(ip: Ip): number {
  return ip.length === 4 ? AF_INET : AF_INET6;
}

/** A MAC address as six bytes. Throws RangeError that names the text. */
export function macBytes(text: string): Buffer {
  if (!/^[0-9a-f]{2}(:[0-9a-f]{2}){5}$/i.test(text)) throw new RangeError(`not a MAC address: "${text}"`);
  return Buffer.from(text.replaceAll(':', ''), 'hex');
}

/** A MAC address as people write it. */
export function macText(bytes: Buffer): string {
  return bytes.toString('hex').replace(/..(?!$)/g, '$&:');
}

/** Lengths are rounded up to 4 (NLMSG_ALIGN, NLA_ALIGN). */
export function aligned(length: number): number {
  return (length + 3) & ~3;
}
