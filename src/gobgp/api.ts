/**
 * What the generations of GoBGP's API have in common: the methods, and the messages around a path.
 *
 * A generation is a dialect: names, numbers of enums, and how a path is dressed (`api-3.ts`, `api-4.ts`). protobufjs drops
 * misspelt keys without a word, so each message is written by one function, and tests read every one of them back.
 */
import type { Type } from 'protobufjs';
import { type Family, familyOf, type Prefix } from '../model/address.js';
import { familyMessage } from './api-family.js';
import { type ApiPeer, groupMessage, keptOutMessage, peerMessage, readPeer } from './api-peer.js';
import { policyMessages, readAssignment, readSet } from './api-policy.js';
import type { Codec, OldRelease, RangeName, Received, Rpc, Subject, WireEvent, WireGlobal, WirePath } from './codec.js';
import { changedPaths, listedPaths, type RawPath } from './path-shell.js';
import { loadProto } from './proto.js';

/** How one generation says what all of them say. */
export interface Dialect {
  /** For people: `3.x (apipb.GobgpApi)`. */
  readonly name: string;
  /** gRPC's name of the service: `package.Service`. */
  readonly service: string;
  /** A message type of this generation, by its name within the package. */
  type(name: string): Type;
  /** The type of a reply that says nothing but that it worked. */
  emptyReply(method: string): string;
  readonly globalTable: number;
  /** Looks a prefix up, and none that is longer or shorter. */
  readonly exactLookup: number;
  /** By how much most enums are higher than those of 3.x. */
  readonly shift: 0 | 1;
  /** The watch's filters for all paths of peers: as they came, and after the policies. */
  readonly filters: Readonly<Record<Subject, number>>;
  readonly hasBfd: boolean;
  readonly signsRanges: boolean;
  readonly forgetsExcess: boolean;
  /** The administrative state of a peer that has sent too many paths. */
  readonly overLimit: number;
  writePath(path: WirePath): object;
  /** Never throws: a throw would end the stream, and with it everything else that is heard. */
  readPath(path: RawPath): Received;
  readonly oldRelease?: Omit<OldRelease, 'question'> & { readonly method: string; readonly message: object };
}

/** The list of peers that begins each watch is over; and a real change. */
const END_OF_INIT = 2;
const PEER_STATE = 3;
/** Global.families counts GoBGP's own list, in which IPv4 unicast is 0 and IPv6 unicast 1. */
const BOTH_FAMILIES = [0, 1];
/** ORIGIN (RFC 4271 section 5.1.1) of what a node says about itself. */
export const ORIGIN_IGP = 0;
/** Sub-type of an extended community, RFC 4360 section 4. */
export const ROUTE_TARGET = 2;

/** A community that may be a target, in any of its three messages. */
export interface ApiTarget {
  readonly isTransitive: boolean;
  readonly subType: number;
  readonly asn?: number;
  readonly address?: string;
  readonly localAdmin: number;
}

interface ListedReply {
  readonly peer: ApiPeer | null;
}

