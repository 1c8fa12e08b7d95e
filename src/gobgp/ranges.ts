/**
 * Listen ranges: gobgpd takes the settings of a peer group for whoever connects from a range. A group's name carries a digest
 * of its settings, so that a group of the wanted name is the wanted one, and a change is one group less and another more.
 */
import { createHash } from 'node:crypto';
import type { Speaker } from '../model/peer.js';
import { listing, reasonOf, unary } from './call.js';
import type { RangeName, WireRange } from './codec.js';
import { listPeers, wireSession } from './peers.js';
import type { Session } from './session.js';

/** Groups of this name are ours. */
const OURS = 'slash32-';

/** The speaker's ranges as gobgpd should hold them. */
export function wireRanges(speaker: Speaker): readonly WireRange[] {
  return (speaker.ranges ?? []).map((range) => {
    const peer = wireSession(range, speaker);
    const digest = createHash('sha256').update(JSON.stringify(peer)).digest('hex').slice(0, 12);
    return { prefix: range.prefix, group: `${OURS}${digest} ${range.prefix}`, peer };
  });
}

/** Makes gobgpd's ranges exactly `wanted`; who came by one that goes, goes too. Throws an Error that names what it did not take. */
export async function openRanges(session: Session, wanted: readonly WireRange[]): Promise<void> {
  const { client, codec } = session;
  const found: RangeName[] = [];
  await listing(client, codec.listDynamicNeighbor, null, (range) => found.push(range));
  const isIn = (ranges: readonly RangeName[], { group }: RangeName) => ranges.some((one) => one.group === group);
  const failures: string[] = [];
  const trying = (range: RangeName, work: Promise<unknown>) =>
    work.catch((error) => void failures.push(`${range.prefix} (${reasonOf(error)})`));
  for (const range of found) {
    if (range.group.startsWith(OURS) && !isIn(wanted, range)) await trying(range, close(session, range));
  }
  for (const range of wanted) if (!isIn(found, range)) await trying(range, open(session, range));
  if (failures.length > 0) throw new Error(`gobgpd did not change these listen ranges: ${failures.join(', ')}`);
}

async function open({ client, codec }: Session, range: WireRange): Promise<void> {
  if (range.peer.password !== '' && !codec.signsRanges) {
    throw new Error('gobgpd 3.x does not sign sessions of a range in every release: run 4.8, or name each peer');
  }
  // One that was left half-way has no range, so it is in no list.
  await unary(client, codec.deletePeerGroup, range.group).catch(() => {});
  await unary(client, codec.addPeerGroup, range);
  await unary(client, codec.addDynamicNeighbor, range);
}

/** The range first, so that nobody comes meanwhile, then its peers, which would stay, then their settings. */
async function close(session: Session, range: RangeName): Promise<void> {
  const { client, codec } = session;
  await unary(client, codec.deleteDynamicNeighbor, range);
  const came = (await listPeers(session)).filter(({ group }) => group === range.group);
  for (const { address } of came) await unary(client, codec.deletePeer, address);
  await unary(client, codec.deletePeerGroup, range.group);
}
