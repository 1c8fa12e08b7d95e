/** Packets: sent by whoever, counted where they arrive. */
import { readFileSync } from 'node:fs';
import { bind, close, indexOfName, send, socket } from '../../src/netlink/libc.js';
import { inside, run, spaceOf } from './space.js';

/** Echo requests that have reached a container, of both families. What a spoofed source sends is counted too. */
export function echoesHeard(name: string): number {
  return inside(name, () => {
    const [names = '', values = ''] = readFileSync('/proc/thread-self/net/snmp', 'utf8').match(/^IcmpMsg:.*$/gm) ?? [];
    const v4 = values.split(' ')[names.split(' ').indexOf('InType8')] ?? 0;
    const v6 = /^Icmp6InEchos\s+(\d+)$/m.exec(readFileSync('/proc/thread-self/net/snmp6', 'utf8'))?.[1] ?? 0;
    return Number(v4) + Number(v6);
  });
}

/** Answers to pings that have come back to a container, in the IP version of an address. */
export function repliesHeard(name: string, to: string): number {
  const file = (path: string) => inside(name, () => readFileSync(`/proc/thread-self/net/${path}`, 'utf8'));
  if (to.includes(':')) return Number(/^Icmp6InEchoReplies\s+(\d+)$/m.exec(file('snmp6'))?.[1]);
  const [names = '', values = ''] = file('snmp').match(/^IcmpMsg:.*$/gm) ?? [];
  return Number(values.split(' ')[names.split(' ').indexOf('InType0')] ?? 0);
}

/** Packets that a container has sent. */
export function packetsSent(name: string): number {
  const devices = inside(name, () => readFileSync('/proc/thread-self/net/dev', 'utf8'));
  return Number(/^ *eth0:((?: +\d+){16})$/m.exec(devices)?.[1]?.trim().split(/ +/)[9]);
}

/** ICMP messages of any kind that have reached a container. */
export function icmpHeard(name: string): number {
  const snmp = inside(name, () => readFileSync('/proc/thread-self/net/snmp', 'utf8'));
  return Number(/^Icmp: (\d+) /m.exec(snmp)?.[1]);
}

/** Does one of the pings of ten seconds come back? To be asked where one should: a link may be up before it carries. */
export function answers(from: string, to: string, options = ''): boolean {
  return pings(from, to, `-w 10${options && ` ${options}`}`);
}

/** Does a ping come back within half a second? */
export function pings(from: string, to: string, options = ''): boolean {
  try {
    run(`ip netns exec ${spaceOf(from)} ping -n -q -c 1 -W 0.5${options && ` ${options}`} ${to}`);
    return true;
  } catch {
    return false;
  }
}

/** Sends whole Ethernet frames out of a link, as whoever has NET_RAW may. */
export function sendFrames(from: string, link: string, frames: readonly Buffer[]): void {
  inside(from, () => {
    const fd = socket(17, 3, 0); // AF_PACKET, SOCK_RAW
    try {
      const to = Buffer.alloc(20); // struct sockaddr_ll
      to.writeUInt16LE(17, 0);
      to.writeInt32LE(indexOfName(link) ?? 0, 4);
      bind(fd, to);
      for (const frame of frames) send(fd, frame, frame.length);
    } finally {
      close(fd);
    }
  });
}
