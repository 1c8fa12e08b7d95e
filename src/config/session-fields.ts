/** What holds for a session with whomever: the keys that a peer and a listen range share, and what they become. */
import { z } from 'zod';
import type { Family } from '../model/address.js';
import { largeCommunity, standardCommunity } from '../model/community.js';
import { present } from '../model/present.js';
import { aPrefixRange, maxRoutes, parsed, routeTargets, seconds, wholeNumber } from './fields.js';
import type { ThisNode } from './this-node.js';

/** RFC 7607 (0), RFC 6793 (23456, AS_TRANS), RFC 7300 (the last of each size). */
const RESERVED_ASNS = [0, 23456, 65535, 4294967295];
export const anAsn = wholeNumber(1, 4294967295)
  .refine((asn) => !RESERVED_ASNS.includes(asn), { error: 'this AS number is reserved and cannot be spoken from' })
  .describe('AS number.');

/** Hold 0 would mean a dead peer is never noticed, and RFC 4271 section 4.2 forbids 1 and 2. */
export const timers = z
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

const FAMILIES = { ipv4: 4, ipv6: 6 } as const satisfies Record<string, Family>;

/** RFC 5880 has no defaults; these are what switches have. */
const BFD = { minTx: 300, minRx: 300, multiplier: 3 };
const anInterval = wholeNumber(10, 60_000).describe('ms');
const bfd = z.preprocess(
  (given) => (given === true ? {} : given),
  z.strictObject({
    minTx: anInterval.prefault(BFD.minTx),
    minRx: anInterval.prefault(BFD.minRx),
    multiplier: wholeNumber(2, 255).prefault(BFD.multiplier).describe('So many heartbeats missed are a loss.'),
  }),
);

/** The keys. */
export const sessionFields = (node: ThisNode) => ({
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
  multihop: wholeNumber(2, 255).optional().describe('Hops to a peer that is not on a link of this node.'),
  ttlSecurity: wholeNumber(1, 254)
    .optional()
    .describe('Hops its packets may have made at most, 1 on the same link (GTSM, RFC 5082). On both sides.'),
  timers: timers.optional().describe('Instead of those of bgp.timers.'),
  announce: z
    .enum(['host', 'aggregate', 'both'])
    .optional()
    .describe(
      'What it is told of our networks: host routes, their pools as blocks, or both. Default: as each network says.',
    ),
  communities: z
    .array(parsed(standardCommunity))
    .optional()
    .describe('Added to all that is announced to it, like 65000:100 or no-export.'),
  largeCommunities: z.array(parsed(largeCommunity)).optional().describe('The same, like 4200000000:1:2.'),
  localPreference: wholeNumber(0, 4294967295)
    .optional()
    .describe('LOCAL_PREF of what is announced to it; only a peer of our own AS hears it.'),
  nextHops: z
    .enum(['on-link', 'recursive'])
    .optional()
    .describe(
      'recursive: where a next hop is not on a link of this node, the route towards it is followed, but for a default route. Default: for peers of our own AS, and those that are hops away.',
    ),
  maxRoutes: maxRoutes.describe('So many of its prefixes are imported at most; its session stays.'),
  maxPrefixes: wholeNumber(1, 10_000_000)
    .optional()
    .describe('More paths of one family end its session; it is opened again, ever later.'),
  bfd: bfd.optional().describe('Loss of the peer is noticed by a fast heartbeat (RFC 5880). gobgpd 4.8 or later.'),
  // 24 bits (RFC 9494 section 3).
  longLivedGracefulRestart: seconds(1, 16777215)
    .optional()
    .describe('How long routes are kept after gracefulRestart, as a last resort (RFC 9494). On both sides.'),
});

type SessionFields = z.output<z.ZodObject<ReturnType<typeof sessionFields>>>;

/** What the keys become. */
export function sessionOf({ untagged, passwordFile: password, longLivedGracefulRestart, ...rest }: SessionFields) {
  return { untagged, ...present({ ...rest, password, longLivedRestart: longLivedGracefulRestart }) };
}

export const someFamilies = z.array(z.enum(['ipv4', 'ipv6'])).min(1, 'a peer needs at least one of ipv4 and ipv6');

/** Each once, as the model has it. */
export function familiesOf(names: z.output<typeof someFamilies>): Family[] {
  return [...new Set(names)].map((family) => FAMILIES[family]);
}
