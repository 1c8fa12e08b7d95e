/** `bgp:` of the file: how this node speaks, and with whom. */
import { z } from 'zod';
import { type Address, address, contains, type Family, familyOf, isLinkLocal, type Prefix } from '../model/address.js';
import { largeCommunity, standardCommunity } from '../model/community.js';
import type { Peer, SoughtPeer } from '../model/peer.js';
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
import { peerConflicts } from './peer-conflicts.js';
import { routerId } from './router-id.js';
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
  return peer;
});

/** IFNAMSIZ (linux/if.h) is 16, one of them NUL; dev_valid_name() in the kernel refuses the rest. */
const aLink = parsed((text) => {
  if (/^[^\s/:%]{1,15}$/.test(text) && text !== '.' && text !== '..') return text;
  throw new RangeError('expected the name of a link, of at most 15 characters');
});

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

const FAMILIES = { ipv4: 4, ipv6: 6 } as const satisfies Record<string, Family>;

/** One peer of the list. */
export const peerSection = (node: ThisNode) =>
  z
    .strictObject({
      name: aName.optional().describe('How commands and logs call it. Default: its address.'),
      address: aPeerAddress
        .optional()
        .describe('Where its BGP session is. A link-local one (fe80::...) needs interface too.'),
      interface: aLink
        .optional()
        .describe('The link a link-local peer is on. Without address, the peer is the one neighbour there.'),
      auto: z.literal('default-gateway').optional().describe("The peer is this node's default gateway."),
      asn: anAsn,
      // Not both by default: gobgpd 3.10 that restarts with a family the peer does not speak holds back all routes.
      families: z
        .array(z.enum(['ipv4', 'ipv6']))
        .min(1, 'a peer needs at least one of ipv4 and ipv6')
        .optional()
        .describe('What is exchanged. Default: the family of its address; both for a link-local peer (RFC 8950).'),
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
      maxRoutes: maxRoutes.describe('So many of its prefixes are imported at most; its session stays.'),
      passive: z.boolean().prefault(false).describe('Wait for the peer to connect.'),
      multihop: wholeNumber(2, 255).optional().describe('Hops to a peer that is not on a link of this node.'),
      ttlSecurity: wholeNumber(1, 254)
        .optional()
        .describe('Hops its packets may have made at most, 1 on the same link (GTSM, RFC 5082). On both sides.'),
      localAddress: anAddress.optional().describe("This node's address in its session. Default: the kernel's choice."),
      maxPrefixes: wholeNumber(1, 10_000_000)
        .optional()
        .describe('More paths of one family end its session; it is opened again, ever later.'),
      timers: timers.optional().describe('Instead of those of bgp.timers.'),
      communities: z
        .array(parsed(standardCommunity))
        .optional()
        .describe('Added to all that is announced to it, like 65000:100 or no-export.'),
      largeCommunities: z.array(parsed(largeCommunity)).optional().describe('The same, like 4200000000:1:2.'),
      localPreference: wholeNumber(0, 4294967295)
        .optional()
        .describe('LOCAL_PREF of what is announced to it; only a peer of our own AS hears it.'),
      // 24 bits (RFC 9494 section 3).
      longLivedGracefulRestart: seconds(1, 16777215)
        .optional()
        .describe('How long routes are kept after gracefulRestart, as a last resort (RFC 9494). On both sides.'),
    })
    .superRefine(peerConflicts)
    .transform(
      ({
        name,
        address,
        interface: device,
        auto,
        families,
        passwordFile: password,
        multihop,
        ttlSecurity,
        localAddress,
        maxPrefixes,
        timers,
        allow,
        deny,
        allowDefault,
        maxRoutes,
        longLivedGracefulRestart: longLivedRestart,
        communities,
        largeCommunities,
        localPreference,
        ...peer
      }): Peer | SoughtPeer => {
        const session = { password, multihop, ttlSecurity, localAddress, maxPrefixes, timers };
        const common = {
          ...peer,
          ...present({ ...session, allow, deny, allowDefault, maxRoutes }),
          ...present({ communities, largeCommunities, localPreference, longLivedRestart }),
          name: name ?? address ?? device ?? auto ?? '',
          families: families
            ? [...new Set(families)].map((family) => FAMILIES[family])
            : defaultFamilies(address, auto),
        };
        if (address !== undefined) return { ...common, address, ...present({ device }) };
        return { ...common, where: device === undefined ? { gateway: true } : { device } };
      },
    );

function defaultFamilies(address: Address | undefined, auto: string | undefined): Family[] {
  if (auto !== undefined) return [4];
  return address === undefined || isLinkLocal(address) ? [4, 6] : [familyOf(address)];
}

const routeReflector = z.strictObject({
  clusterId: parsed(routerId).optional().describe('Looks like an IPv4 address. Default: the router id.'),
  clients: z.array(aName).min(1, 'a route reflector has clients').describe('Names of peers, all of our own AS.'),
});

export const bgpSection = (node: ThisNode) =>
  z
    .strictObject({
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
      routeReflector: routeReflector.optional().describe('This node reflects routes between its clients (RFC 4456).'),
      guards: guardsSection.optional().describe('What is taken from no peer.'),
      timers: timers.prefault({}),
      nextHop6: anAddress
        .refine((address) => familyOf(address) === 6 && !isLinkLocal(address), 'expected a global IPv6 address')
        .optional()
        .describe('IPv6 next hop on IPv4 sessions. Default: the address of the link to the peer.'),
      // Twelve bits (RFC 4724 section 3).
      gracefulRestart: seconds(0, 4095).prefault('60s').describe('How long peers keep our routes; 0s turns it off.'),
    })
    .superRefine(({ asn, peers, routeReflector: role }, context) => {
      for (const [i, name] of (role?.clients ?? []).entries()) {
        const client = peers.find((peer) => peer.name === name);
        if (client?.asn === asn) continue;
        const message = client
          ? `peer "${name}" has AS ${client.asn}, and only peers of our own AS ${asn} can be clients`
          : `no peer is called "${name}"`;
        context.addIssue({ code: 'custom', path: ['routeReflector', 'clients', i], message });
      }
    });
