/**
 * BPF programs on links, for what comes in (tcx, Linux 6.6: bpf(2), linux/bpf.h). They run one after the other, before all
 * queue disciplines and their filters, which need not be there, and stay when the process ends.
 *
 * The first program of a link, and the last to leave, make Linux wait for an RCU grace period with the lock of all links
 * held: 16 ms. Putting one into the place of another takes microseconds.
 */
import { words } from './bpf.js';
import { addressOf, bpf, bpfAside, close, Errno, SystemError } from './libc.js';

const PROG_ATTACH = 8;
const PROG_DETACH = 9;
const PROG_GET_FD_BY_ID = 13;
const OBJ_GET_INFO_BY_FD = 15;
const PROG_QUERY = 16;
const TCX_INGRESS = 46;
const REPLACE = 4;
/** BPF_MPROG_MAX */
const MOST_PROGRAMS = 64;
/** struct bpf_prog_info: | type u32 | id u32 | ... | name, 16 bytes, at 64 */
const INFO_SIZE = 80;
const NAME_AT = 64;

/** A program in the kernel. */
export interface Program {
  readonly id: number;
  /** As it was given when it was loaded; up to 15 letters. */
  readonly name: string;
}

/** The ids of the programs on a link, in their order; none on one that is gone. Throws SystemError, EINVAL: without tcx. */
export function programsOn(link: number): number[] {
  const ids = Buffer.alloc(4 * MOST_PROGRAMS);
  const attributes = words([link, TCX_INGRESS], 64);
  attributes.writeBigUInt64LE(addressOf(ids), 16);
  attributes.writeUInt32LE(MOST_PROGRAMS, 24);
  try {
    bpf(PROG_QUERY, attributes);
  } catch (error) {
    if (error instanceof SystemError && error.errno === Errno.ENODEV) return [];
    throw error;
  }
  return Array.from({ length: attributes.readUInt32LE(24) }, (_, at) => ids.readUInt32LE(at * 4));
}

/** Opens a program by its id and returns its file descriptor. Throws SystemError ENOENT when it is gone. */
export function openProgram(id: number): number {
  return bpf(PROG_GET_FD_BY_ID, words([id], 16));
}

export function describeProgram(descriptor: number): Program {
  const info = Buffer.alloc(INFO_SIZE);
  const attributes = words([descriptor, info.length], 16);
  attributes.writeBigUInt64LE(addressOf(info), 8);
  bpf(OBJ_GET_INFO_BY_FD, attributes);
  const end = info.indexOf(0, NAME_AT);
  return { id: info.readUInt32LE(4), name: info.toString('latin1', NAME_AT, end) };
}

/** Puts a program behind those that a link has. Throws SystemError. */
export function attachProgram(link: number, descriptor: number): void {
  bpf(PROG_ATTACH, words([link, descriptor, TCX_INGRESS], 32));
}

/** The same on another thread. */
export function attachProgramAside(link: number, descriptor: number): Promise<void> {
  return bpfAside(PROG_ATTACH, words([link, descriptor, TCX_INGRESS], 32));
}

/** Puts a program in the place of another one: no packet passes by both, or meets none. Throws SystemError. */
export function replaceProgram(link: number, descriptor: number, old: number): void {
  bpf(PROG_ATTACH, words([link, descriptor, TCX_INGRESS, REPLACE, old], 32));
}

/** Takes a program off a link, on another thread, and closes the descriptor. */
export async function detachProgramAside(link: number, descriptor: number): Promise<void> {
  try {
    await bpfAside(PROG_DETACH, words([link, descriptor, TCX_INGRESS], 32));
  } finally {
    close(descriptor);
  }
}
