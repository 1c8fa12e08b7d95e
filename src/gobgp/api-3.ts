/**
 * GoBGP's API of 3.x, `apipb.GobgpApi`: every polymorphic thing is a google.protobuf.Any.
 *
 * protobufjs drops misspelt keys without a word, so each message is written by one function here, and a test reads every
 * one of them back. Mind its two spellings: camelCase for our own .proto files, `type_url` for its built-in Any.
 */
import type { Type } from 'protobufjs';
import { type Family, familyOf, type Prefix } from '../model/address.js';
import type { TargetParts } from '../model/route-target.js';
import { type ApiPeer, peerMessage, readPeer } from './api-3-peer.js';
import type { Codec, Received, Rpc, WireEvent, WireGlobal, WirePath } from './codec.js';
import { loadProto } from './proto.js';

const PACKAGE = 'apipb';
const SERVICE = `${PACKAGE}.GobgpApi`;
const TYPE_URL = `type.googleapis.com/${PACKAGE}.`;
const ORIGIN_IGP = 0;
const FILTER_BEST = 0;
/** A real change, other than the list of peers that begins each watch. */
const PEER_STATE = 3;
const ROUTE_TARGET = 2; // sub-type, RFC 4360 section 4
/** Which message carries which form of a target. */
const TARGET_MESSAGES: Record<TargetParts['form'], string> = {
  as2: 'TwoOctetAsSpecificExtended',
  as4: 'FourOctetAsSpecificExtended',
  ip4: 'IPv4AddressSpecificExtended',
};
/** Global.families counts GoBGP's own list, in which IPv4 unicast is 0 and IPv6 unicast 1. */
const BOTH_FAMILIES = [0, 1];

/** google.protobuf.Any. */
interface Any {
  readonly type_url: string;
  readonly value: Uint8Array;
}

/** What we read of apipb.Path. */
interface ApiPath {
  readonly nlri: Any | null;
  readonly pattrs: readonly Any[];
  readonly isWithdraw: boolean;
  readonly neighborIp: string;
}

interface ListedReply {
  readonly peer: ApiPeer | null;
}

interface ApiTarget {
  readonly isTransitive: boolean;
  readonly subType: number;
  readonly asn?: number;
  readonly address?: string;
  readonly localAdmin: number;
}

/** The 3.x codec. Loads the .proto files when it is first asked for. */
export function api3(): Codec {
  return {
    name: `3.x (${SERVICE})`,
    getBgp: rpc('GetBgp', 'GetBgpRequest', 'GetBgpResponse', () => ({}), readGlobal),
    startBgp: rpc('StartBgp', 'StartBgpRequest', 'google.protobuf.Empty', globalMessage, nothing),
    addPath: rpc('AddPath', 'AddPathRequest', 'AddPathResponse', (path) => ({ path: pathMessage(path) }), nothing),
    addPathStream: rpc('AddPathStream', 'AddPathStreamRequest', 'google.protobuf.Empty', pathsMessage, nothing),
    listPath: rpc('ListPath', 'ListPathRequest', 'ListPathResponse', listPathMessage, readDestination),
    findPath: rpc('ListPath', 'ListPathRequest', 'ListPathResponse', findPathMessage, readDestination),
    watchEvent: rpc('WatchEvent', 'WatchEventRequest', 'WatchEventResponse', watchMessage, readEvent),
    addPeer: rpc(
      'AddPeer',
      'AddPeerRequest',
      'google.protobuf.Empty',
      (peer) => ({ peer: peerMessage(peer) }),
      nothing,
    ),
    deletePeer: rpc('DeletePeer', 'DeletePeerRequest', 'google.protobuf.Empty', (address) => ({ address }), nothing),
    listPeer: rpc(
      'ListPeer',
      'ListPeerRequest',
      'ListPeerResponse',
      () => ({}),
      (reply: ListedReply) => readPeer(reply.peer),
    ),
  };
}

function rpc<Request, Reply>(
  method: string,
  requestType: string,
  replyType: string,
  write: (request: Request) => object,
  // biome-ignore lint/suspicious/noExplicitAny: protobufjs knows its message types only at run time
  read: (reply: any) => Reply,
): Rpc<Request, Reply> {
  const [request, reply] = [type(requestType), type(replyType)];
  return {
    path: `/${SERVICE}/${method}`,
    encode: (value) => Buffer.from(request.encode(write(value)).finish()),
    decode: (bytes) => read(reply.decode(bytes)),
  };
}

const types = new Map<string, Type>();

function type(name: string): Type {
  let found = types.get(name);
  if (!found)
    types.set(name, (found = loadProto('gobgp-3').lookupType(name.includes('.') ? name : `${PACKAGE}.${name}`)));
  return found;
}

/** Not null: gRPC takes that for a missing reply, and says UNIMPLEMENTED. */
const nothing = () => undefined;

function globalMessage(global: WireGlobal): object {
  return { global: { ...global, families: BOTH_FAMILIES } };
}

function readGlobal(reply: { global: WireGlobal | null }): WireGlobal {
  const { asn = 0, routerId = '', listenPort = 0, listenAddresses = [] } = reply.global ?? {};
  return { asn, routerId, listenPort, listenAddresses };
}

