/** `bgp:` of the file: how this node speaks, and with whom. */
import { z } from 'zod';
import { type Address, address, contains, type Family, familyOf, isLinkLocal, type Prefix } from '../model/address.js';
import type { Peer, SoughtPeer } from '../model/peer.js';
import { present } from '../model/present.js';
import { aName, anAddress, aUnixUrl, parsed, seconds, wholeNumber } from './fields.js';
import { guardsSection } from './guards-section.js';
import { listenRangeSection } from './listen-range-section.js';
import { peerConflicts } from './peer-conflicts.js';
import { routerId } from './router-id.js';
import { anAsn, familiesOf, sessionFields, sessionOf, someFamilies, timers } from './session-fields.js';
import type { ThisNode } from './this-node.js';

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
      families: someFamilies
        .optional()
        .describe('What is exchanged. Default: the family of its address; both for a link-local peer (RFC 8950).'),
      ...sessionFields(node),
      passive: z.boolean().prefault(false).describe('Wait for the peer to connect.'),
      localAddress: anAddress.optional().describe("This node's address in its session. Default: the kernel's choice."),
    })
    .superRefine(peerConflicts)
    .transform(
      ({
        name,
        address,
        interface: device,
        auto,
        families,
        passive,
        localAddress,
        asn,
        ...session
      }): Peer | SoughtPeer => {
        const common = {
          ...sessionOf(session),
          ...present({ localAddress }),
          asn,
          passive,
          name: name ?? address ?? device ?? auto ?? '',
          families: families ? familiesOf(families) : defaultFamilies(address, auto),
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
  clients: z
    .array(aName)
    .min(1, 'a route reflector has clients')
    .describe('Names of peers and listen ranges, all of our own AS.'),
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
        .prefault({})
        .describe('How gobgpd is reached.'),
      peers: z.array(peerSection(node)).prefault([]).describe('BGP neighbours.'),
      listenRanges: z.array(listenRangeSection(node)).prefault([]).describe('From where others may connect to us.'),
      routeReflector: routeReflector.optional().describe('This node reflects routes between its clients (RFC 4456).'),
      guards: guardsSection.optional().describe('What is taken from no peer.'),
      timers: timers.prefault({}).describe('Of all sessions.'),
      nextHop6: anAddress
        .refine((address) => familyOf(address) === 6 && !isLinkLocal(address), 'expected a global IPv6 address')
        .optional()
        .describe('IPv6 next hop on IPv4 sessions. Default: the address of the link to the peer.'),
      // Twelve bits (RFC 4724 section 3).
      gracefulRestart: seconds(0, 4095).prefault('60s').describe('How long peers keep our routes; 0s turns it off.'),
    })
    .superRefine(({ asn, peers, listenRanges, routeReflector: role }, context) => {
      for (const [i, name] of (role?.clients ?? []).entries()) {
        const client = [...peers, ...listenRanges].find((peer) => peer.name === name);
        if (client?.asn === asn) continue;
        const message = client
          ? `peer "${name}" has AS ${client.asn}, and only peers of our own AS ${asn} can be clients`
          : `no peer is called "${name}"`;
        context.addIssue({ code: 'custom', path: ['routeReflector', 'clients', i], message });
      }
    });
