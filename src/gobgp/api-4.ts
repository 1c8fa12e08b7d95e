/**
 * GoBGP's API since 4.0, `api.GoBgpService`: every polymorphic thing is a oneof, and the first value of every enum says
 * that nothing was said, so that most numbers are one more than in 3.x.
 */
import type { TargetParts } from '../model/route-target.js';
import { type ApiTarget, codecOf, ORIGIN_IGP, ROUTE_TARGET, typesOf } from './api.js';
import { familyMessage } from './api-family.js';
import type { Codec, Received, WirePath, WireRank } from './codec.js';
import type { RawPath } from './path-shell.js';
import { rememberBytes } from './remember.js';

const PACKAGE = 'api';
const SERVICE = `${PACKAGE}.GoBgpService`;
/** Which member of ExtendedCommunity carries which form of a target. */
const TARGET_MEMBERS = {
  as2: 'twoOctetAsSpecific',
  as4: 'fourOctetAsSpecific',
  ip4: 'ipv4AddressSpecific',
} as const;

type ApiCommunity = {
  readonly [Form in keyof typeof TARGET_MEMBERS as (typeof TARGET_MEMBERS)[Form]]: ApiTarget | null;
};

/** What we read of api.Attribute: a oneof, so that one of them is there, or none that we know. */
interface ApiAttribute {
  readonly origin: { origin: number } | null;
  readonly multiExitDisc: { med: number } | null;
  readonly localPref: { localPref: number } | null;
  readonly communities: { communities: number[] } | null;
  readonly nextHop: { nextHop: string } | null;
  readonly mpReach: { nextHops: string[] } | null;
  readonly asPath: { segments: { numbers: number[] }[] } | null;
  readonly extendedCommunities: { communities: ApiCommunity[] } | null;
}

/** What we read of api.NLRI: a oneof too. */
interface ApiNlri {
  readonly prefix: { readonly prefixLen: number; readonly prefix: string } | null;
}

const type = typesOf('gobgp-4', PACKAGE);

/**
 * No message carries a version, but 4.8 changed the order in which AddPeer looks at a peer: its group first, then its
 * address. A peer without an address, of a group that does not exist, is refused by every release, and the refusal tells
 * which. It needs BGP to be started.
 */
const QUESTION = { peer: { conf: { peerGroup: 'slash32 asks for the release' } } };

/** The codec for 4.8 and later. */
export function api4(): Codec {
  return codecOf({
    name: `4.x (${SERVICE})`,
    service: SERVICE,
    type,
    emptyReply: (method) => `${method}Response`,
    globalTable: 1,
    exactLookup: 1,
    filters: { updates: 2, outcomes: 3 },
    shift: 1,
    overLimit: 3,
    hasBfd: true,
    signsRanges: true,
    forgetsExcess: false,
    writePath: pathMessage,
    readPath,
    oldRelease: {
      method: 'AddPeer',
      message: QUESTION,
      answer: 'NeighborAddress is not configured',
      reason:
        'gobgpd is of a release from 4.0 to 4.7, which does not tell peers of a path that changes its next hop only: ' +
        'run 4.8 or later, or 3.10 to 3.37',
    },
  });
}

/** A withdrawal is found by its NLRI; attributes would be ignored. */
function pathMessage(path: WirePath): object {
  return {
    nlri: { prefix: { prefixLen: path.length, prefix: path.base } },
    pattrs: path.withdrawn ? [] : attributes(path),
    isWithdraw: path.withdrawn,
    family: familyMessage(path.family),
  };
}

/** GoBGP itself turns NextHopAttribute into MP_REACH for a family that needs it. */
function attributes(path: WirePath): object[] {
  const communities = path.targets.map(targetMessage);
  return [
    { origin: { origin: ORIGIN_IGP } },
    { nextHop: { nextHop: path.nextHops[0] } },
    ...rankAttributes(path.rank),
    ...(communities.length > 0 ? [{ extendedCommunities: { communities } }] : []),
  ];
}

function rankAttributes({ localPref, communities = [] }: WireRank): object[] {
  return [
    ...(localPref === undefined ? [] : [{ localPref: { localPref } }]),
    ...(communities.length > 0 ? [{ communities: { communities } }] : []),
  ];
}

function targetMessage({ form, administrator, number }: TargetParts): object {
  const who = form === 'ip4' ? { address: administrator } : { asn: Number(administrator) };
  return { [TARGET_MEMBERS[form]]: { isTransitive: true, subType: ROUTE_TARGET, localAdmin: number, ...who } };
}

function readPath(path: RawPath): Received {
  if (!path.nlri) return { unreadable: 'not plain unicast: no NLRI' };
  try {
    const { prefix } = type('NLRI').decode(path.nlri) as unknown as ApiNlri;
    return prefix ? unicastPath(path, prefix) : { unreadable: 'not plain unicast: another kind of NLRI' };
  } catch (error) {
    return { unreadable: error instanceof Error ? error.message : String(error) };
  }
}

function unicastPath(path: RawPath, { prefix, prefixLen }: NonNullable<ApiNlri['prefix']>): WirePath {
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
    neighbour: path.neighborIp,
    withdrawn: path.isWithdraw,
  };
}

/** What the bytes of all attributes say, about a path from another AS and one from our own. */
const attributesIn = rememberBytes((bytes) => {
  const { pattrs } = type('Path').decode(bytes) as unknown as { pattrs: readonly ApiAttribute[] };
  const found = {
    nextHops: pattrs.flatMap(({ nextHop, mpReach }) => (nextHop ? [nextHop.nextHop] : (mpReach?.nextHops ?? []))),
    targets: pattrs.flatMap((attribute) => (attribute.extendedCommunities?.communities ?? []).flatMap(readTarget)),
    asPath: pattrs.flatMap((attribute) => (attribute.asPath?.segments ?? []).flatMap((segment) => segment.numbers)),
  };
  const from = (external: boolean) => ({ ...found, rank: { external, ...Object.assign({}, ...pattrs.map(readRank)) } });
  return { external: from(true), internal: from(false) };
});

function readRank({ origin, multiExitDisc, localPref, communities }: ApiAttribute): WireRank {
  return {
    ...(origin && { origin: origin.origin }),
    ...(multiExitDisc && { med: multiExitDisc.med }),
    ...(localPref && { localPref: localPref.localPref }),
    ...(communities && { communities: communities.communities }),
  };
}

function readTarget(community: ApiCommunity): TargetParts[] {
  for (const form of ['as2', 'as4', 'ip4'] as const) {
    const found = community[TARGET_MEMBERS[form]];
    if (!found?.isTransitive || found.subType !== ROUTE_TARGET) continue;
    return [{ form, administrator: found.address ?? String(found.asn), number: found.localAdmin }];
  }
  return [];
}
