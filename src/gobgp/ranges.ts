/**
 * Listen ranges: gobgpd takes the settings of a peer group for whoever connects from a range.
 */
import { address, contains, type Prefix } from '../model/address.js';
import type { Speaker } from '../model/peer.js';
import { listing, reasonOf, unary } from './call.js';
import type { RangeName, WireRange } from './codec.js';
import { nameOf, OURS } from './ours.js';
import { isKeptOut, listPeers, speaksWithoutBfd, wireSession } from './peers.js';
import type { Session } from './session.js';

/** The speaker's ranges as gobgpd should hold them. */
export function wireRanges(speaker: Speaker): readonly WireRange[] {
  return (speaker.ranges ?? []).map((range) => {
    const peer = wireSession(range, speaker);
    return { prefix: range.prefix, group: `${nameOf(peer)} ${range.prefix}`, peer };
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
  if (!session.codec.hasBfd)
    failures.push(...wanted.flatMap(({ peer, prefix }) => (peer.bfd ? speaksWithoutBfd(prefix) : [])));
  if (failures.length > 0) throw new Error(`gobgpd did not change these listen ranges: ${failures.join(', ')}`);
}

async function open(session: Session, range: WireRange): Promise<void> {
  const { client, codec } = session;
  if (range.peer.password !== '' && !(await signsRanges(session))) throw new Error(UNSIGNED);
  // One that was left half-way has no range, so it is in no list.
  await unary(client, codec.deletePeerGroup, range.group).catch(() => {});
  await unary(client, codec.addPeerGroup, codec.hasBfd ? range : withoutBfd(range));
  await unary(client, codec.addDynamicNeighbor, range);
}

const UNSIGNED =
  'gobgpd before 3.21 does not sign sessions of a range, and whoever signs his would never come in: ' +
  'run 3.21 or later, or name each peer';
const QUESTION = { name: `${OURS}release`, kind: 'community' } as const;

/**
 * No message of 3.x carries a version, but with 3.21 came, besides signed sessions of ranges, a flag that replaces the list of
 * a set: releases before do not know it, and add to the list.
 */
async function signsRanges({ client, codec }: Session): Promise<boolean> {
  if (codec.signsRanges) return true;
  await unary(client, codec.addDefinedSet, { ...QUESTION, list: ['^0:1$'] });
  await unary(client, codec.replaceDefinedSet, { ...QUESTION, list: ['^0:2$'] });
  const found: string[] = [];
  await listing(client, codec.listDefinedSet, QUESTION, (list) => found.push(...list));
  return !found.includes('^0:1$');
}

function withoutBfd({ peer: { bfd, ...peer }, ...range }: WireRange): WireRange {
  return { ...range, peer };
}

/** The range first, so that nobody comes meanwhile, then its peers, which would stay, then their settings. */
async function close(session: Session, range: RangeName): Promise<void> {
  const { client, codec } = session;
  await unary(client, codec.deleteDynamicNeighbor, range);
  const came = (await listPeers(session)).filter(
    (peer) =>
      peer.group === range.group || (isKeptOut(peer) && contains(range.prefix as Prefix, address(peer.address))),
  );
  for (const { address } of came) await unary(client, codec.deletePeer, address);
  await unary(client, codec.deletePeerGroup, range.group);
}
