/** `bgp:` of the file: how this node speaks, and with whom. */
import { z } from 'zod';
import { type Address, address, contains, type Family, familyOf, type Prefix } from '../model/address.js';
import type { Peer } from '../model/peer.js';
import {
  aName,
  anAddress,
  aPrefixRange,
  aUnixUrl,
  maxRoutes,
  parsed,
  routeTargets,
  seconds,
  wholeNumber,
} from './fields.js';
import { guardsSection } from './guards-section.js';
import type { ThisNode } from './this-node.js';

/** RFC 7607 (0), RFC 6793 (23456, AS_TRANS), RFC 7300 (the last of each size). */
const RESERVED_ASNS = [0, 23456, 65535, 4294967295];
const anAsn = wholeNumber(1, 4294967295)
  .refine((asn) => !RESERVED_ASNS.includes(asn), { error: 'this AS number is reserved and cannot be spoken from' })
  .describe('AS number.');

const NO_PEER = ['0.0.0.0/8', '224.0.0.0/3', '::/128', 'ff00::/8'] as Prefix[];
const aPeerAddress = parsed((text): Address => {
  const peer = address(text);
  if (NO_PEER.some((range) => contains(range, peer))) throw new RangeError(`${peer} cannot be a peer's address`);
  if (contains('fe80::/10' as Prefix, peer)) {
    throw new RangeError(`${peer} means something on one link only; name a global address of the peer`);
  }
  return peer;
});

const FAMILIES = { ipv4: 4, ipv6: 6 } as const satisfies Record<string, Family>;

/** One peer of the list. */
export const peerSection = (node: ThisNode) =>
  z
    .strictObject({
      name: aName.optional().describe('How commands and logs call it. Default: its address.'),
      address: aPeerAddress.describe('Where its BGP session is.'),
      asn: anAsn,
      // Not both by default: gobgpd 3.10 that restarts with a family the peer does not speak holds back all routes.
      families: z
        .array(z.enum(['ipv4', 'ipv6']))
        .min(1, 'a peer needs at least one of ipv4 and ipv6')
        .optional()
        .describe('What is exchanged. Default: the family of its address.'),
      passwordFile: parsed((path) => node.password(path))
        .optional()
        .describe('Absolute path of a file (mode 0600) with the TCP MD5 password (RFC 2385).'),
      untagged: routeTargets.prefault([]).describe('Its paths that carry no route target get these.'),
      allow: z
        .array(aPrefixRange)
        .optional()
        .describe('Only these are taken from it, like 10.0.0.0/8 le 32. Default: any.'),
      deny: z.array(aPrefixRange).optional().describe('These are not, whatever allow says.'),
      allowDefault: z.boolean().optional().describe('May it say a default route? A network has to allow it too.'),
      maxRoutes: maxRoutes.describe(
        'So many of its prefixes are imported at most; more are refused, its session stays.',
      ),
      passive: z.boolean().prefault(false).describe('Wait for the peer to connect.'),
      multihop: wholeNumber(2, 255).optional().describe('Hops to a peer that is not on a link of this node.'),
    })
    .transform(
      ({ name, families, passwordFile, multihop, allow, deny, allowDefault, maxRoutes, ...peer }): Peer => ({
        ...peer,
        ...present({ allow, deny, allowDefault, maxRoutes }),
        name: name ?? peer.address,
        families: families ? [...new Set(families)].map((family) => FAMILIES[family]) : [familyOf(peer.address)],
        ...(passwordFile === undefined ? {} : { password: passwordFile }),
        ...(multihop === undefined ? {} : { multihop }),
      }),
    );

/** Without the keys whose value is undefined, which is another thing than a key that is not there. */
function present<T extends object>(given: T): { [Key in keyof T]?: Exclude<T[Key], undefined> } {
  return Object.fromEntries(Object.entries(given).filter(([, value]) => value !== undefined)) as never;
}

/** Hold 0 would mean a dead peer is never noticed, and RFC 4271 section 4.2 forbids 1 and 2. */
const timers = z
  .strictObject({
    hold: seconds(3, 65535).prefault('9s').describe('A silent peer is given up after this time.'),
    keepalive: seconds(1, 21845).optional().describe('Default: a third of hold.'),
    connectRetry: seconds(1, 65535).prefault('5s').describe('Between two tries to connect.'),
  })
  .superRefine(({ hold, keepalive }, context) => {
    if (keepalive === undefined || keepalive * 3 <= hold) return;
    const message = `${keepalive}s is more than a third of hold (${hold}s): one lost message would end the session`;
    context.addIssue({ code: 'custom', path: ['keepalive'], message });
  })
  .transform(({ keepalive, ...rest }) => ({ ...rest, keepalive: keepalive ?? Math.floor(rest.hold / 3) }));

export const bgpSection = (node: ThisNode) =>
  z.strictObject({
    asn: anAsn,
    listenPort: wholeNumber(-1, 65535)
      .refine((port) => port !== 0, 'expected a TCP port, or -1')
      .prefault(179)
      .describe('TCP port; -1 does not listen.'),
    listenAddresses: z.array(anAddress).prefault([]).describe('Default: every address of the node.'),
    gobgp: z
      .strictObject({
        api: aUnixUrl.optional().describe('Default: gobgpd.sock in runDir.'),
        manage: z.boolean().prefault(true).describe('false: gobgpd has its own file, and only paths are added.'),
      })
      .prefault({}),
    peers: z.array(peerSection(node)).prefault([]),
    guards: guardsSection.optional().describe('What is taken from no peer.'),
    timers: timers.prefault({}),
    // Twelve bits (RFC 4724 section 3).
    gracefulRestart: seconds(0, 4095).prefault('60s').describe('How long peers keep our routes; 0s turns it off.'),
  });
