/**
 * Routes (rtnetlink(7); linux/rtnetlink.h).
 *
 *     struct rtmsg | family, dst, src length u8 | tos u8 | table, protocol, scope, type u8 | flags u32 |
 *
 * What the kernel does behind our back: it identifies an IPv4 route by table, prefix, tos and metric, so two routes that
 * differ in nothing else share a place, and NLM_F_REPLACE takes the first of that place whoever wrote it. IPv6 does the
 * same, and merges several of one place into one multipath route. Whoever must not touch others' routes uses a metric of
 * his own. IPv6 turns metric 0 into 1024.
 */
import { Scope } from './address.js';
import type { Attributes, Ip, Message, MessageBuffer, Request } from './message.js';
import {
  AF_INET,
  AF_UNSPEC,
  attributes,
  ipFamily,
  NLM_F_ACK,
  NLM_F_CREATE,
  NLM_F_DUMP,
  NLM_F_EXCL,
  NLM_F_REPLACE,
  NLM_F_REQUEST,
} from './message.js';

export const RTM_NEWROUTE = 24;
export const RTM_DELROUTE = 25;
const RTM_GETROUTE = 26;
const RTA_DST = 1;
const RTA_OIF = 4;
const RTA_GATEWAY = 5;
const RTA_PRIORITY = 6;
const RTA_PREFSRC = 7;
const RTA_MULTIPATH = 9;
const RTA_TABLE = 15;
const RTA_MARK = 16;
const RTA_VIA = 18;
const RT_TABLE_UNSPEC = 0;
const RTN_UNICAST = 1;
const RTN_LOCAL = 2;
const RTN_BLACKHOLE = 6;
const RTNH_F_ONLINK = 4;
/** Without it, every IPv4 answer names the main table; IPv6 names the right one, and refuses the flag. */
const RTM_F_LOOKUP_TABLE = 0x1000;
/** The answer is the entry that was found, and not what became of it for one packet. */
const RTM_F_FIB_MATCH = 0x2000;
/** struct rtmsg, struct rtnexthop */
const FIXED_PART = 12;
const HOP_PART = 8;

/** A route of type unicast, or without any hop a blackhole. */
export interface RouteEntry {
  readonly table: number;
  /** Network bytes with host bits zero, and how many of them count. */
  readonly destination: Ip;
  readonly length: number;
  /** Who wrote it (RTPROT_*). */
  readonly protocol: number;
  /** Lower wins. */
  readonly metric?: number;
  /** Address that packets of this host leave with. */
  readonly source?: Ip;
  readonly hops: readonly Hop[];
}

/** What tells one route from another, wherever it leads. */
type RoutePlace = Omit<RouteEntry, 'hops' | 'source'>;

/** One way to go: a gateway, a link, or both. */
export interface Hop {
  /** May be of the other family: IPv4 via an IPv6 gateway (RFC 8950). */
  readonly gateway?: Ip;
  /** Index of the link. */
  readonly oif?: number;
  /** The gateway is on the link although no address of ours says so. */
  readonly onlink?: boolean;
}

/** What to list. Absent: everything. The kernel sorts out itself, so what is not asked for costs nothing to read. */
export interface RouteFilter {
  readonly family?: number;
  readonly table?: number;
  readonly protocol?: number;
}

/** Adds a route, or replaces the one with the same table, prefix and metric. */
export function putRoute(route: RouteEntry): Request {
  return newRoute(route, NLM_F_CREATE | NLM_F_REPLACE);
}

/** Adds a route. Refused with EEXIST when there is one with the same table, prefix and metric. */
export function addRoute(route: RouteEntry): Request {
  return newRoute(route, NLM_F_CREATE | NLM_F_EXCL);
}

/** Adds a route to this host itself: what comes in for the address is its own. Refused with EEXIST like `addRoute`. */
export function addLocalRoute(route: RouteEntry): Request {
  return newRoute(route, NLM_F_CREATE | NLM_F_EXCL, RTN_LOCAL);
}

/**
 * Removes the first route of this table, prefix, protocol and, where given, metric, wherever it leads.
 * Refused with ESRCH when there is none.
 */
export function deleteRoute(route: RoutePlace): Request {
  return {
    type: RTM_DELROUTE,
    flags: NLM_F_REQUEST | NLM_F_ACK,
    write: (message) => writePlace(message, route, Scope.nowhere, 0),
  };
}

/** Asks for the routes of all tables, except those that are cached. */
export function dumpRoutes({ family = AF_UNSPEC, table, protocol = 0 }: RouteFilter = {}): Request {
  return {
    type: RTM_GETROUTE,
    flags: NLM_F_REQUEST | NLM_F_DUMP,
    write: (message) => {
      message.u8(family).zero(4).u8(protocol).zero(6);
      if (table !== undefined) message.attributeU32(RTA_TABLE, table);
    },
  };
}

/**
 * Asks which way a packet of this host would go: answered with one route, and the table it was found in. Refused with
 * ENETUNREACH when there is none.
 * @param mark of the packet, for rules that look at it
 * @param oif index of the link that it has to leave by
 */
export function findRoute(
  destination: Ip,
  mark = 0,
  oif = 0,
  flags = destination.length === 4 ? RTM_F_LOOKUP_TABLE : 0,
): Request {
  return {
    type: RTM_GETROUTE,
    flags: NLM_F_REQUEST | NLM_F_ACK,
    write: (message) => {
      message
        .u8(ipFamily(destination))
        .u8(destination.length * 8)
        .zero(6)
        .u32(flags);
      message.attribute(RTA_DST, destination);
      if (oif !== 0) message.attributeU32(RTA_OIF, oif);
      if (mark !== 0) message.attributeU32(RTA_MARK, mark);
    },
  };
}

