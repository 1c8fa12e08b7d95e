/**
 * What peers may hear of us, as gobgpd's own export policy.
 *
 * Above all, a node is no transit: gobgpd passes on to every peer what the others say, so with two ToRs a node would be a
 * way between them. Only what we say ourselves leaves, and from a route reflector what its own AS says.
 *
 * gobgpd refuses a policy for one peer alone, so there is one for all, whose statements name their neighbour. What changes gets
 * another name (`ours.ts`): 4.8 would not look at replaced sets again.
 */
import { hostPrefix, type Prefix } from '../model/address.js';
import type { Announcement, Audience } from '../model/announcement.js';
import { GRACEFUL_SHUTDOWN } from '../model/community.js';
import type { Announce } from '../model/network.js';
import type { ListenRange, Peer, Speaker } from '../model/peer.js';
import { say } from './announcing.js';
import { ANY_MARK, type AudienceMarks, audienceMarks } from './audience-marks.js';
import { listing, unary } from './call.js';
import type { WirePolicy, WireSet, WireStatement } from './codec.js';
import type { NextHops } from './next-hop.js';
import { nameOf, OURS } from './ours.js';
import { listAnnounced, type Session } from './session.js';

const LEAVING = 'leaving';

/** The policy of this speaker. */
function exportPolicy(speaker: Speaker): WirePolicy {
  const sets: WireSet[] = [{ name: LEAVING, kind: 'community', list: [`^${GRACEFUL_SHUTDOWN}$`] }];
  const all = [...speaker.peers, ...(speaker.ranges ?? [])];
  const audiences = audiencePolicy(all, audienceMarks(speaker));
  const statements: WireStatement[] = [...audiences.statements];
  for (const peer of all.filter(isSpecial)) {
    sets.push({ name: placeOf(peer), kind: 'neighbour', list: [placeOf(peer)] });
    statements.push(...settingsOf(peer));
  }
  statements.push({ name: 'own', origin: 'local', verdict: 'accept' });
  if (speaker.reflector) statements.push({ name: 'reflected', origin: 'internal', verdict: 'accept' });
  return named([...sets, ...audiences.sets], statements);
}

/**
 * Makes this speaker's the policy that gobgpd applies. What was said under another one is said again, and returned;
 * undefined: it was this one already.
 */
export async function applyExportPolicy(
  session: Session,
  speaker: Speaker,
  nextHops: NextHops,
): Promise<Announcement[] | undefined> {
  const { client, codec } = session;
  const wanted = exportPolicy(speaker);
  const found: string[] = [];
  await listing(client, codec.listExportPolicies, null, (names) => found.push(...names));
  session.marks = audienceMarks(speaker);
  if (found.includes(wanted.name)) return undefined;
  for (const set of wanted.sets) await unary(client, codec.addDefinedSet, set);
  await unary(client, codec.addPolicy, wanted);
  await unary(client, codec.setExportPolicy, wanted.name);
  for (const name of found.filter((one) => one.startsWith(OURS))) await unary(client, codec.deletePolicy, name);
  // Before all is said again: what bears the mark of the policy before would be let out to everybody.
  const announced = await sayOutdatedAnew(session, nextHops);
  await unary(client, codec.sayAgain, null);
  return announced;
}

/** Says again what we would say otherwise now than it was said: with another next hop, another mark. Returns all that stands so. */
export async function sayOutdatedAnew(session: Session, nextHops: NextHops): Promise<Announcement[]> {
  const { announced, outdated } = await listAnnounced(session, nextHops);
  const failures = await say(session, outdated, nextHops, false);
  return announced.filter((announcement) => !failures.has(announcement));
}

/** What it takes that each peer hears what it is to hear of host routes and blocks. */
function audiencePolicy(
  all: readonly (Peer | ListenRange)[],
  marks: AudienceMarks,
): Pick<WirePolicy, 'sets' | 'statements'> {
  const places = (...of: Announce[]) => all.filter(({ announce }) => announce && of.includes(announce)).map(placeOf);
  const sets: WireSet[] = [];
  const set = (name: string, kind: WireSet['kind'], list: readonly string[]) => {
    if (list.length > 0) sets.push({ name, kind, list });
    return list.length > 0;
  };
  const marked = (...audiences: Audience[]) => audiences.map((one) => `^0:${marks[one]}$`);
  const statements: WireStatement[] = [];
  if (set('told host', 'neighbour', places('host'))) {
    set('blocks', 'community', marked('blocks', 'blocks-asked'));
    statements.push({ name: 'no blocks', neighbour: 'told host', with: 'blocks', verdict: 'reject' });
  }
  if (set('told aggregate', 'neighbour', places('aggregate'))) {
    set('hosts', 'community', marked('hosts', 'hosts-asked'));
    statements.push({ name: 'no hosts', neighbour: 'told aggregate', with: 'hosts', verdict: 'reject' });
  }
  set('asked', 'community', marked('hosts-asked', 'blocks-asked'));
  const others = set('asking', 'neighbour', places('host', 'aggregate', 'both')) ? { except: 'asking' } : {};
  statements.push({ name: 'nobody asked', ...others, with: 'asked', verdict: 'reject' });
  statements.push({ name: 'no marks', strip: [ANY_MARK] });
  return { sets, statements };
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
  const name = nameOf([sets, statements]);
  const unique = (part: string) => `${name} ${part}`;
  return {
    name,
    sets: sets.map((set) => ({ ...set, name: unique(set.name) })),
    statements: statements.map((statement) => ({
      ...statement,
      name: unique(statement.name),
      ...(statement.neighbour !== undefined && { neighbour: unique(statement.neighbour) }),
      ...(statement.except !== undefined && { except: unique(statement.except) }),
      ...(statement.with !== undefined && { with: unique(statement.with) }),
      ...(statement.without !== undefined && { without: unique(statement.without) }),
    })),
  };
}
