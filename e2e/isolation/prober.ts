/**
 * Everybody talks to everybody, at once: UDP, TCP and ping, IPv4 and IPv6.
 *
 * A packet says who sent it to whom and in which round, so two things are known of every pair: whether the packet arrived
 * (its receiver has seen it), and whether an answer came back. That nothing arrived is the stronger statement.
 */
import { setTimeout as pause } from 'node:timers/promises';
import { addressFrom } from '../../src/model/address.js';
import { close, indexOfName } from '../../src/netlink/libc.js';
import type { LabNode } from '../lab/node.js';
import type { Party } from './plan.js';
import {
  acceptAll,
  isConnected,
  openListener,
  openPing,
  openTap,
  openUdp,
  receiveAll,
  sendTo,
  startConnecting,
  within,
} from './sockets.js';

const PORT = 7;
const MAGIC = Buffer.from('s32-isolation');
/** After the last one that should come, one that should not come gets this long, in ms. */
const GRACE = 120;
/** Only a failure waits that long, in ms. */
const PATIENCE = 10_000;

export const PROTOCOLS = ['udp4', 'udp6', 'ping4', 'ping6', 'tcp4', 'tcp6'] as const;
export type Protocol = (typeof PROTOCOLS)[number];

/** A party, and the namespace it lives in. */
export type Placed = Party & { readonly namespace: string };

/** One attempt: `mesh-1 > mesh-2 udp4`. */
export type Attempt = string & { readonly attempt: true };

export function attempt(from: Party, to: Party, protocol: Protocol): Attempt {
  return `${from.name} > ${to.name} ${protocol}` as Attempt;
}

/** What came of a round. */
export interface Seen {
  readonly answered: ReadonlySet<Attempt>;
  /** Without TCP. */
  readonly arrived: ReadonlySet<Attempt>;
  /** Seen on a node's uplink: `out` left that node, `in` came to it. Of TCP the first packet, again and again. */
  readonly uplinks: ReadonlyMap<string, { readonly out: ReadonlySet<Attempt>; readonly in: ReadonlySet<Attempt> }>;
}

interface Ends {
  readonly udp: Record<4 | 6, number>;
  readonly ping: Record<4 | 6, number>;
  readonly listener: Record<4 | 6, number>;
}

export class Prober implements Disposable {
  readonly #parties: readonly Placed[];
  readonly #ends: readonly Ends[];
  readonly #taps = new Map<string, number>();
  #round = 0;