/** The codec of a dialect. Loads the .proto files when it is first asked for. */
export function codecOf(dialect: Dialect): Codec {
  const { name, oldRelease: old, globalTable: tableType, writePath, readPath } = dialect;
  const rpc = rpcsOf(dialect);
  const policy = policyMessages(dialect.shift);
  const readDestination = (bytes: Uint8Array) => listedPaths(bytes).map(readPath);
  const event = rpc(
    'WatchEvent',
    (subject: Subject | 'sessions') => ({
      peer: {},
      ...(subject !== 'sessions' && { table: { filters: [{ type: dialect.filters[subject], init: false }] } }),
    }),
    (reply: PeerReply) => readPeerEvent(reply, dialect.overLimit),
    'WatchEventResponse',
  );
  return {
    name,
    hasBfd: dialect.hasBfd,
    signsRanges: dialect.signsRanges,
    forgetsExcess: dialect.forgetsExcess,
    ...(old && { oldRelease: { ...old, question: rpc(old.method, () => old.message) } }),
    getBgp: rpc('GetBgp', () => ({}), readGlobal, 'GetBgpResponse'),
    startBgp: rpc('StartBgp', globalMessage),
    addPath: rpc('AddPath', (path) => ({ tableType, path: writePath(path) }), nothing, 'AddPathResponse'),
    addPathStream: rpc('AddPathStream', (paths) => ({ tableType, paths: paths.map(writePath) })),
    listPath: {
      ...rpc('ListPath', (family: Family) => ({ tableType, family: familyMessage(family) })),
      decode: readDestination,
    },
    findPath: {
      ...rpc('ListPath', (prefixes: readonly Prefix[]) => ({
        tableType,
        ...lookupsMessage(prefixes, dialect.exactLookup),
      })),
      decode: readDestination,
    },
    watchEvent: {
      ...event,
      decode: (bytes) => {
        const paths = changedPaths(bytes);
        return paths ? { kind: 'table', paths: paths.map(readPath) } : event.decode(bytes);
      },
    },
    addPeer: rpc('AddPeer', (peer) => ({ peer: peerMessage(peer) })),
    keepOut: rpc('AddPeer', (peer) => ({ peer: keptOutMessage(peer) })),
    deletePeer: rpc('DeletePeer', (address) => ({ address })),
    enablePeer: rpc('EnablePeer', (address) => ({ address })),
    addPeerGroup: rpc('AddPeerGroup', (range) => ({ peerGroup: groupMessage(range) })),
    deletePeerGroup: rpc('DeletePeerGroup', (name) => ({ name })),
    addDynamicNeighbor: rpc('AddDynamicNeighbor', (range) => ({ dynamicNeighbor: rangeMessage(range) })),
    deleteDynamicNeighbor: rpc('DeleteDynamicNeighbor', rangeMessage),
    listDynamicNeighbor: rpc('ListDynamicNeighbor', () => ({}), readRange, 'ListDynamicNeighborResponse'),
    addDefinedSet: rpc('AddDefinedSet', policy.set),
    replaceDefinedSet: rpc('AddDefinedSet', (set) => ({ ...policy.set(set), replace: true })),
    listDefinedSet: rpc('ListDefinedSet', policy.setQuestion, readSet, 'ListDefinedSetResponse'),
    addPolicy: rpc('AddPolicy', policy.policy),
    deletePolicy: rpc('DeletePolicy', policy.deletion),
    listExportPolicies: rpc('ListPolicyAssignment', policy.question, readAssignment, 'ListPolicyAssignmentResponse'),
    setExportPolicy: rpc('SetPolicyAssignment', policy.assignment),
    sayAgain: rpc('ResetPeer', policy.again),
    listPeer: rpc(
      'ListPeer',
      () => ({}),
      (reply: ListedReply) => readPeer(reply.peer, dialect.overLimit),
      'ListPeerResponse',
    ),
  };
}

/** Makes the RPCs of a service. Without a reply type, the reply is empty. */
function rpcsOf({ service, type, emptyReply }: Pick<Dialect, 'service' | 'type' | 'emptyReply'>) {
  return <Request, Reply = undefined>(
    method: string,
    write: (request: Request) => object,
    // biome-ignore lint/suspicious/noExplicitAny: protobufjs knows its message types only at run time
    read: (reply: any) => Reply = nothing as () => Reply,
    replyType = emptyReply(method),
  ): Rpc<Request, Reply> => {
    const [request, reply] = [type(`${method}Request`), type(replyType)];
    return {
      path: `/${service}/${method}`,
      encode: (value) => Buffer.from(request.encode(write(value)).finish()),
      decode: (bytes) => read(reply.decode(bytes)),
    };
  };
}

/** Looks message types up, once each. A name with a dot is complete already. */
export function typesOf(generation: string, space: string): (name: string) => Type {
  const types = new Map<string, Type>();
  return (name) => {
    let found = types.get(name);
    if (!found) {
      found = loadProto(generation).lookupType(name.includes('.') ? name : `${space}.${name}`);
      types.set(name, found);
    }
    return found;
  };
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

function rangeMessage({ prefix, group }: RangeName): object {
  return { prefix, peerGroup: group };
}

function readRange(reply: { dynamicNeighbor: { prefix: string; peerGroup: string } | null }): RangeName {
  const { prefix = '', peerGroup: group = '' } = reply.dynamicNeighbor ?? {};
  return { prefix, group };
}

function lookupsMessage(prefixes: readonly Prefix[], type: number): object {
  const [first] = prefixes;
  return { family: first && familyMessage(familyOf(first)), prefixes: prefixes.map((prefix) => ({ prefix, type })) };
}

/** What a watch tells besides paths. */
interface PeerReply {
  readonly peer: { type: number; peer: Pick<ApiPeer, 'state'> | null } | null;
}

function readPeerEvent({ peer }: PeerReply, overLimit: number): WireEvent {
  if (peer?.type === END_OF_INIT) return { kind: 'ready' };
  if (peer?.type !== PEER_STATE) return { kind: 'other' };
  const state = peer.peer?.state;
  return state?.adminState === overLimit ? { kind: 'peer', overLimit: state.neighborAddress } : { kind: 'peer' };
}
