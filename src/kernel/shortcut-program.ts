/** The programs of the shortcut and their maps, loaded: bpf/shortcut.c, as `npm run build` has compiled it. */
import { readFileSync } from 'node:fs';
import { release } from 'node:os';
import { type Address, bytesOf } from '../model/address.js';
import {
  closeAll,
  createMap,
  Errno,
  loadProgram,
  type MapShape,
  MapType,
  programIn,
  putEntry,
  readEntry,
  removeEntry,
  SystemError,
  takeFirst,
} from '../netlink/index.js';
import { OURS } from './link-program.js';

const OBJECT = new URL('../../../bpf/shortcut.o', import.meta.url);
/** The kernel lends bpf_fib_lookup only to programs whose licence agrees with the GPL. */
const LICENCE = 'Dual MIT/GPL';
const PLACES = 65536;
const TALKERS = 1024;
/** An endpoint that is sent so many packets is told as one that talks much. */
export const MUCH = 10_000;
const FIRST = Buffer.alloc(4);

/** Where an address of this node is: at an endpoint of a network, or, all zeros, at the node itself. */
export interface Place {
  readonly hostEnd: number;
  readonly table: number;
}

/** What is in the kernel; gone when it is disposed of, and no link has its programs any more. */
export interface Loaded extends Disposable {
  /** The programs, to put on links. */
  readonly uplink: number;
  readonly hostEnd: number;
  /** Counts anew what is sent there. */
  putPlace(address: Address, place: Place): void;
  /** Removing what is gone is fine. */
  removePlace(address: Address): void;
  /** From now on the programs may for so long, in ms; 0 ends it. */
  lease(milliseconds: number): void;
  /** Packets that went this way. */
  packets(): number;
  /** The host end of the next endpoint that was sent 10,000 packets since its place was put; undefined when there is none. */
  nextTalker(): number | undefined;
}

/** Throws an Error that says what is missing, and the remedy. */
export function loadShortcut(): Loaded {
  requireKernel();
  const object = objectFile();
  const shapes = new Map<string, MapShape>([
    ['places', { type: MapType.hash, key: 16, value: 12, entries: PLACES }],
    ['lease', { type: MapType.array, key: 4, value: 8, entries: 1 }],
    ['passed', { type: MapType.perCpuArray, key: 4, value: 8, entries: 1 }],
    ['talkers', { type: MapType.queue, key: 0, value: 4, entries: TALKERS }],
  ]);
  const open: number[] = [];
  const opened = (descriptor: number) => {
    open.push(descriptor);
    return descriptor;
  };
  try {
    const maps = new Map([...shapes].map(([name, shape]) => [name, opened(createMap(shape))]));
    const program = (name: string) =>
      opened(loadProgram(`${OURS}${name}`, programIn(object, `tc/${name}`, maps), LICENCE));
    return loaded(maps, program('uplink'), program('host_end'));
  } catch (error) {
    closeAll(open);
    if (!(error instanceof SystemError) || error.errno !== Errno.EPERM) throw error;
    throw new Error(`${error.message}: the controller needs CAP_SYS_ADMIN`, { cause: error });
  }
}

function loaded(maps: ReadonlyMap<string, number>, uplink: number, hostEnd: number): Loaded {
  const [places = 0, lease = 0, passed = 0, talkers = 0] = maps.values();
  const counts = Buffer.alloc(8 * processors());
  const talker = Buffer.alloc(4);
  return {
    uplink,
    hostEnd,
    putPlace: (address, place) => putEntry(places, keyOf(address), bytesOfPlace(place)),
    removePlace(address) {
      try {
        removeEntry(places, keyOf(address));
      } catch (error) {
        if (!(error instanceof SystemError) || error.errno !== Errno.ENOENT) throw error;
      }
    },
    lease(milliseconds) {
      // The clock of the program, CLOCK_MONOTONIC.
      const until = Buffer.alloc(8);
      if (milliseconds > 0) until.writeBigUInt64LE(process.hrtime.bigint() + BigInt(milliseconds) * 1_000_000n);
      putEntry(lease, FIRST, until);
    },
    packets() {
      readEntry(passed, FIRST, counts);
      let sum = 0n;
      for (let at = 0; at < counts.length; at += 8) sum += counts.readBigUInt64LE(at);
      return Number(sum);
    },
    nextTalker: () => (takeFirst(talkers, talker) ? talker.readUInt32LE() : undefined),
    [Symbol.dispose]: () => closeAll([uplink, hostEnd, ...maps.values()]),
  };
}

/** As the program has it: IPv4 as in ::ffff:192.0.2.1. */
export function keyOf(address: Address): Buffer {
  const bytes = bytesOf(address);
  return Buffer.from(bytes.length === 16 ? bytes : [0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0xff, 0xff, ...bytes]);
}

export function bytesOfPlace({ hostEnd, table }: Place): Buffer {
  const value = Buffer.alloc(12);
  value.writeUInt32LE(hostEnd, 0);
  value.writeUInt32LE(table, 4);
  value.writeUInt32LE(MUCH, 8);
  return value;
}

function requireKernel(): void {
  const [major = 0, minor = 0] = release().split('.').map(Number);
  if (major > 6 || (major === 6 && minor >= 6)) return;
  throw new Error(`it needs Linux 6.6, this is ${release()}`);
}

function objectFile(): Buffer {
  try {
    return readFileSync(OBJECT);
  } catch (error) {
    throw new Error('it was not built, for lack of a compiler: apt-get install gcc-bpf, then npm run build', {
      cause: error,
    });
  }
}

/** Those there may ever be: each has its own count. `0-7`, or `0`. */
function processors(): number {
  return Number(readFileSync('/sys/devices/system/cpu/possible', 'utf8').trim().split(/[-,]/).at(-1)) + 1;
}
