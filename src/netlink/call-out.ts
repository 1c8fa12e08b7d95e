/**
 * Two words to everybody on a link, in ICMPv6: "who is there?", and "here I am". Nothing is waited for: who answers makes
 * itself known to the kernel first, and is then among the neighbours.
 */
import { close, connect, indexOfName, send, setsockopt, socket } from './libc.js';

/** sys/socket.h, netinet/in.h, linux/in6.h */
const AF_INET6 = 10;
const SOCK_RAW = 3;
const IPPROTO_IPV6 = 41;
const IPPROTO_ICMPV6 = 58;
const IPV6_MULTICAST_HOPS = 18;
/** ff02::1, RFC 4291 section 2.7.1. */
const ALL_NODES = Buffer.from('ff020000000000000000000000000001', 'hex');
/** Neighbour discovery refuses what came over a router (RFC 4861 section 6.1.2). */
const NEVER_FORWARDED = 255;

/** Type 128 (RFC 4443 section 4.1); the kernel fills in the checksum. */
const ECHO_REQUEST = Buffer.from('8000000000000000', 'hex');
/**
 * Type 134 (RFC 4861 section 4.2) with a lifetime of 0, and everything else unspecified: nobody takes us for a default
 * router. It is by this message that a switch finds its BGP neighbour on an unnumbered link.
 */
const ROUTER_ADVERTISEMENT = Buffer.from('86000000000000000000000000000000', 'hex');

/** Sends both. Throws SystemError when the link is down or has no IPv6. */
export function callOut(device: string): void {
  const fd = socket(AF_INET6, SOCK_RAW, IPPROTO_ICMPV6);
  try {
    setsockopt(fd, IPPROTO_IPV6, IPV6_MULTICAST_HOPS, NEVER_FORWARDED);
    connect(fd, socketAddress(indexOfName(device) ?? 0));
    for (const message of [ECHO_REQUEST, ROUTER_ADVERTISEMENT]) send(fd, message, message.length);
  } finally {
    close(fd);
  }
}

/** struct sockaddr_in6 | family u16 | port u16 | flow u32 | address 16 | scope u32 |. */
function socketAddress(scope: number): Buffer {
  const address = Buffer.alloc(28);
  address.writeUInt16LE(AF_INET6, 0);
  ALL_NODES.copy(address, 8);
  address.writeUInt32LE(scope, 24);
  return address;
}
