/**
 * Sockets in other network namespaces, without a process in them: a socket stays where it was made, so this one process
 * holds all ends of all conversations. Nothing blocks; whoever wants to know asks again.
 */
import { closeSync, openSync } from 'node:fs';
import koffi from 'koffi';
import { address, bytesOf, familyOf } from '../../src/model/address.js';
import { close, SystemError, setsockopt, socket } from '../../src/netlink/libc.js';
import { inNamespace } from '../../src/netlink/namespace.js';
import { namespacePath } from '../lab/namespace.js';

const libc = koffi.load(null);
const C = {
  accept: libc.func('int accept4(int fd, void *address, void *length, int flags)'),
  bind: libc.func('int bind(int fd, const void *address, uint32_t length)'),
  connect: libc.func('int connect(int fd, const void *address, uint32_t length)'),
  listen: libc.func('int listen(int fd, int backlog)'),
  peer: libc.func('int getpeername(int fd, void *address, void *length)'),
  recv: libc.func('intptr_t recvfrom(int fd, void *buffer, size_t length, int flags, void *from, void *fromLength)'),
  sendto: libc.func(
    'intptr_t sendto(int fd, const void *buffer, size_t length, int flags, const void *to, uint32_t toLength)',
  ),
} as const;

/** sys/socket.h, netinet/in.h, linux/if_packet.h */
const AF = { 4: 2, 6: 10 } as const;
const [SOCK_STREAM, SOCK_DGRAM, SOCK_RAW, SOCK_NONBLOCK] = [1, 2, 3, 0o4000];
const ICMP = { 4: 1, 6: 58 } as const;
const MSG_DONTWAIT = 0x40;
const [SOL_SOCKET, SO_REUSEADDR, SO_RCVBUFFORCE] = [1, 2, 33];
const EINPROGRESS = 115;
/** A refused or unroutable packet is an answer, not a mistake. */
const UNREACHABLE = new Set([1, 13, 101, 111, 113]);

/** A packet and who sent it. */
export interface Received {
  readonly bytes: Buffer;
  /** struct sockaddr_in, sockaddr_in6 or sockaddr_ll */
  readonly from: Buffer;
}

/** Runs `work` in a named network namespace; it must not await. */
export function within<T>(namespace: string, work: () => T): T {
  const fd = openSync(namespacePath(namespace), 'r');
  try {
    return inNamespace(fd, work);
  } finally {
    closeSync(fd);
  }
}

/** A UDP socket of an address and port. */
export function openUdp(own: string, port: number): number {
  return bound(socket(AF[familyOf(address(own))], SOCK_DGRAM, 0), own, port);
}

/** A raw ICMP socket of an address: it hears requests that the kernel answers, and the answers to its own. */
export function openPing(own: string): number {
  const family = familyOf(address(own));
  return bound(socket(AF[family], SOCK_RAW, ICMP[family]), own, 0);
}

/** A TCP socket that accepts connections. */
export function openListener(own: string, port: number): number {
  const fd = socket(AF[familyOf(address(own))], SOCK_STREAM | SOCK_NONBLOCK, 0);
  setsockopt(fd, SOL_SOCKET, SO_REUSEADDR, 1);
  checked('listen', C.listen(bound(fd, own, port), 512));
  return fd;
}

/** Begins to connect; `isConnected` says later whether it did. Undefined when it is refused at once. */
export function startConnecting(own: string, to: string, port: number): number | undefined {
  const fd = bound(socket(AF[familyOf(address(own))], SOCK_STREAM | SOCK_NONBLOCK, 0), own, 0);
  const target = socketAddress(to, port);
  if (C.connect(fd, target, target.length) === 0 || koffi.errno() === EINPROGRESS) return fd;
  close(fd);
  return undefined;
}

export function isConnected(fd: number): boolean {
  return C.peer(fd, Buffer.alloc(28), Buffer.from([28, 0, 0, 0])) === 0;
}

/** Takes all connections that have come, and ends them. */
export function acceptAll(listener: number): void {
  for (let fd: number; (fd = C.accept(listener, null, null, SOCK_NONBLOCK)) >= 0; ) close(fd);
}

/** Takes one connection that has come; undefined when none has. */
export function acceptOne(listener: number): number | undefined {
  const fd = C.accept(listener, null, null, SOCK_NONBLOCK);
  return fd < 0 ? undefined : fd;
}

/** Room for what comes while this process does something else. */
export function enlargeQueue(fd: number): void {
  setsockopt(fd, SOL_SOCKET, SO_RCVBUFFORCE, 8 << 20);
}

/** Sends on a connection what it takes now. */
export function write(fd: number, bytes: Buffer): void {
  C.sendto(fd, bytes, bytes.length, MSG_DONTWAIT, null, 0);
}

/** Everything that passes a link of this thread's namespace, both ways. */
export function openTap(index: number): number {
  const fd = socket(17, SOCK_RAW, 0);
  setsockopt(fd, SOL_SOCKET, SO_RCVBUFFORCE, 8 << 20);
  const link = Buffer.alloc(20); // struct sockaddr_ll
  link.writeUInt16LE(17, 0);
  link.writeUInt16BE(3, 2); // ETH_P_ALL
  link.writeInt32LE(index, 4);
  checked('bind', C.bind(fd, link, link.length));
  return fd;
}

/** Returns false when the kernel knows no way. */
export function sendTo(fd: number, bytes: Buffer, to: string | Buffer, port = 0): boolean {
  const target = typeof to === 'string' ? socketAddress(to, port) : to;
  if (C.sendto(fd, bytes, bytes.length, MSG_DONTWAIT, target, target.length) >= 0) return true;
  if (UNREACHABLE.has(koffi.errno())) return false;
  throw new SystemError('sendto', koffi.errno());
}

/** Everything that has come to a socket. */
export function* receiveAll(fd: number): Generator<Received> {
  for (;;) {
    const [buffer, from, length] = [Buffer.alloc(2048), Buffer.alloc(28), Buffer.from([28, 0, 0, 0])];
    const size = Number(C.recv(fd, buffer, buffer.length, MSG_DONTWAIT, from, length));
    if (size < 0) return;
    yield { bytes: buffer.subarray(0, size), from: from.subarray(0, length.readUInt32LE()) };
  }
}

function bound(fd: number, own: string, port: number): number {
  const name = socketAddress(own, port);
  checked(`bind ${own}`, C.bind(fd, name, name.length));
  return fd;
}

/** struct sockaddr_in or sockaddr_in6. */
function socketAddress(text: string, port: number): Buffer {
  const family = familyOf(address(text));
  const bytes = Buffer.from(bytesOf(address(text)));
  const name = Buffer.alloc(family === 4 ? 16 : 28);
  name.writeUInt16LE(AF[family], 0);
  name.writeUInt16BE(port, 2);
  bytes.copy(name, family === 4 ? 4 : 8);
  return name;
}

function checked(call: string, result: number): void {
  if (result < 0) throw new SystemError(call, koffi.errno());
}
