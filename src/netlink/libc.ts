/**
 * The C library, and the only file that knows koffi.
 *
 * Every function throws a SystemError when the call fails, so nobody above looks at errno. `recv` alone has a quiet
 * answer: `undefined` when nothing is there. Buffers are handed to the kernel as they are, without a copy.
 *
 * A call blocks the event loop for as long as the kernel takes, which for netlink is microseconds. `sendAside` is for
 * the few that take longer (removing a link waits for an RCU grace period): it runs on a thread of libuv's pool of
 * four, so it must end by itself.
 */
import { getSystemErrorName } from 'node:util';
import koffi from 'koffi';

/** struct sock_fprog (linux/filter.h) */
koffi.struct('sock_fprog', { length: 'uint16_t', filter: 'const void *' });

/** The C library is part of the process, whether it is glibc or musl. */
const libc = koffi.load(null);
const C = {
  bind: libc.func('int bind(int fd, const void *address, uint32_t length)'),
  close: libc.func('int close(int fd)'),
  connect: libc.func('int connect(int fd, const void *address, uint32_t length)'),
  attach: libc.func('setsockopt', 'int', ['int', 'int', 'int', 'const sock_fprog *', 'uint32_t']),
  getsockname: libc.func('int getsockname(int fd, void *address, void *length)'),
  getsockopt: libc.func('int getsockopt(int fd, int level, int option, void *value, void *length)'),
  if_indextoname: libc.func('const char *if_indextoname(uint32_t index, void *name)'),
  if_nametoindex: libc.func('uint32_t if_nametoindex(const char *name)'),
  ioctl: libc.func('int ioctl(int fd, ulong request, ulong argument)'),
  recv: libc.func('intptr_t recv(int fd, void *buffer, size_t length, int flags)'),
  send: libc.func('intptr_t send(int fd, const void *buffer, size_t length, int flags)'),
  setns: libc.func('int setns(int fd, int kind)'),
  setsockopt: libc.func('int setsockopt(int fd, int level, int option, const void *value, uint32_t length)'),
  socket: libc.func('int socket(int domain, int type, int protocol)'),
  strerror: libc.func('const char *strerror(int code)'),
  syscall: libc.func('long syscall(long number, int command, void *attributes, uint32_t length)'),
} as const;

/** errno values somebody here looks at (asm-generic/errno.h). */
export const Errno = {
  EPERM: 1,
  ENOENT: 2,
  ESRCH: 3,
  EINTR: 4,
  EAGAIN: 11,
  EBUSY: 16,
  EEXIST: 17,
  ENODEV: 19,
  EINVAL: 22,
  EADDRNOTAVAIL: 99,
  ENETUNREACH: 101,
  ENOBUFS: 105,
  EHOSTUNREACH: 113,
} as const;

/** The kernel's answer to a call, as C would say it. */
export class SystemError extends Error {
  override readonly name = 'SystemError';
  readonly errno: number;
  /** `EEXIST`, `ENODEV`, ... */
  readonly code: string;
  constructor(call: string, errno: number) {
    super(`${call}: ${describeErrno(errno)}`);
    this.errno = errno;
    this.code = errorCode(errno);
  }
}

/** What strerror says: `File exists`. */
export function describeErrno(errno: number): string {
  return C.strerror(errno) as string;
}

/** The symbol of an errno: `EEXIST`. */
export function errorCode(errno: number): string {
  return getSystemErrorName(-errno);
}

export function socket(domain: number, type: number, protocol: number): number {
  return checked('socket', C.socket(domain, type, protocol));
}

export function bind(fd: number, address: Buffer): void {
  checked('bind', C.bind(fd, address, address.length));
}

export function connect(fd: number, address: Buffer): void {
  checked('connect', C.connect(fd, address, address.length));
}

export function setsockopt(fd: number, level: number, option: number, value: number): void {
  const buffer = Buffer.alloc(4);
  buffer.writeInt32LE(value);
  checked('setsockopt', C.setsockopt(fd, level, option, buffer, buffer.length));
}

export function getsockopt(fd: number, level: number, option: number): number {
  const value = Buffer.alloc(4);
  const length = Buffer.from([4, 0, 0, 0]);
  checked('getsockopt', C.getsockopt(fd, level, option, value, length));
  return value.readInt32LE();
}

