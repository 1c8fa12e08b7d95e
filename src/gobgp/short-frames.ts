/**
 * As much HTTP/2 (RFC 9113) and HPACK (RFC 7541) as one kind of gRPC call needs.
 *
 *     frame | length u24 | type u8 | flags u8 | stream u32 | payload |
 *
 * Without a dynamic table, which the first settings refuse, the same header is always the same bytes, in both directions.
 */

/** RFC 9113 section 6. */
export const FrameType = {
  data: 0,
  headers: 1,
  resetStream: 3,
  settings: 4,
  ping: 6,
  goAway: 7,
  windowUpdate: 8,
} as const;
export const Flag = { endOfStream: 1, acknowledged: 1, endOfHeaders: 4 } as const;

const FRAME_HEAD = 9;
/** gRPC's own head of a message: not compressed, length u32. */
const MESSAGE_HEAD = 5;
/** SETTINGS_HEADER_TABLE_SIZE 0. */
const NO_DYNAMIC_TABLE = Buffer.from([0, 1, 0, 0, 0, 0]);

/** Five bytes come with each answer: enough for 400 million of them, so nobody has to say that they were read. */
const HUGE_WINDOW = Buffer.from([0x7f, 0xff, 0, 0]);

/** What a client says first (RFC 9113 section 3.4). */
export const PREFACE = Buffer.concat([
  Buffer.from('PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n'),
  frameOf(FrameType.settings, 0, 0, NO_DYNAMIC_TABLE),
  frameOf(FrameType.windowUpdate, 0, 0, HUGE_WINDOW),
]);

/** `grpc-status: 0` as a literal whose name is new (0x00) and in Huffman code (0x88, eight bytes): what trailers begin with. */
const SUCCESS = Buffer.from('00889acac8b21234da8f0130', 'hex');

/** One frame of the other side; the payload is a view. */
export interface Frame {
  readonly type: number;
  readonly flags: number;
  readonly stream: number;
  readonly payload: Buffer;
}

/** The bytes of a frame. */
export function frameOf(type: number, flags: number, stream: number, payload: Buffer): Buffer {
  const frame = Buffer.allocUnsafe(FRAME_HEAD + payload.length);
  writeHead(frame, 0, { type, flags, stream, length: payload.length });
  payload.copy(frame, FRAME_HEAD);
  return frame;
}

/** The whole frames in the bytes so far, and what is left of one that has not come to its end. */
export function framesIn(bytes: Buffer): { readonly frames: readonly Frame[]; readonly rest: Buffer } {
  const frames: Frame[] = [];
  let at = 0;
  while (bytes.length - at >= FRAME_HEAD) {
    const end = at + FRAME_HEAD + bytes.readUIntBE(at, 3);
    if (end > bytes.length) break;
    const [type = 0, flags = 0] = bytes.subarray(at + 3, at + 5);
    const stream = bytes.readUInt32BE(at + 5) & 0x7fff_ffff;
    frames.push({ type, flags, stream, payload: bytes.subarray(at + FRAME_HEAD, end) });
    at = end;
  }
  return { frames, rest: bytes.subarray(at) };
}

/** A whole call in one piece: header, message, end. */
export function callFrames(path: string, stream: number, message: Buffer): Buffer {
  const header = headerOf(path);
  const length = MESSAGE_HEAD + message.length;
  const frames = Buffer.alloc(2 * FRAME_HEAD + header.length + length);
  writeHead(frames, 0, { type: FrameType.headers, flags: Flag.endOfHeaders, stream, length: header.length });
  header.copy(frames, FRAME_HEAD);
  const data = FRAME_HEAD + header.length;
  writeHead(frames, data, { type: FrameType.data, flags: Flag.endOfStream, stream, length });
  frames.writeUInt32BE(message.length, data + FRAME_HEAD + 1);
  message.copy(frames, data + FRAME_HEAD + MESSAGE_HEAD);
  return frames;
}

/** Do these trailers say `grpc-status: 0`? They do not when they go on in another frame. */
export function saysSuccess(flags: number, trailers: Buffer): boolean {
  return (flags & Flag.endOfHeaders) !== 0 && trailers.subarray(0, SUCCESS.length).equals(SUCCESS);
}

const headers = new Map<string, Buffer>();

/** The header of a call to a method. Numbers are places in HPACK's static table (RFC 7541, appendix A). */
function headerOf(path: string): Buffer {
  const known = headers.get(path);
  if (known) return known;
  const made = Buffer.concat([
    Buffer.from([0x80 | 3, 0x80 | 6]), // :method POST, :scheme http
    Buffer.from([4]),
    text(path), // :path
    Buffer.from([1]),
    text('localhost'), // :authority
    Buffer.from([15, 31 - 15]),
    text('application/grpc'), // content-type, the 31st
    Buffer.from([0]),
    text('te'),
    text('trailers'),
  ]);
  headers.set(path, made);
  return made;
}

/** A string as it is, at most 126 bytes (RFC 7541 section 5.2). */
function text(value: string): Buffer {
  if (value.length > 126) throw new RangeError(`too long for one byte of length: "${value}"`);
  return Buffer.concat([Buffer.from([value.length]), Buffer.from(value)]);
}

function writeHead(
  into: Buffer,
  at: number,
  { length, type, flags, stream }: Omit<Frame, 'payload'> & { readonly length: number },
): void {
  into.writeUIntBE(length, at, 3);
  into[at + 3] = type;
  into[at + 4] = flags;
  into.writeUInt32BE(stream, at + 5);
}
