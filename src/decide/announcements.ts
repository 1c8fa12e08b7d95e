/** What this node says of one prefix. Announced is only what the kernel can deliver. */
import { contains } from '../model/address.js';
import type { Announcement } from '../model/announcement.js';
import type { Endpoint } from '../model/endpoint.js';
import type { Network, Networks } from '../model/network.js';
import { MAIN_TABLE, type Route, routeKey } from '../model/route.js';
import type { Known } from './routes.js';

export type AnnounceVerdict =
  | 'announced'
  | 'no-endpoint'
  | 'drained'
  | 'unknown-network'
  | 'no-export-target'
  | 'outside-prefixes'
  | 'no-route';

/** @param believed the routes that the kernel is believed to hold for this prefix */
export function announceVerdict(
  known: Known,
  networks: Networks,
  believed: ReadonlyMap<string, Route>,
): AnnounceVerdict {
  if (!known.endpoint) return 'no-endpoint';
  if (known.duty === 'off') return 'drained';
  const network = networks.byName.get(known.endpoint.network);
  if (!network) return 'unknown-network';
  if (network.exports.length === 0) return 'no-export-target';
  if (network.prefixes.length > 0 && !network.prefixes.some((outer) => contains(outer, known.prefix)))
    return 'outside-prefixes';
  // Packets that an announcement attracts arrive through the main table first, so that is the route which must be there.
  return believed.has(routeKey({ table: MAIN_TABLE, prefix: known.prefix })) ? 'announced' : 'no-route';
}

/** The announcement of a prefix, or undefined when there should be none. */
export function wantedAnnouncement(
  known: Known,
  networks: Networks,
  believed: ReadonlyMap<string, Route>,
): Announcement | undefined {
  if (announceVerdict(known, networks, believed) !== 'announced') return undefined;
  const { exports } = networks.byName.get((known.endpoint as Endpoint).network) as Network;
  return { prefix: known.prefix, targets: exports, ...(known.duty === 'leaving' && { leaving: true }) };
}

/** One sentence a verdict, for people. */
export const ANNOUNCE_SENTENCES: Record<AnnounceVerdict, (known: Known) => string> = {
  announced: (known) => `${known.prefix} is announced with the export targets of ${known.endpoint?.network}`,
  'no-endpoint': (known) => `no endpoint of this node has ${known.prefix}`,
  drained: (known) => `this node is drained, so ${known.prefix} is not announced; "slash32 undrain" takes it back`,
  'unknown-network': (known) => `network "${known.endpoint?.network}" is not in the node's configuration any more`,
  'no-export-target': (known) => `the export list of ${known.endpoint?.network} is empty`,
  'outside-prefixes': (known) => `${known.prefix} lies outside the prefixes of ${known.endpoint?.network}`,
  'no-route': (known) =>
    `the kernel has no route to ${known.prefix}, so nothing is announced that could not be delivered`,
};
