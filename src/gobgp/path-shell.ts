/**
 * The messages around paths, read field by field, without an object for each: a table has a hundred thousand of them. What
 * is in a path is left as bytes for its generation, since most of it was read before.
 *
 * The numbers of these fields are the same in all generations. Bytes that are no protobuf throw, as in protobufjs.
 */
import protobuf from 'protobufjs';

const { Reader } = protobuf;
type Reader = protobuf.Reader;

/** A path before anybody has looked into it. */
export interface RawPath {
  /** Its NLRI message. */
  readonly nlri: Uint8Array | undefined;
  /** A piece of the path's message, with all its attributes in it. */
  readonly attributes: Uint8Array;
  readonly isWithdraw: boolean;
  readonly isFromExternal: boolean;
  readonly neighborIp: string;
}

/** Tag of a field: its number, and how it is written (protobuf's encoding: 0 number, 2 length and bytes). */
const number = (field: number) => field << 3;
const bytes = (field: number) => (field << 3) | 2;
const [DESTINATION, PATHS, TABLE_EVENT] = [bytes(1), bytes(2), bytes(3)];
const [NLRI, ATTRIBUTE, WITHDRAWN, EXTERNAL, NEIGHBOUR] = [bytes(1), bytes(2), number(5), number(14), bytes(15)];

/** The paths of a ListPathResponse. */
export function listedPaths(message: Uint8Array): RawPath[] {
  const reader = Reader.create(message);
  let paths: RawPath[] = [];
  each(reader, reader.len, (tag, end) => {
    if (tag === DESTINATION) paths = pathsIn(reader, end);
  });
  return paths;
}

/** The paths of a WatchEventResponse; undefined when it is about something else. */
export function changedPaths(message: Uint8Array): RawPath[] | undefined {
  const reader = Reader.create(message);
  let paths: RawPath[] | undefined;
  each(reader, reader.len, (tag, end) => {
    if (tag === TABLE_EVENT) paths = pathsIn(reader, end);
  });
  return paths;
}

/** A TableEvent and a Destination have their paths in the same field. */
function pathsIn(reader: Reader, end: number): RawPath[] {
  const paths: RawPath[] = [];
  each(reader, end, (tag, endOfPath) => {
    if (tag === PATHS) paths.push(pathIn(reader, endOfPath));
  });
  return paths;
}

function pathIn(reader: Reader, end: number): RawPath {
  let nlri: Uint8Array | undefined;
  let neighborIp = '';
  let [isWithdraw, isFromExternal] = [false, false];
  let [from, to] = [end, end];
  for (let start = reader.pos; reader.pos < end; start = reader.pos) {
    const tag = reader.uint32();
    if (tag === NLRI) nlri = reader.bytes();
    else if (tag === NEIGHBOUR) neighborIp = reader.string();
    else if (tag === WITHDRAWN) isWithdraw = reader.bool();
    else if (tag === EXTERNAL) isFromExternal = reader.bool();
    else reader.skipType(tag & 7);
    if (tag === ATTRIBUTE) [from, to] = [Math.min(from, start), reader.pos];
  }
  return { nlri, attributes: reader.buf.subarray(from, to), isWithdraw, isFromExternal, neighborIp };
}

/** Goes through the fields until `end`. `look` reads the field's value or leaves it; of one with a length it gets the end. */
function each(reader: Reader, end: number, look: (tag: number, end: number) => void): void {
  while (reader.pos < end) {
    const tag = reader.uint32();
    if ((tag & 7) === 2) {
      const endOfField = reader.uint32() + reader.pos;
      if (endOfField > end) throw new RangeError(`a field ends at ${endOfField}, and its message at ${end}`);
      look(tag, endOfField);
      reader.pos = endOfField;
    } else {
      const start = reader.pos;
      look(tag, start);
      if (reader.pos === start) reader.skipType(tag & 7);
    }
  }
}
