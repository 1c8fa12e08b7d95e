/**
 * The forwarder's stream, taken apart and put together (plugin/PROTOCOL.md). The header says both lengths, so nothing
 * beyond them is ever kept, and a stream that breaks a limit is known for it at its first wrong byte.
 */
import { MAX_DOCUMENT } from './decode-json.js';

/** One verb as the forwarder sends it: the CNI_* variables, and stdin as it came. */
export interface Frame {
  readonly environment: Uint8Array;
  readonly stdin: Uint8Array;
}

/** What is printed: one JSON document or nothing, and how the forwarder exits. */
export interface Answer {
  readonly exitCode: number;
  readonly document: object | undefined;
}

export const MAX_STDIN = MAX_DOCUMENT;
export const MAX_ENVIRONMENT = 64 * 1024;
const MAX_HEADER = 64;
/** Most bytes of a whole request. */
export const MAX_FRAME = MAX_HEADER + MAX_ENVIRONMENT + MAX_STDIN;

/** A stream that is not the forwarder's. There is nobody to answer: the connection is closed. */
export class BadFrame extends Error {
  override readonly name = 'BadFrame';
}

/** Collects one frame from the chunks of a stream. */
export interface FrameReader {
  /** The frame, once its last byte is there. Throws BadFrame as soon as the stream cannot become one. */
  push(chunk: Uint8Array): Frame | undefined;
}

/** A reader of one frame. */
export function frameReader(): FrameReader {
  const chunks: Uint8Array[] = [];
  let length = 0;
  let header: Header | undefined;
  return {
    push(chunk) {
      chunks.push(chunk);
      length += chunk.length;
      header ??= parseHeader(Buffer.concat(chunks, Math.min(length, MAX_HEADER)));
      if (!header || length < header.total) return undefined;
      if (length > header.total) throw new BadFrame(`${length - header.total} bytes too many`);
      return cut(Buffer.concat(chunks, length), header);
    },
  };
}

/** The frame in a file. Throws BadFrame. */
export function parseFrame(bytes: Uint8Array): Frame {
  const frame = frameReader().push(bytes);
  if (!frame) throw new BadFrame(`it ends after ${bytes.length} bytes`);
  return frame;
}

/** The bytes of an answer. */
export function encodeAnswer({ exitCode, document }: Answer): Buffer {
  const text = Buffer.from(document === undefined ? '' : `${JSON.stringify(document)}\n`);
  return Buffer.concat([Buffer.from(`SLASH32/1 ${exitCode} ${text.length}\n`), text]);
}

/** The bytes of a request, as the forwarder writes them. */
export function encodeFrame({ environment, stdin }: Frame): Buffer {
  return Buffer.concat([Buffer.from(`SLASH32/1 ${environment.length} ${stdin.length}\n`), environment, stdin]);
}

interface Header {
  readonly start: number;
  readonly environment: number;
  readonly total: number;
}

/** Undefined while the line is not complete. */
function parseHeader(start: Buffer): Header | undefined {
  const end = start.indexOf(0x0a);
  if (end < 0) {
    if (start.length >= MAX_HEADER) throw new BadFrame(`no header line within ${MAX_HEADER} bytes`);
    return undefined;
  }
  const found = /^SLASH32\/1 (\d{1,9}) (\d{1,9})$/.exec(start.toString('latin1', 0, end));
  if (!found) throw new BadFrame('the header is not "SLASH32/1 <bytes> <bytes>"');
  const [environment, stdin] = [Number(found[1]), Number(found[2])];
  if (environment > MAX_ENVIRONMENT) throw new BadFrame(`an environment of ${environment} bytes`);
  if (stdin > MAX_STDIN) throw new BadFrame(`a stdin of ${stdin} bytes`);
  return { start: end + 1, environment, total: end + 1 + environment + stdin };
}

function cut(bytes: Buffer, { start, environment, total }: Header): Frame {
  return {
    environment: bytes.subarray(start, start + environment),
    stdin: bytes.subarray(start + environment, total),
  };
}