/** Asks for the route by which a packet of this host would go, as it is written: with its prefix, and all its next hops. */
export function matchRoute(destination: Ip): Request {
  return findRoute(destination, 0, 0, RTM_F_FIB_MATCH);
}

/** Decodes RTM_NEWROUTE and RTM_DELROUTE. A type other than unicast (blackhole, local, ...) leads nowhere: no hops. */
export function decodeRoute(message: Message): Required<Omit<RouteEntry, 'source'>> {
  const { body } = message;
  const found = attributes(body, FIXED_PART);
  return {
    table: found.get(RTA_TABLE)?.readUInt32LE() ?? body[4]!,
    destination: new Uint8Array(found.get(RTA_DST) ?? Buffer.alloc(body[0] === AF_INET ? 4 : 16)),
    length: body[1]!,
    protocol: body[5]!,
    metric: found.get(RTA_PRIORITY)?.readUInt32LE() ?? 0,
    hops: body[7] === RTN_UNICAST ? hopsOf(found, body.readUInt32LE(8)) : [],
  };
}

/** Does this RTM_NEWROUTE say that the destination is this host? The table does not tell: main and local may be one. */
export function leadsHere({ body }: Message): boolean {
  return body[7] === RTN_LOCAL;
}

function newRoute(route: RouteEntry, how: number, type = RTN_UNICAST): Request {
  return {
    type: RTM_NEWROUTE,
    flags: NLM_F_REQUEST | NLM_F_ACK | how,
    write: (message) => writeRoute(message, route, type),
  };
}

function writeRoute(message: MessageBuffer, route: RouteEntry, type: number): void {
  const [hop] = route.hops;
  if (!hop) {
    writePlace(message, route, Scope.universe, 0, RTN_BLACKHOLE);
    return;
  }
  const alone = route.hops.length === 1 ? hop : undefined;
  writePlace(message, route, scopeOf(route, type), hopFlags(alone), type);
  if (route.source) message.attribute(RTA_PREFSRC, route.source);
  if (alone) {
    writeGateway(message, alone, route.destination.length);
    if (alone.oif) message.attributeU32(RTA_OIF, alone.oif);
  } else {
    message.nest(RTA_MULTIPATH, () => {
      for (const each of route.hops) writeHop(message, each, route.destination.length);
    });
  }
}

/** How far away its destination is. IPv6 has no scopes of routes. */
function scopeOf({ destination, hops }: RouteEntry, type: number): number {
  if (ipFamily(destination) !== AF_INET || hops.some(({ gateway }) => gateway)) return Scope.universe;
  return type === RTN_LOCAL ? Scope.host : Scope.link;
}

/** The fixed part and what names the route's place. */
function writePlace(message: MessageBuffer, route: RoutePlace, scope: number, flags: number, type = 0): void {
  const tableByte = route.table < 256 ? route.table : RT_TABLE_UNSPEC;
  message.u8(ipFamily(route.destination)).u8(route.length).u8(0).u8(0);
  message.u8(tableByte).u8(route.protocol).u8(scope).u8(type).u32(flags);
  if (route.length) message.attribute(RTA_DST, route.destination);
  if (!tableByte) message.attributeU32(RTA_TABLE, route.table);
  if (route.metric) message.attributeU32(RTA_PRIORITY, route.metric);
}

/** struct rtnexthop | length u16 | flags u8 | weight - 1 u8 | index s32 |, then the gateway. */
function writeHop(message: MessageBuffer, hop: Hop, bytes: number): void {
  const size = hop.gateway ? gatewaySize(hop.gateway, bytes) : 0;
  message
    .u16(HOP_PART + size)
    .u8(hopFlags(hop))
    .u8(0)
    .u32(hop.oif ?? 0);
  writeGateway(message, hop, bytes);
}

function writeGateway(message: MessageBuffer, { gateway }: Hop, bytes: number): void {
  if (!gateway) return;
  if (gateway.length === bytes) message.attribute(RTA_GATEWAY, gateway);
  else message.attribute(RTA_VIA, Buffer.concat([Buffer.from([ipFamily(gateway), 0]), gateway]));
}

/** The attribute's header, for RTA_VIA the family before the address, the address, rounded up. */
function gatewaySize(gateway: Ip, bytes: number): number {
  return gateway.length === bytes ? 4 + bytes : (4 + 2 + gateway.length + 3) & ~3;
}

function hopFlags(hop: Hop | undefined): number {
  return hop?.onlink ? RTNH_F_ONLINK : 0;
}

function hopsOf(found: Attributes, flags: number): Hop[] {
  const multipath = found.get(RTA_MULTIPATH);
  if (multipath) return decodeMultipath(multipath);
  return [hopOf(found, flags, found.get(RTA_OIF)?.readUInt32LE())];
}

function decodeMultipath(value: Buffer): Hop[] {
  const hops: Hop[] = [];
  for (let at = 0; at + HOP_PART <= value.length; ) {
    const length = value.readUInt16LE(at);
    if (length < HOP_PART) break;
    const found = attributes(value.subarray(at, at + length), HOP_PART);
    hops.push(hopOf(found, value[at + 2]!, value.readInt32LE(at + 4)));
    at += (length + 3) & ~3;
  }
  return hops;
}

function hopOf(found: Attributes, flags: number, oif: number | undefined): Hop {
  const gateway = found.get(RTA_GATEWAY) ?? found.get(RTA_VIA)?.subarray(2);
  const hop = gateway ? { gateway: new Uint8Array(gateway) } : {};
  if (oif) Object.assign(hop, { oif });
  return flags & RTNH_F_ONLINK ? Object.assign(hop, { onlink: true }) : hop;
}
