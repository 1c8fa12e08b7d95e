/**
 * Events: what changes in the kernel's tables, as it tells the members of its multicast groups.
 *
 * The socket is looked at on a timer, because a read that waits would hold one of libuv's four threads for ever. The
 * kernel queues for us meanwhile; when the queue is full it drops events and says so once (ENOBUFS), and then nothing
 * but reading everything again helps. A filter in the kernel keeps out of the queue what nobody wants to hear: our own
 * changes, and the routes of other routing daemons.
 */
import { Errno, SystemError } from './libc.js';
import { type Message, messagesIn } from './message.js';
import { RTM_DELROUTE, RTM_NEWROUTE } from './route.js';
import { NETLINK_ROUTE, NetlinkSocket } from './socket.js';

/** Multicast groups (RTNLGRP_* of linux/rtnetlink.h). */
export const Group = {
  link: 1,
  ipv4Address: 5,
  ipv4Route: 7,
  ipv4Rule: 8,
  ipv6Address: 9,
  ipv6Route: 11,
  ipv6Rule: 19,
};

/** What to listen to. */
export interface Subscription {
  /** Values of Group. */
  readonly groups: readonly number[];
  /** Events that these sockets of ours caused are left out. */
  readonly ignorePorts: readonly number[];
  /** Of routes, only those that this protocol wrote are told. */
  readonly routeProtocol: number;
  /** Of routes, only those that others wrote are told instead. */
  readonly othersRoutes?: boolean;
  /** Only messages of this type are told. */
  readonly type?: number;
  /** Hears of other namespaces too: those that have an id in this one, as the other ends of its links do. */
  readonly everyNamespace?: boolean;
  /** Bytes that the kernel may queue. */
  readonly queue?: number;
}

export interface Listener {
  /** Called with each event, valid during the call only. */
  hear(message: Message): void;
  /** Events were dropped. */
  lost(): void;
}

const INTERVAL_MS = 25;
const DEFAULT_QUEUE = 32 * 1024 * 1024;
/** Then the event loop gets its turn. */
const EVENTS_PER_LOOK = 5000;

/** Listens in the calling thread's network namespace, until the signal. Does not keep the process alive. */
export function listen(subscription: Subscription, listener: Listener, signal: AbortSignal): void {
  if (signal.aborted) return;
  const socket = new NetlinkSocket(NETLINK_ROUTE, subscription.queue ?? DEFAULT_QUEUE);
  socket.filter(filterProgram(subscription));
  if (subscription.everyNamespace) socket.hearEveryNamespace();
  for (const group of subscription.groups) socket.join(group);
  attend(socket, listener, signal);
}

/** Tells the listener what comes to a socket, until the signal; then closes it. */
export function attend(socket: NetlinkSocket, listener: Listener, signal: AbortSignal): void {
  const timer = setInterval(() => look(socket, listener, signal), INTERVAL_MS);
  timer.unref();
  signal.addEventListener('abort', () => {
    clearInterval(timer);
    socket.close();
  });
}

function look(socket: NetlinkSocket, listener: Listener, signal: AbortSignal): void {
  for (let count = 0; count < EVENTS_PER_LOOK && !signal.aborted; count++) {
    const datagram = nextOrLost(socket);
    if (datagram === undefined) return;
    if (datagram === 'lost') listener.lost();
    else for (const message of messagesIn(datagram)) listener.hear(message);
  }
}

function nextOrLost(socket: NetlinkSocket): Buffer | 'lost' | undefined {
  try {
    return socket.receive();
  } catch (error) {
    if (error instanceof SystemError && error.errno === Errno.ENOBUFS) return 'lost';
    throw error;
  }
}

/** Classic BPF (linux/bpf_common.h): load a word, half-word or byte at an offset, jump if equal, return. */
const LD_W = 0x20;
const LD_H = 0x28;
const LD_B = 0x30;
const JEQ = 0x15;
const RET = 0x06;
const EVERYTHING = 0xffff_ffff;
/** Offsets of nlmsg_type, nlmsg_pid and rtm_protocol in a message. */
const TYPE_AT = 4;
const PORT_AT = 12;
const ROUTE_PROTOCOL_AT = 16 + 5;

/** A filter that drops what these sockets caused, and nothing else. */
export function notFrom(ports: readonly number[]): Buffer {
  return instructions([
    [LD_W, 0, 0, PORT_AT],
    ...ports.map((port, i) => [JEQ, ports.length - i, 0, swap32(port)]), // to `drop`
    [RET, 0, 0, EVERYTHING], // accept
    [RET, 0, 0, 0], // drop
  ]);
}

/** The filter, one instruction a line. Loads are big-endian, netlink is not: hence the swaps. */
function filterProgram(subscription: Subscription): Buffer {
  const { ignorePorts, type } = subscription;
  const wanted = type === undefined ? routesWanted(subscription) : [[JEQ, 0, 1, type << 8]]; // to `accept`, or to `drop`
  const own = ignorePorts.map((port, i) => [JEQ, ignorePorts.length - i + wanted.length + 1, 0, swap32(port)]); // to `drop`
  return instructions([
    [LD_W, 0, 0, PORT_AT],
    ...own,
    [LD_H, 0, 0, TYPE_AT],
    ...wanted,
    [RET, 0, 0, EVERYTHING], // accept
    [RET, 0, 0, 0], // drop
  ]);
}

function routesWanted({ routeProtocol, othersRoutes = false }: Subscription): readonly (readonly number[])[] {
  const [ifSame, ifOther] = othersRoutes ? [1, 0] : [0, 1]; // to `drop`, or to `accept`
  return [
    [JEQ, 1, 0, RTM_NEWROUTE << 8], // to the protocol
    [JEQ, 0, 2, RTM_DELROUTE << 8], // no route: to `accept`
    [LD_B, 0, 0, ROUTE_PROTOCOL_AT],
    [JEQ, ifSame, ifOther, routeProtocol],
  ];
}

/** struct sock_filter | code u16 | jump if true u8 | jump if false u8 | k u32 | */
function instructions(program: readonly (readonly number[])[]): Buffer {
  const bytes = Buffer.alloc(program.length * 8);
  for (const [i, [code = 0, yes = 0, no = 0, k = 0]] of program.entries()) {
    bytes.writeUInt16LE(code, i * 8);
    bytes.writeUInt8(yes, i * 8 + 2);
    bytes.writeUInt8(no, i * 8 + 3);
    bytes.writeUInt32LE(k, i * 8 + 4);
  }
  return bytes;
}

function swap32(value: number): number {
  const bytes = Buffer.alloc(4);
  bytes.writeUInt32LE(value >>> 0);
  return bytes.readUInt32BE();
}
