/**
 * BPF maps and programs (bpf(2), linux/bpf.h). Each is a file descriptor: it lasts as long as that, or as somebody holds it,
 * as a link holds its program (tcx.ts), and a program its maps.
 */
import { addressOf, bpf, close, Errno, SystemError } from './libc.js';

const MAP_CREATE = 0;
const MAP_LOOKUP_ELEM = 1;
const MAP_UPDATE_ELEM = 2;
const MAP_DELETE_ELEM = 3;
const MAP_LOOKUP_AND_DELETE_ELEM = 21;
const PROG_LOAD = 5;
const PROG_TYPE_SCHED_CLS = 3;
/** A hash map takes memory as it fills. */
const NO_PREALLOC = 1;
const LOG_SIZE = 256 * 1024;
const LOG_LINES = 12;

export const MapType = { hash: 1, array: 2, perCpuArray: 6, queue: 22 } as const;

/** Sizes in bytes; a queue has no key. A value of a per-processor array is one for each processor there may be, filled up to eight bytes. */
export interface MapShape {
  readonly type: number;
  readonly key: number;
  readonly value: number;
  readonly entries: number;
}

/** Makes a map and returns its file descriptor. Throws SystemError. */
export function createMap({ type, key, value, entries }: MapShape): number {
  return bpf(MAP_CREATE, words([type, key, value, entries, type === MapType.hash ? NO_PREALLOC : 0], 72));
}

/** Adds or replaces. */
export function putEntry(map: number, key: Buffer, value: Buffer): void {
  bpf(MAP_UPDATE_ELEM, entry(map, key, value));
}

/** Throws SystemError ENOENT when it is not there. */
export function removeEntry(map: number, key: Buffer): void {
  bpf(MAP_DELETE_ELEM, entry(map, key));
}

/** Reads a value into a buffer, which is as long as the map's values. */
export function readEntry(map: number, key: Buffer, value: Buffer): void {
  bpf(MAP_LOOKUP_ELEM, entry(map, key, value));
}

/** Takes the first of a queue into a buffer, which is as long as the queue's values. Returns false when it is empty. */
export function takeFirst(queue: number, value: Buffer): boolean {
  const attributes = words([queue], 32);
  attributes.writeBigUInt64LE(addressOf(value), 16);
  try {
    bpf(MAP_LOOKUP_AND_DELETE_ELEM, attributes);
    return true;
  } catch (error) {
    if (error instanceof SystemError && error.errno === Errno.ENOENT) return false;
    throw error;
  }
}

/**
 * Loads a program for packets that come in by a link and returns its file descriptor. Throws an Error that ends with what the
 * kernel's verifier says.
 * @param name what the kernel shows for it, up to 15 letters
 */
export function loadProgram(name: string, instructions: Buffer, licence: string): number {
  const [text, log] = [Buffer.from(`${licence}\0`), Buffer.alloc(LOG_SIZE)];
  const attributes = words([PROG_TYPE_SCHED_CLS, instructions.length / 8], 128);
  attributes.writeBigUInt64LE(addressOf(instructions), 8);
  attributes.writeBigUInt64LE(addressOf(text), 16);
  attributes.write(name, 48, 15, 'latin1');
  try {
    return bpf(PROG_LOAD, attributes);
  } catch (error) {
    if (!(error instanceof SystemError)) throw error;
    attributes.writeUInt32LE(1, 24);
    attributes.writeUInt32LE(log.length, 28);
    attributes.writeBigUInt64LE(addressOf(log), 32);
    try {
      return bpf(PROG_LOAD, attributes);
    } catch {
      const said = log.toString('utf8', 0, log.indexOf(0)).trim().split('\n').slice(-LOG_LINES).join('\n');
      throw new Error(`the kernel refuses the program: ${error.message}\n${said}`, { cause: error });
    }
  }
}

/** Lets go of maps and programs. */
export function closeAll(descriptors: Iterable<number>): void {
  for (const descriptor of descriptors) close(descriptor);
}

/** | map u32 | | key u64 | value u64 | flags u64 | */
function entry(map: number, key: Buffer, value?: Buffer): Buffer {
  const attributes = words([map], 32);
  attributes.writeBigUInt64LE(addressOf(key), 8);
  if (value) attributes.writeBigUInt64LE(addressOf(value), 16);
  return attributes;
}

/** Numbers of 32 bits, filled up with zeros. */
export function words(values: readonly number[], length: number): Buffer {
  const bytes = Buffer.alloc(length);
  for (const [at, value] of values.entries()) bytes.writeUInt32LE(value, at * 4);
  return bytes;
}