/** Lets a classic BPF program (instructions of eight bytes, linux/filter.h) decide which messages a socket queues. */
export function attachFilter(fd: number, program: Buffer): void {
  const argument = { length: program.length / 8, filter: program };
  checked('setsockopt', C.attach(fd, SOL_SOCKET, SO_ATTACH_FILTER, argument, 16));
}

/** The address that a socket is bound to. */
export function getsockname(fd: number): Buffer {
  const address = Buffer.alloc(128);
  const length = Buffer.from([address.length, 0, 0, 0]);
  checked('getsockname', C.getsockname(fd, address, length));
  return address.subarray(0, length.readUInt32LE());
}

/** Sends the first `length` bytes in one system call. */
export function send(fd: number, buffer: Buffer, length: number): void {
  checked('send', C.send(fd, buffer, length, 0));
}

/** The same on another thread: the event loop goes on. The buffer must stay untouched until then. */
export function sendAside(fd: number, buffer: Buffer, length: number): Promise<void> {
  return new Promise((resolve, reject) => {
    C.send.async(fd, buffer, length, 0, (error: unknown, sent: number) => {
      // errno belongs to the other thread, so the reason is lost; netlink answers refusals by message anyway.
      if (error ?? sent < 0) reject(error ?? new Error('send failed on another thread'));
      else resolve();
    });
  });
}

/** Bytes of the next message, or undefined when there is none. More than the buffer holds means: it was cut off. */
export function recv(fd: number, buffer: Buffer): number | undefined {
  for (;;) {
    const length = C.recv(fd, buffer, buffer.length, MSG_DONTWAIT | MSG_TRUNC) as number;
    if (length >= 0) return length;
    const errno = koffi.errno();
    if (errno === Errno.EAGAIN) return undefined;
    if (errno !== Errno.EINTR) throw new SystemError('recv', errno);
  }
}

/** Moves the calling thread, and nothing else, into a namespace. Use `inNamespace`. */
export function setns(fd: number, kind: number): void {
  checked('setns', C.setns(fd, kind));
}

export function ioctl(fd: number, request: number, argument: number): number {
  return checked('ioctl', C.ioctl(fd, request, argument));
}

/** Index of a link in this thread's network namespace, or undefined when there is no such name. */
export function indexOfName(name: string): number | undefined {
  return (C.if_nametoindex(name) as number) || undefined;
}

/** Name of a link in this thread's network namespace, or undefined when there is no such index. */
export function nameOfIndex(index: number): string | undefined {
  return (C.if_indextoname(index, Buffer.alloc(IF_NAMESIZE)) as string | null) ?? undefined;
}

/** bpf(2), which has no function of its own in the library. @param attributes union bpf_attr, changed by some commands */
export function bpf(command: number, attributes: Buffer): number {
  return checked('bpf', C.syscall(BPF, command, attributes, attributes.length));
}

/** The same on another thread, for what makes the kernel wait. Rejects with an Error, whose reason is lost. */
export function bpfAside(command: number, attributes: Buffer): Promise<void> {
  return new Promise((resolve, reject) => {
    C.syscall.async(BPF, command, attributes, attributes.length, (error: unknown, result: number) => {
      if (error ?? result < 0) reject(error ?? new Error(`bpf command ${command} failed on another thread`));
      else resolve();
    });
  });
}

/** Where a buffer is, for attributes that hold pointers. Whoever asks keeps the buffer alive. */
export function addressOf(buffer: Buffer): bigint {
  return koffi.address(buffer);
}

export function close(fd: number): void {
  checked('close', C.close(fd));
}

function checked(call: string, result: number): number {
  if (result < 0) throw new SystemError(call, koffi.errno());
  return result;
}

/** __NR_bpf of asm/unistd.h */
const BPF = process.arch === 'x64' ? 321 : 280;
/** sys/socket.h, asm-generic/socket.h */
const SOL_SOCKET = 1;
const SO_ATTACH_FILTER = 26;
const MSG_TRUNC = 0x20;
const MSG_DONTWAIT = 0x40;
/** net/if.h */
const IF_NAMESIZE = 16;
