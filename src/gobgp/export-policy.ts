/**
 * What peers may hear of us, as gobgpd's own export policy.
 *
 * Above all, a node is no transit: gobgpd passes on to every peer what the others say, so with two ToRs a node would be a
 * way between them. Only what we say ourselves leaves, and from a route reflector what its own AS says.
 *
 * gobgpd refuses a policy for one peer alone, so there is one for all, whose statements name their neighbour. Names carry a
 * digest of the content: a policy of the wanted name is the wanted one, and 4.8 would not look at replaced sets again.
 */
import { createHash } from 'node:crypto';
import { hostPrefix, type Prefix } from '../model/address.js';
import { GRACEFUL_SHUTDOWN } from '../model/community.js';
import type { ListenRange, Peer, Speaker } from '../model/peer.js';
import { listing, unary } from './call.js';
import type { WirePolicy, WireSet, WireStatement } from './codec.js';
import type { Session } from './session.js';

/** Policies of this name are ours. */
const OURS = 'slash32-';
const LEAVING = 'leaving';

/** The policy of this speaker. */
export function exportPolicy(speaker: Speaker): WirePolicy {
  const sets: WireSet[] = [{ name: LEAVING, kind: 'community', list: [`^${GRACEFUL_SHUTDOWN}$`] }];
  const statements: WireStatement[] = [];
  for (const peer of [...speaker.peers, ...(speaker.ranges ?? [])].filter(isSpecial)) {
    sets.push({ name: placeOf(peer), kind: 'neighbour', list: [placeOf(peer)] });
    statements.push(...settingsOf(peer));
  }
  statements.push({ name: 'own', origin: 'local', verdict: 'accept' });
  if (speaker.reflector) statements.push({ name: 'reflected', origin: 'internal', verdict: 'accept' });
  return named(sets, statements);
}

/** Makes this the policy that gobgpd applies. What was said under another one is said again. */
export async function applyExportPolicy({ client, codec }: Session, wanted: WirePolicy): Promise<void> {
  const found: string[] = [];
  await listing(client, codec.listExportPolicies, null, (names) => found.push(...names));
  if (found.includes(wanted.name)) return;
  for (const set of wanted.sets) await unary(client, codec.addDefinedSet, set);
  await unary(client, codec.addPolicy, wanted);
  await unary(client, codec.setExportPolicy, wanted.name);
  for (const name of found.filter((one) => one.startsWith(OURS))) await unary(client, codec.deletePolicy, name);
  await unary(client, codec.sayAgain, null);
}

function placeOf(peer: Peer | ListenRange): Prefix {
  return 'prefix' in peer ? peer.prefix : hostPrefix(peer.address);
}

function isSpecial({ communities, largeCommunities, localPreference }: Peer | ListenRange): boolean {
  return communities !== undefined || largeCommunities !== undefined || localPreference !== undefined;
}

function settingsOf(peer: Peer | ListenRange): WireStatement[] {
  const place = placeOf(peer);
  const { communities = [], largeCommunities = [], localPreference } = peer;
  const marks = { name: `marks ${place}`, neighbour: place, communities, largeCommunities };
  // Who is leaving has said so by a local preference of 0, which must stand.
  const preference = { name: `preference ${place}`, neighbour: place, without: LEAVING };
  return [
    ...(communities.length + largeCommunities.length > 0 ? [marks] : []),
    ...(localPreference === undefined ? [] : [{ ...preference, localPreference }]),
  ];
}

/** Puts the digest of all of it into every name. */
function named(sets: readonly WireSet[], statements: readonly WireStatement[]): WirePolicy {
  const digest = createHash('sha256')
    .update(JSON.stringify([sets, statements]))
    .digest('hex')
    .slice(0, 12);
  const name = `${OURS}${digest}`;
  const unique = (part: string) => `${name} ${part}`;
  return {
    name,
    sets: sets.map((set) => ({ ...set, name: unique(set.name) })),
    statements: statements.map((statement) => ({
      ...statement,
      name: unique(statement.name),
      ...(statement.neighbour !== undefined && { neighbour: unique(statement.neighbour) }),
      ...(statement.without !== undefined && { without: unique(statement.without) }),
    })),
  };
}
