/** The programs of the shortcut and their maps, loaded: bpf/shortcut.c, as `npm run build` has compiled it. */
import { readFileSync } from 'node:fs';
import { release } from 'node:os';
import { type Address, bytesOf } from '../model/address.js';
import {
  closeAll,
  createMap,
  Errno,
  loadProgram,
  MapType,
  programIn,
  putEntry,
  readEntry,
  removeEntry,
  SystemError,
} from '../netlink/index.js';

const OBJECT = new URL('../../../bpf/shortcut.o', import.meta.url);
/** The kernel lends bpf_fib_lookup only to programs whose licence agrees with the GPL. */
const LICENCE = 'Dual MIT/GPL';
const PLACES = 65536;
const FIRST = Buffer.alloc(4);

/** Where an address of this node is: at an endpoint of a network, or, all zeros, at the node itself. */
export interface Place {
  readonly hostEnd: number;
  readonly table: number;
}

/** What is in the kernel; gone when it is disposed of, and no filter has its programs any more. */
export interface Loaded extends Disposable {
  /** The programs, to put on links. */
  readonly uplink: number;
  readonly hostEnd: number;
  putPlace(address: Address, place: Place): void;
  /** Removing what is gone is fine. */
  removePlace(address: Address): void;
  /** From now on the programs may for so long, in ms; 0 ends it. */
  lease(milliseconds: number): void;
  /** Packets that went this way. */
  packets(): number;
}

/** Throws an Error that says what is missing, and the remedy. */
export function loadShortcut(): Loaded {
  requireKernel();
  const object = objectFile();
  const maps = new Map([
    ['places', createMap({ type: MapType.hash, key: 16, value: 8, entries: PLACES })],
    ['lease', createMap({ type: MapType.array, key: 4, value: 8, entries: 1 })],
    ['passed', createMap({ type: MapType.perCpuArray, key: 4, value: 8, entries: 1 })],
  ]);
  try {
    const [uplink = 0, hostEnd = 0] = ['tc/uplink', 'tc/host_end'].map((section) =>
      loadProgram(programIn(object, section, maps), LICENCE),
    );
    return loaded(maps, uplink, hostEnd);
  } catch (error) {
    closeAll(maps.values());
    throw error;
  }
}

function loaded(maps: ReadonlyMap<string, number>, uplink: number, hostEnd: number): Loaded {
  const [places = 0, lease = 0, passed = 0] = maps.values();
  const counts = Buffer.alloc(8 * processors());
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
    [Symbol.dispose]: () => closeAll([uplink, hostEnd, ...maps.values()]),
  };
}

/** As the program has it: IPv4 as in ::ffff:192.0.2.1. */
export function keyOf(address: Address): Buffer {
  const bytes = bytesOf(address);
  return Buffer.from(bytes.length === 16 ? bytes : [0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0xff, 0xff, ...bytes]);
}

export function bytesOfPlace({ hostEnd, table }: Place): Buffer {
  const value = Buffer.alloc(8);
  value.writeUInt32LE(hostEnd, 0);
  value.writeUInt32LE(table, 4);
  return value;
}

function requireKernel(): void {
  const [major = 0, minor = 0] = release().split('.').map(Number);
  if (major > 6 || (major === 6 && minor >= 5)) return;
  throw new Error(`it needs Linux 6.5, this is ${release()}: leave out kernel.shortcut, or use a newer kernel`);
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
