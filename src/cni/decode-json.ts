/**
 * Bytes from outside -> one JSON object, within bounds.
 *
 * Everything is checked before JSON.parse or a recursive schema sees it: size, UTF-8, nesting. What comes out has own
 * properties only (`__proto__` is a key like any other), and of duplicate keys the last wins, as for Go's plugins.
 * The parser's own message is not passed on, because it quotes the input.
 */
import { CniError, CODE } from './cni-error.js';

export type JsonObject = { readonly [key: string]: unknown };

/** Most bytes of one document. */
export const MAX_DOCUMENT = 1024 * 1024;
/** Deepest nesting of one document. */
export const MAX_DEPTH = 100;

/** The object in `bytes`; `null` is an empty one, as for Go. Throws CniError 5 or 6 naming `what` it was. */
export function decodeObject(bytes: Uint8Array, what: string): JsonObject {
  if (bytes.length > MAX_DOCUMENT) {
    throw new CniError(CODE.io, `${what} has ${bytes.length} bytes; the limit is ${MAX_DOCUMENT}`);
  }
  if (deeperThan(bytes, MAX_DEPTH)) {
    throw new CniError(CODE.decode, `${what} is nested deeper than ${MAX_DEPTH} levels`);
  }
  const value = parse(decodeText(bytes, what), what);
  if (value === null) return {};
  if (!isObject(value)) throw new CniError(CODE.decode, `${what} is not a JSON object`);
  return value;
}

/** An object, not an array and not null. */
export function isObject(value: unknown): value is JsonObject {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

/** UTF-8 bytes as text. Throws CniError 6 naming `what` it was. */
export function decodeText(bytes: Uint8Array, what: string): string {
  try {
    // A byte order mark stays, so that JSON.parse refuses it as Go does.
    return new TextDecoder('utf-8', { fatal: true, ignoreBOM: true }).decode(bytes);
  } catch {
    throw new CniError(CODE.decode, `${what} is not valid UTF-8`);
  }
}

function parse(text: string, what: string): unknown {
  if (text.trim() === '') throw new CniError(CODE.decode, `${what} is empty (expected a JSON object)`);
  try {
    return JSON.parse(text);
  } catch (error) {
    const at = /at position (\d+)/.exec((error as Error).message)?.[1];
    throw new CniError(CODE.decode, `${what} is not valid JSON${at === undefined ? '' : ` at character ${at}`}`);
  }
}

const [QUOTE, BACKSLASH, OPENING, CLOSING] = [0x22, 0x5c, new Set([0x5b, 0x7b]), new Set([0x5d, 0x7d])];

/** Counts brackets outside of strings. A document that is not JSON may count wrongly, and is refused afterwards. */
function deeperThan(bytes: Uint8Array, limit: number): boolean {
  let depth = 0;
  let inString = false;
  for (let i = 0; i < bytes.length; i++) {
    const byte = bytes[i]!;
    if (inString) {
      if (byte === BACKSLASH) i++;
      else if (byte === QUOTE) inString = false;
    } else if (byte === QUOTE) inString = true;
    else if (OPENING.has(byte) && ++depth > limit) return true;
    else if (CLOSING.has(byte)) depth--;
  }
  return false;
}