  constructor(parties: readonly Placed[], nodes: readonly LabNode[]) {
    this.#parties = parties;
    this.#ends = parties.map((party) => within(party.namespace, () => endsOf(party)));
    for (const { name, namespace } of nodes) {
      this.#taps.set(
        name,
        within(namespace, () => openTap(indexOfName('eth1')!)),
      );
    }
  }

  /**
   * Lets every pair of parties try everything.
   * @param among whether a pair takes part
   * @param isAll whether all that should be seen has been: the round ends soon after, and in any case after `patience` ms
   */
  async round(
    among: (from: Placed, to: Placed) => boolean,
    isAll: (seen: Seen) => boolean,
    patience = PATIENCE,
  ): Promise<Seen> {
    const round = new Round(++this.#round, this.#parties, this.#ends, this.#taps);
    round.sweep(); // what earlier rounds left
    round.sendAll(among);
    const start = performance.now();
    while (performance.now() - start < patience) {
      round.sweep();
      if (isAll(round)) break;
      await pause(4);
    }
    await pause(GRACE);
    round.sweep();
    round.end();
    return round;
  }

  [Symbol.dispose](): void {
    for (const { udp, ping, listener } of this.#ends)
      for (const fd of [udp, ping, listener].flatMap(Object.values)) close(fd);
    for (const fd of this.#taps.values()) close(fd);
  }
}

class Round implements Seen {
  readonly answered = new Set<Attempt>();
  readonly arrived = new Set<Attempt>();
  readonly uplinks = new Map<string, { readonly out: Set<Attempt>; readonly in: Set<Attempt> }>();
  readonly #number: number;
  readonly #parties: readonly Placed[];
  readonly #ends: readonly Ends[];
  readonly #taps: ReadonlyMap<string, number>;
  readonly #connecting = new Map<Attempt, number>();

  constructor(number: number, parties: readonly Placed[], ends: readonly Ends[], taps: ReadonlyMap<string, number>) {
    this.#number = number;
    this.#parties = parties;
    this.#ends = ends;
    this.#taps = taps;
    for (const node of taps.keys()) this.uplinks.set(node, { out: new Set(), in: new Set() });
  }

  sendAll(among: (from: Placed, to: Placed) => boolean): void {
    for (const [i, from] of this.#parties.entries()) {
      for (const [j, to] of this.#parties.entries()) if (i !== j && among(from, to)) this.#sendEach(i, j);
      this.sweep();
    }
  }

  /** Looks at every socket once. */
  sweep(): void {
    for (const [i, { udp, ping, listener }] of this.#ends.entries()) {
      for (const family of [4, 6] as const) {
        for (const { bytes, from } of receiveAll(udp[family])) this.#hearUdp(i, family, bytes, from);
        for (const { bytes } of receiveAll(ping[family])) this.#hearPing(i, family, bytes);
        acceptAll(listener[family]);
      }
    }
    for (const [one, fd] of this.#connecting) {
      if (!isConnected(fd)) continue;
      this.answered.add(one);
      this.#connecting.delete(one);
      close(fd);
    }
    for (const [node, fd] of this.#taps) for (const { bytes, from } of receiveAll(fd)) this.#tapped(node, bytes, from);
  }

  end(): void {
    for (const fd of this.#connecting.values()) close(fd);
    this.#connecting.clear();
  }

  #sendEach(i: number, j: number): void {
    const [from, to, ends] = [this.#parties[i]!, this.#parties[j]!, this.#ends[i]!];
    for (const family of [4, 6] as const) {
      const target = family === 4 ? to.v4 : to.v6;
      sendTo(ends.udp[family], this.#label('udp', family, i, j), target, PORT);
      sendTo(ends.ping[family], echoRequest(family, this.#label('ping', family, i, j)), target);
      const fd = within(from.namespace, () => startConnecting(family === 4 ? from.v4 : from.v6, target, PORT));
      if (fd !== undefined) this.#connecting.set(attempt(from, to, `tcp${family}`), fd);
    }
  }

  #hearUdp(self: number, family: 4 | 6, bytes: Buffer, sender: Buffer): void {
    const label = this.#read(bytes);
    if (!label) return;
    if (label.to === self && !label.isAnswer) {
      this.arrived.add(label.attempt);
      bytes[MAGIC.length] = 1;
      sendTo(this.#ends[self]!.udp[family], bytes, sender);
    } else if (label.from === self && label.isAnswer) this.answered.add(label.attempt);
  }

  /** The kernel answers by itself; requests and answers differ in type, and IPv4 shows its header. */
  #hearPing(self: number, family: 4 | 6, bytes: Buffer): void {
    const label = this.#read(bytes);
    if (!label) return;
    const type = bytes[family === 4 ? (bytes[0]! & 15) * 4 : 0];
    if (label.to === self && type === ECHO[family].request) this.arrived.add(label.attempt);
    else if (label.from === self && type === ECHO[family].reply) this.answered.add(label.attempt);
  }

  /** Only what its sender sent: answers and ICMP errors that quote it do not count. */
  #tapped(node: string, bytes: Buffer, link: Buffer): void {
    const label = this.#read(bytes) ?? this.#opening(bytes);
    if (!label || label.isAnswer || !isRequest(bytes)) return;
    const isOutgoing = link[10] === 4; // sll_pkttype, PACKET_OUTGOING
    this.uplinks.get(node)![isOutgoing ? 'out' : 'in'].add(label.attempt);
  }

  /** A packet that opens a TCP connection has no room for a label; its addresses say whose it is. */
  #opening(frame: Buffer) {
    const addresses = openingAddresses(frame);
    if (!addresses) return undefined;
    const [from, to] = addresses.map((own) => this.#parties.find(({ v4, v6 }) => v4 === own || v6 === own));
    return from && to && { isAnswer: false, attempt: attempt(from, to, from.v4 === addresses[0] ? 'tcp4' : 'tcp6') };
  }

  #label(kind: 'udp' | 'ping', family: 4 | 6, from: number, to: number): Buffer {
    const tail = Buffer.alloc(11);
    tail[1] = kind === 'udp' ? 0 : 1;
    tail[2] = family;
    tail.writeUInt32BE(this.#number, 3);
    tail.writeUInt16BE(from, 7);
    tail.writeUInt16BE(to, 9);
    return Buffer.concat([MAGIC, tail]);
  }

  #read(bytes: Buffer) {
    const at = bytes.indexOf(MAGIC);
    if (at < 0) return undefined;
    const tail = bytes.subarray(at + MAGIC.length);
    if (tail.readUInt32BE(3) !== this.#number) return undefined;
    const [from, to] = [tail.readUInt16BE(7), tail.readUInt16BE(9)];
    const protocol = `${tail[1] === 0 ? 'udp' : 'ping'}${tail[2]}` as Protocol;
    return {
      from,
      to,
      isAnswer: tail[0] === 1,
      attempt: attempt(this.#parties[from]!, this.#parties[to]!, protocol),
    };
  }
}

const ECHO = { 4: { request: 8, reply: 0 }, 6: { request: 128, reply: 129 } } as const;

function echoRequest(family: 4 | 6, data: Buffer): Buffer {
  const message = Buffer.concat([Buffer.from([ECHO[family].request, 0, 0, 0, 0, 0, 0, 0]), data]);
  if (family === 4) message.writeUInt16BE(checksum(message), 2); // of ICMPv6 the kernel does it
  return message;
}

const TCP = 6;
/** Flags of a TCP header: SYN, and not ACK. */
const OPENS = { mask: 0x12, value: 0x02 };

/** Source and destination of an Ethernet frame that opens a TCP connection. */
function openingAddresses(frame: Buffer): readonly [string, string] | undefined {
  const isV4 = frame.readUInt16BE(12) === 0x0800;
  const [protocol, at, size, header] = isV4 ? [frame[23], 26, 4, 34] : [frame[20], 22, 16, 54];
  if (protocol !== TCP || (frame[header + 13]! & OPENS.mask) !== OPENS.value) return undefined;
  return [addressFrom(frame.subarray(at, at + size)), addressFrom(frame.subarray(at + size, at + 2 * size))];
}

/** Of an Ethernet frame: UDP, an echo request, or the opening of TCP; not its answer, and no error that quotes it. */
function isRequest(frame: Buffer): boolean {
  const isV4 = frame.readUInt16BE(12) === 0x0800;
  const [protocol, type] = isV4 ? [frame[23], frame[34]] : [frame[20], frame[54]];
  return protocol === 17 || protocol === TCP || type === (isV4 ? ECHO[4] : ECHO[6]).request;
}

/** RFC 1071. */
function checksum(bytes: Buffer): number {
  let sum = 0;
  for (let i = 0; i < bytes.length; i += 2) sum += (bytes[i]! << 8) | (bytes[i + 1] ?? 0);
  while (sum > 0xffff) sum = (sum & 0xffff) + (sum >>> 16);
  return ~sum & 0xffff;
}

function endsOf({ v4, v6 }: Party): Ends {
  const own = { 4: v4, 6: v6 } as const;
  const each = (open: (address: string) => number) => ({ 4: open(own[4]), 6: open(own[6]) });
  return {
    udp: each((ip) => openUdp(ip, PORT)),
    ping: each(openPing),
    listener: each((ip) => openListener(ip, PORT)),
  };
}
