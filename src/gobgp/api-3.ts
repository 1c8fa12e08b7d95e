/**
 * GoBGP's API of 3.x, `apipb.GobgpApi`: every polymorphic thing is a google.protobuf.Any.
 *
 * Mind protobufjs's two spellings: camelCase for our own .proto files, `type_url` for its built-in Any.
 */
import type { TargetParts } from '../model/route-target.js';
import { type ApiTarget, codecOf, ORIGIN_IGP, ROUTE_TARGET, typesOf } from './api.js';
import { familyMessage } from './api-family.js';
import type { Codec, Received, WirePath, WireRank } from './codec.js';
import type { RawPath } from './path-shell.js';
import { latin1, rememberBytes, rememberText } from './remember.js';

const PACKAGE = 'apipb';
const SERVICE = `${PACKAGE}.GobgpApi`;
const TYPE_URL = `type.googleapis.com/${PACKAGE}.`;
const MP_REACH = `${TYPE_URL}MpReachNLRIAttribute`;
/** Which message carries which form of a target. */
const TARGET_MESSAGES: Record<TargetParts['form'], string> = {
  as2: 'TwoOctetAsSpecificExtended',
  as4: 'FourOctetAsSpecificExtended',
  ip4: 'IPv4AddressSpecificExtended',
};

/** google.protobuf.Any. */
interface Any {
  readonly type_url: string;
  readonly value: Uint8Array;
}

const type = typesOf('gobgp-3', PACKAGE);

/** The codec for 3.10 to 3.37. */
export function api3(): Codec {
  return codecOf({
    name: `3.x (${SERVICE})`,
    service: SERVICE,
    type,
    emptyReply: () => 'google.protobuf.Empty',
    globalTable: 0,
    exactLookup: 0,
    filters: { updates: 1, outcomes: 2 },
    shift: 0,
    overLimit: 2,
    hasBfd: false,
    // Since 3.21 only.
    signsRanges: false,
    forgetsExcess: true,
    writePath: pathMessage,
    readPath,
  });
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
    ...rankAttributes(path.rank),
    ...(communities.length > 0 ? [any('ExtendedCommunitiesAttribute', { communities })] : []),
  ];
}

function rankAttributes({ localPref, communities = [] }: WireRank): Any[] {
  return [
    ...(localPref === undefined ? [] : [any('LocalPrefAttribute', { localPref })]),
    ...(communities.length > 0 ? [any('CommunitiesAttribute', { communities })] : []),
  ];
}

function targetMessage(target: TargetParts): Any {
  const administrator =
    target.form === 'ip4' ? { address: target.administrator } : { asn: Number(target.administrator) };
  const fixed = { isTransitive: true, subType: ROUTE_TARGET, localAdmin: target.number };
  return any(TARGET_MESSAGES[target.form], { ...fixed, ...administrator });
}

function readPath(path: RawPath): Received {
  if (!path.nlri) return { unreadable: 'not plain unicast: no NLRI' };
  try {
    const nlri = type('google.protobuf.Any').decode(path.nlri) as unknown as Any;
    return nlri.type_url === `${TYPE_URL}IPAddressPrefix`
      ? unicastPath(path, nlri)
      : { unreadable: `not plain unicast: ${nlri.type_url}` };
  } catch (error) {
    return { unreadable: error instanceof Error ? error.message : String(error) };
  }
}

function unicastPath(path: RawPath, nlri: Any): WirePath {
  const { prefixLen, prefix } = read<{ prefixLen: number; prefix: string }>('IPAddressPrefix', nlri);
  const { external, internal } = attributesIn(path.attributes);
  const { nextHops, targets, asPath, rank } = path.isFromExternal ? external : internal;
  return {
    family: prefix.includes(':') ? 6 : 4,
    base: prefix,
    length: prefixLen,
    nextHops,
    targets,
    asPath,
    rank,
    // 3.x prints Go's nil address for a path that no peer sent.
    neighbour: path.neighborIp === '<nil>' ? '' : path.neighborIp,
    withdrawn: path.isWithdraw,
  };
}

/** What the attributes of a path say, as they are read. */
type Found = {
  readonly [field in 'nextHops' | 'targets' | 'asPath']: WirePath[field][number][];
} & { readonly rank: WireRank };

/** What the bytes of all attributes say. For IPv6 they name the prefix as well, and are different for each path. */
const attributesIn = rememberBytes((bytes: Uint8Array) => {
  const { pattrs } = type('Path').decode(bytes) as unknown as { pattrs: readonly Any[] };
  const found = attributesOf(pattrs);
  const mpReach = pattrs.find(({ type_url }) => type_url === MP_REACH);
  if (!mpReach) return found;
  const nextHops = nextHopsOf(read<{ nextHops: string[] }>('MpReachNLRIAttribute', mpReach));
  return { external: { ...found.external, nextHops }, internal: { ...found.internal, nextHops } };
});

/** Attributes without MP_REACH, which names the prefix as well: all others are the same for many paths. */
const attributesOf = rememberText(
  (attributes: readonly Any[]) =>
    attributes.map(({ type_url, value }) => (type_url === MP_REACH ? '' : `${type_url} ${latin1(value)}`)).join('\n'),
  (attributes) => {
    const found: Found = { nextHops: [], targets: [], asPath: [], rank: {} };
    for (const attribute of attributes) readAttribute(attribute, found);
    const from = (external: boolean): Found => ({ ...found, rank: { ...found.rank, external } });
    return { external: from(true), internal: from(false) };
  },
);

const nextHopsOf = rememberText(
  ({ nextHops }: { nextHops: readonly string[] }) => nextHops.join(),
  ({ nextHops }) => nextHops,
);

function readAttribute(attribute: Any, into: Found): void {
  switch (attribute.type_url.slice(TYPE_URL.length)) {
    case 'NextHopAttribute':
      into.nextHops.push(read<{ nextHop: string }>('NextHopAttribute', attribute).nextHop);
      break;
    case 'AsPathAttribute':
      for (const segment of read<{ segments: { numbers: number[] }[] }>('AsPathAttribute', attribute).segments)
        into.asPath.push(...segment.numbers);
      break;
    case 'ExtendedCommunitiesAttribute':
      into.targets.push(...readTargets(attribute));
      break;
    default:
      Object.assign(into.rank, readRank(attribute));
  }
}

const RANKS: Readonly<Record<string, (attribute: Any) => WireRank>> = {
  OriginAttribute: (attribute) => read<{ origin: number }>('OriginAttribute', attribute),
  MultiExitDiscAttribute: (attribute) => read<{ med: number }>('MultiExitDiscAttribute', attribute),
  LocalPrefAttribute: (attribute) => read<{ localPref: number }>('LocalPrefAttribute', attribute),
  CommunitiesAttribute: (attribute) => read<{ communities: number[] }>('CommunitiesAttribute', attribute),
};

function readRank(attribute: Any): WireRank {
  const { origin, med, localPref, communities } = RANKS[attribute.type_url.slice(TYPE_URL.length)]?.(attribute) ?? {};
  return {
    ...(origin !== undefined && { origin }),
    ...(med !== undefined && { med }),
    ...(localPref !== undefined && { localPref }),
    ...(communities !== undefined && { communities }),
  };
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