function any(name: string, value: object): Any {
  return { type_url: TYPE_URL + name, value: type(name).encode(value).finish() };
}

/** A withdrawal is found by its NLRI; attributes would be ignored. */
function pathMessage(path: WirePath): object {
  return {
    nlri: any('IPAddressPrefix', { prefixLen: path.length, prefix: path.base }),
    pattrs: path.withdrawn ? [] : attributes(path),
    isWithdraw: path.withdrawn,
    family: familyMessage(path.family),
  };
}

/** GoBGP itself turns NextHopAttribute into MP_REACH for a family that needs it. */
function attributes(path: WirePath): Any[] {
  const communities = path.targets.map(targetMessage);
  return [
    any('OriginAttribute', { origin: ORIGIN_IGP }),
    any('NextHopAttribute', { nextHop: path.nextHops[0] }),
    ...(communities.length > 0 ? [any('ExtendedCommunitiesAttribute', { communities })] : []),
  ];
}

function targetMessage(target: TargetParts): Any {
  const administrator =
    target.form === 'ip4' ? { address: target.administrator } : { asn: Number(target.administrator) };
  const fixed = { isTransitive: true, subType: ROUTE_TARGET, localAdmin: target.number };
  return any(TARGET_MESSAGES[target.form], { ...fixed, ...administrator });
}

function familyMessage(family: Family): object {
  return { afi: family === 4 ? 1 : 2, safi: 1 };
}

function pathsMessage(paths: readonly WirePath[]): object {
  return { paths: paths.map(pathMessage) };
}

function listPathMessage(family: Family): object {
  return { family: familyMessage(family) };
}

function findPathMessage(prefixes: readonly Prefix[]): object {
  const [first] = prefixes;
  return { family: first && familyMessage(familyOf(first)), prefixes: prefixes.map((prefix) => ({ prefix })) };
}

function watchMessage(): object {
  return { peer: {}, table: { filters: [{ type: FILTER_BEST, init: true }] } };
}

function readDestination(reply: { destination: { paths: ApiPath[] } | null }): readonly Received[] {
  return (reply.destination?.paths ?? []).map(readPath);
}

function readEvent(reply: { table: { paths: ApiPath[] } | null; peer: { type: number } | null }): WireEvent {
  if (reply.table) return { kind: 'table', paths: reply.table.paths.map(readPath) };
  return { kind: reply.peer?.type === PEER_STATE ? 'peer' : 'other' };
}

/** Never throws: a throw in here would end the stream, and with it everything else that is heard. */
function readPath(path: ApiPath): Received {
  try {
    return path.nlri?.type_url === `${TYPE_URL}IPAddressPrefix`
      ? unicastPath(path, path.nlri)
      : { unreadable: `not plain unicast: ${path.nlri?.type_url ?? 'no NLRI'}` };
  } catch (error) {
    return { unreadable: error instanceof Error ? error.message : String(error) };
  }
}

function unicastPath(path: ApiPath, nlri: Any): WirePath {
  const { prefixLen, prefix } = read<{ prefixLen: number; prefix: string }>('IPAddressPrefix', nlri);
  const found = { nextHops: [] as string[], targets: [] as TargetParts[], asPath: [] as number[] };
  for (const attribute of path.pattrs) readAttribute(attribute, found);
  return {
    family: prefix.includes(':') ? 6 : 4,
    base: prefix,
    length: prefixLen,
    ...found,
    // 3.x prints Go's nil address for a path that no peer sent.
    neighbour: path.neighborIp === '<nil>' ? '' : path.neighborIp,
    withdrawn: path.isWithdraw,
  };
}

function readAttribute(attribute: Any, into: { nextHops: string[]; targets: TargetParts[]; asPath: number[] }): void {
  switch (attribute.type_url.slice(TYPE_URL.length)) {
    case 'NextHopAttribute':
      into.nextHops.push(read<{ nextHop: string }>('NextHopAttribute', attribute).nextHop);
      break;
    case 'MpReachNLRIAttribute':
      into.nextHops.push(...read<{ nextHops: string[] }>('MpReachNLRIAttribute', attribute).nextHops);
      break;
    case 'AsPathAttribute':
      for (const segment of read<{ segments: { numbers: number[] }[] }>('AsPathAttribute', attribute).segments)
        into.asPath.push(...segment.numbers);
      break;
    case 'ExtendedCommunitiesAttribute':
      into.targets.push(...readTargets(attribute));
      break;
  }
}

function readTargets(attribute: Any): TargetParts[] {
  return read<{ communities: Any[] }>('ExtendedCommunitiesAttribute', attribute).communities.flatMap((community) => {
    const name = community.type_url.slice(TYPE_URL.length);
    const form = (Object.keys(TARGET_MESSAGES) as TargetParts['form'][]).find((key) => TARGET_MESSAGES[key] === name);
    if (!form) return [];
    const { isTransitive, subType, asn, address, localAdmin } = read<ApiTarget>(name, community);
    if (!isTransitive || subType !== ROUTE_TARGET) return [];
    return [{ form, administrator: address ?? String(asn), number: localAdmin }];
  });
}

function read<T>(name: string, from: Any): T {
  return type(name).decode(from.value) as unknown as T;
}
