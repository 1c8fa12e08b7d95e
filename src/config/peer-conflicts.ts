/**
 * Settings of a peer that exclude each other, or need each other. A session with such a pair would come up never, or not as
 * it was meant, and gobgpd would not say why.
 */
import type { z } from 'zod';
import { type Address, familyOf, isLinkLocal } from '../model/address.js';
import type { Peer } from '../model/peer.js';
import type { Path, Problem } from './problem.js';

/** A peer as the file has it, as far as settings meet. */
interface Written {
  readonly address?: Address | undefined;
  readonly interface?: string | undefined;
  readonly auto?: string | undefined;
  readonly families?: readonly string[] | undefined;
  readonly passwordFile?: string | undefined;
  readonly multihop?: number | undefined;
  readonly bfd?: object | undefined;
  readonly ttlSecurity?: number | undefined;
  readonly localAddress?: Address | undefined;
}

type Rule = readonly [key: keyof Written, is: (peer: Written) => boolean, message: string];

const onLink = (peer: Written) => peer.interface !== undefined;
const isGlobal = ({ address }: Written) => address !== undefined && !isLinkLocal(address);

/** Which key is to blame, when, and what to do: of any session. */
const SESSION_RULES: readonly Rule[] = [
  [
    'ttlSecurity',
    (peer) => peer.ttlSecurity !== undefined && peer.multihop !== undefined,
    'sends with a TTL of 255, and multihop with a lower one; keep ttlSecurity alone, with the number of hops',
  ],
  [
    'bfd',
    (peer) => peer.bfd !== undefined && peer.multihop !== undefined,
    'is for a peer that is one hop away (RFC 5881), and multihop says that it is not; leave one of the two out',
  ],
];

/** The same, of a session with a peer that is named. */
const RULES: readonly Rule[] = [
  [
    'address',
    (peer) => peer.address === undefined && !onLink(peer) && peer.auto === undefined,
    'missing: where is the peer? Name its address, or the interface it is on, or "auto: default-gateway"',
  ],
  [
    'auto',
    (peer) => peer.auto !== undefined && (peer.address !== undefined || onLink(peer)),
    'the peer is named twice; leave out either auto, or address and interface',
  ],
  [
    'auto',
    (peer) => peer.auto !== undefined && (peer.families?.length ?? 1) > 1,
    'there is a default gateway for each family; write one peer with ipv4 and one with ipv6',
  ],
  [
    'interface',
    (peer) => isGlobal(peer) && onLink(peer),
    'only a link-local address (fe80::...) needs its link; leave interface out',
  ],
  [
    'address',
    (peer) => peer.address !== undefined && isLinkLocal(peer.address) && !onLink(peer),
    'a link-local address means something on one link only; name the interface too',
  ],
  [
    'multihop',
    (peer) => peer.multihop !== undefined && (onLink(peer) || peer.auto !== undefined),
    'a peer on a link of this node is one hop away; leave multihop out',
  ],
  [
    'localAddress',
    (peer) => peer.localAddress !== undefined && (onLink(peer) || peer.auto !== undefined),
    "a peer on a link is reached from that link's own address; leave localAddress out",
  ],
  [
    'localAddress',
    (peer) =>
      isGlobal(peer) && peer.localAddress !== undefined && familyOf(peer.localAddress) !== familyOf(peer.address!),
    "is not of the family of the peer's address; a session has one family",
  ],
  [
    'localAddress',
    (peer) => peer.localAddress !== undefined && peer.localAddress === peer.address,
    "is the peer's address too; name this node's own",
  ],
];

/** Zod's refinement of one peer. */
export function peerConflicts(peer: Written, context: z.core.$RefinementCtx): void {
  complain([...RULES, ...SESSION_RULES], peer, context);
}

/** The same of a listen range. */
export function sessionConflicts(range: Omit<Written, 'localAddress'>, context: z.core.$RefinementCtx): void {
  complain(SESSION_RULES, range, context);
}

function complain(rules: readonly Rule[], peer: Written, context: z.core.$RefinementCtx): void {
  for (const [key, is, message] of rules) {
    if (is(peer)) context.addIssue({ code: 'custom', path: [key], message, input: peer });
  }
}

/**
 * What one peer cannot have because of how the node itself speaks. `own` is `bgp` as the file has it, unchecked.
 * @param waiting the key that makes it wait for the other side to connect
 */
export function unfitPeerSetting(
  peer: Pick<Peer, 'asn' | 'multihop' | 'passive'>,
  path: Path,
  own: { readonly asn?: unknown; readonly listenPort?: unknown },
  waiting = 'passive',
): Problem[] {
  const found: Problem[] = [];
  if (peer.multihop !== undefined && peer.asn === own.asn) {
    const message = 'an iBGP peer (of the same AS) may be any number of hops away; leave multihop out';
    found.push({ path: [...path, 'multihop'], message });
  }
  if (peer.passive && own.listenPort === -1) {
    const message = 'waits for the peer to connect, but bgp.listenPort is -1; leave it out, or listen';
    found.push({ path: [...path, waiting], message });
  }
  return found;
}
