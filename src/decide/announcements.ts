/** What this node says of one prefix. Announced is only what the kernel can deliver. */
import { contains, type Prefix } from '../model/address.js';
import type { Announcement, Audience } from '../model/announcement.js';
import type { Endpoint } from '../model/endpoint.js';
import type { Networks } from '../model/network.js';
import { MAIN_TABLE, type Route } from '../model/route.js';
import type { RouteTarget } from '../model/route-target.js';
import { audienceOf } from './audience.js';
import type { Known } from './routes.js';

export type AnnounceVerdict =
  | 'announced'
  | 'in-aggregate'
  | 'no-endpoint'
  | 'drained'
  | 'unknown-network'
  | 'no-export-target'
  | 'outside-prefixes'
  | 'no-route';

/** @param believed the routes that the kernel is believed to hold for this prefix */
export function announceVerdict(known: Known, networks: Networks, believed: readonly Route[]): AnnounceVerdict {
  if (!known.endpoint && !known.aggregate) return 'no-endpoint';
  if (known.duty === 'off') return 'drained';
  const refusal = known.endpoint && endpointVerdict(known, known.endpoint, networks);
  if (refusal) return refusal;
  // Packets that an announcement attracts arrive through the main table first, so that is the route which must be there.
  const isThere = believed.some(({ table, prefix }) => table === MAIN_TABLE && prefix === known.prefix);
  return isThere ? 'announced' : 'no-route';
}

/** Why the host route of an endpoint is not for announcing. */
function endpointVerdict(
  { prefix, within }: Known,
  endpoint: Endpoint,
  networks: Networks,
): AnnounceVerdict | undefined {
  const network = networks.byName.get(endpoint.network);
  if (!network) return 'unknown-network';
  if (network.exports.length === 0) return 'no-export-target';
  if (network.prefixes.length > 0 && !network.prefixes.some((outer) => contains(outer, prefix)))
    return 'outside-prefixes';
  return network.announce === 'aggregate' && within?.networks.includes(network.name) ? 'in-aggregate' : undefined;
}

/** The prefix whose announcement leads to this one: its own, or that of the block it lies in. */
export function carrierOf(known: Known, networks: Networks): Prefix {
  const verdict = known.endpoint && endpointVerdict(known, known.endpoint, networks);
  return verdict === 'in-aggregate' && known.within ? known.within.prefix : known.prefix;
}

/** The announcement of a prefix, or undefined when there should be none. */
export function wantedAnnouncement(
  known: Known,
  networks: Networks,
  believed: readonly Route[],
): Announcement | undefined {
  if (announceVerdict(known, networks, believed) !== 'announced') return undefined;
  const targets = known.aggregate?.targets ?? exportsOf(known, networks);
  const audience = audienceOf(known, networks);
  return {
    prefix: known.prefix,
    targets,
    ...(known.duty === 'leaving' && { leaving: true }),
    ...(audience && { audience }),
  };
}

function exportsOf({ endpoint }: Known, networks: Networks): readonly RouteTarget[] {
  return networks.byName.get((endpoint as Endpoint).network)?.exports ?? [];
}

const AUDIENCES: Record<Audience, string> = {
  hosts: 'to peers that are told host routes',
  blocks: 'to peers that are told blocks',
  'hosts-asked': 'to peers whose "announce" asks for host routes',
  'blocks-asked': 'to peers whose "announce" asks for blocks',
};

/** One sentence a verdict, for people. */
export const ANNOUNCE_SENTENCES: Record<AnnounceVerdict, (known: Known, networks: Networks) => string> = {
  announced: (known, networks) => {
    const audience = audienceOf(known, networks);
    const of = known.endpoint?.network ?? known.aggregate?.networks.join(', ');
    return `${known.prefix} is announced with the export targets of ${of}${audience ? `, ${AUDIENCES[audience]}` : ''}`;
  },
  'in-aggregate': ({ prefix, endpoint, within }) =>
    `${prefix} has no announcement of its own: ${within?.prefix} leads to it, as "announce" of ${endpoint?.network} says`,
  'no-endpoint': (known) => `no endpoint of this node has ${known.prefix}`,
  drained: (known) => `this node is drained, so ${known.prefix} is not announced; "slash32 undrain" takes it back`,
  'unknown-network': (known) => `network "${known.endpoint?.network}" is not in the node's configuration any more`,
  'no-export-target': (known) => `the export list of ${known.endpoint?.network} is empty`,
  'outside-prefixes': (known) => `${known.prefix} lies outside the prefixes of ${known.endpoint?.network}`,
  'no-route': (known) =>
    `the kernel has no route to ${known.prefix}, so nothing is announced that could not be delivered`,
};
