/** A container whose root sends what no honest program sends, and the ears of whom it sends it to. */
import { setTimeout as pause } from 'node:timers/promises';
import { close, indexOfName, send } from '../../src/netlink/libc.js';
import { type Forgery, frame } from '../filters/frames.js';
import type { Member } from './fabric.js';
import { openPing, openTap, openUdp, receiveAll, within } from './sockets.js';

/** How long something that should not come is waited for, in ms. */
const GRACE = 150;

/** Raw access to a container's own link. */
export interface Attacker extends Disposable {
  /** The frame of an ICMP message, with the link's own MAC addresses. */
  forge(forgery: Omit<Forgery, 'fromMac' | 'toMac'>): Buffer;
  send(...frames: Buffer[]): void;
  readonly mac: string;
}

export async function attackerOn(member: Member): Promise<Attacker> {
  const macOf = (json: string) => (JSON.parse(json) as { address: string }[])[0]!.address;
  const mac = macOf(await member.container.exec(['ip', '-j', 'link', 'show', 'eth0']));
  const gateway = macOf(await member.container.node.exec(['ip', '-j', 'link', 'show', member.hostLink]));
  const fd = within(member.namespace, () => openTap(indexOfName('eth0')!));
  return {
    mac,
    forge: (forgery) => frame({ fromMac: mac, toMac: gateway, ...forgery }),
    send: (...frames) => {
      for (const each of frames) send(fd, each, each.length);
    },
    [Symbol.dispose]: () => close(fd),
  };
}

/** Somebody who counts what comes. */
export interface Ear extends Disposable {
  /** Packets that have come since the last look and hold these bytes. */
  look(mark: Buffer): number;
}

/** Hears ICMP and UDP (port 9) of some addresses in a namespace. */
export function earIn(namespace: string, addresses: readonly string[]): Ear {
  const fds = within(namespace, () => addresses.flatMap((own) => [openPing(own), openUdp(own, 9)]));
  return {
    look: (mark) =>
      fds.reduce((sum, fd) => sum + [...receiveAll(fd)].filter(({ bytes }) => bytes.includes(mark)).length, 0),
    [Symbol.dispose]: () => {
      for (const fd of fds) close(fd);
    },
  };
}

/** How long what should come is waited for, in ms. */
const PATIENCE = 10_000;

/** How many packets with this mark an attack brings to an ear. Where some should come, returns at once when `enough` have. */
export async function heardBy(
  ear: Ear,
  mark: Buffer,
  attack: () => void,
  enough = Number.POSITIVE_INFINITY,
): Promise<number> {
  ear.look(mark);
  attack();
  const limit = enough === Number.POSITIVE_INFINITY ? GRACE : PATIENCE;
  let heard = 0;
  for (const start = performance.now(); performance.now() - start < limit && heard < enough; await pause(5)) {
    heard += ear.look(mark);
  }
  return heard;
}

/** An ARP request (RFC 826) that tells everybody where `sender` is; gratuitous where it asks for itself. */
export function arp(mac: string, sender: string, target: string): Buffer {
  const macBytes = Buffer.from(mac.replaceAll(':', ''), 'hex');
  const ip = (text: string) => Buffer.from(text.split('.').map(Number));
  const ethernet = [Buffer.alloc(6, 0xff), macBytes, Buffer.from([0x08, 0x06])];
  const request = [Buffer.from([0, 1, 8, 0, 6, 4, 0, 1]), macBytes, ip(sender), Buffer.alloc(6), ip(target)];
  return Buffer.concat([...ethernet, ...request]);
}
