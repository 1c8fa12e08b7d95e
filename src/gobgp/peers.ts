/** Peers: which to add and remove so that gobgpd has exactly the speaker's, and what their sessions do. */
import { address } from '../model/address.js';
import type { ListenRange, Peer, PeerState, Speaker } from '../model/peer.js';
import { listing, reasonOf, unary } from './call.js';
import type { ListedPeer, WirePeer } from './codec.js';
import { type PeerLinks, SEVERAL } from './decode.js';
import type { Finished } from './end-of-rib.js';
import type { Goodbyes } from './goodbyes.js';
import type { Session } from './session.js';

/** Listing peers doubles as the pulse: an answer later than this is none. */
const PEERS_MS = 2_000;
/** GoBGP's session states, by its numbers. */
const SESSIONS = ['unknown', 'idle', 'connect', 'active', 'opensent', 'openconfirm', 'established'] as const;
/** A peer that differs in one of these needs a new session. Not in its name; and that we restarted is true only once. */
const SESSION_FIELDS = [
  'address',
  'asn',
  'password',
  'passive',
  'multihop',
  'ttlSecurity',
  'maxPrefixes',
  'hold',
  'keepalive',
  'connectRetry',
  'restartTime',
  'longLivedRestart',
  'reflectedAs',
] as const;

/**
 * How long gobgpd holds our routes back after a restart, in seconds. What a node says depends on no peer, and a switch drops
 * what is still stale when gobgpd dies a second time (RFC 4724 section 4.2): so not at all, which has to be written as 1,
 * for 0 is 6 minutes. A route reflector first has to hear what it reflects.
 */
const DEFERRAL = { node: 1, reflector: 15 };

/** A listed peer tells where our side of its session is, chosen or not. So what was chosen stands in the description too. */
const FROM = 'from ';

/** How gobgpd names a peer: with the link where its address needs one. */
function wireAddress({ address, device }: Pick<Peer, 'address' | 'device'>): string {
  return device === undefined ? address : `${address}%${device}`;
}

/** The speaker's peers as gobgpd should hold them. */
export function wirePeers(speaker: Speaker, restarting: boolean): readonly WirePeer[] {
  return speaker.peers.map((peer) => ({
    ...wireSession(peer, speaker),
    address: wireAddress(peer),
    description: peer.localAddress === undefined ? peer.name : `${peer.name} ${FROM}${peer.localAddress}`,
    passive: peer.passive,
    localAddress: peer.localAddress ?? '',
    localRestarting: restarting && speaker.restartTime > 0,
  }));
}

/** What a session with somebody has of these settings, whoever it is. */
export function wireSession(peer: Peer | ListenRange, speaker: Speaker): WirePeer {
  return {
    address: '',
    asn: peer.asn,
    description: peer.name,
    password: peer.password ?? '',
    passive: true,
    multihop: peer.multihop ?? 0,
    ttlSecurity: peer.ttlSecurity ?? 0,
    localAddress: '',
    maxPrefixes: peer.maxPrefixes ?? 0,
    ...(peer.bfd && { bfd: peer.bfd }),
    families: peer.families,
    ...(peer.timers ?? speaker.timers),
    restartTime: speaker.restartTime,
    deferral: speaker.reflector ? DEFERRAL.reflector : DEFERRAL.node,
    localRestarting: false,
    longLivedRestart: peer.longLivedRestart ?? 0,
    reflectedAs: peer.isClient ? (speaker.reflector?.clusterId ?? speaker.routerId) : '',
  };
}

/** What to do so that `found` becomes `wanted`. A changed peer is removed and added: its session has to start again anyway. */
export function peerChanges(
  wanted: readonly WirePeer[],
  found: readonly WirePeer[],
): { readonly remove: readonly WirePeer[]; readonly add: readonly WirePeer[] } {
  const without = (peers: readonly WirePeer[], others: readonly WirePeer[]) =>
    peers.filter((peer) => !others.some((other) => sameSession(peer, other)));
  return { remove: without(found, wanted), add: without(wanted, found) };
}

function sameSession(a: WirePeer, b: WirePeer): boolean {
  const families = (peer: WirePeer) => [...peer.families].sort().join();
  const chosen = ({ description }: WirePeer) => description.split(` ${FROM}`)[1];
  return (
    families(a) === families(b) &&
    JSON.stringify(a.bfd) === JSON.stringify(b.bfd) &&
    chosen(a) === chosen(b) &&
    SESSION_FIELDS.every((field) => a[field] === b[field])
  );
}

/** Makes gobgpd's peers exactly `wanted`. Throws an Error that names those it did not take. */
export async function admit(session: Session, wanted: readonly WirePeer[]): Promise<void> {
  const found = (await listPeers(session)).filter((peer) => peer.group === '' && !isKeptOut(peer));
  const fit = session.codec.hasBfd ? wanted : wanted.map(({ bfd, ...peer }) => peer);
  const { remove, add } = peerChanges(fit, found);
  const failures = session.codec.hasBfd
    ? []
    : wanted.flatMap(({ bfd, address }) => (bfd ? speaksWithoutBfd(address) : []));
  const failed = (peer: WirePeer) => (error: unknown) => void failures.push(`${peer.address} (${reasonOf(error)})`);
  for (const peer of remove) {
    await unary(session.client, session.codec.deletePeer, peer.address).catch(failed(peer));
  }
  noteLinks(session, wanted);
  for (const peer of add) await unary(session.client, session.codec.addPeer, peer).catch(failed(peer));
  if (failures.length > 0) throw new Error(`gobgpd did not change these peers: ${failures.join(', ')}`);
}

/** What is said of a peer, or of a range of them: sessions stand all the same. */
export function speaksWithoutBfd(whose: string): string {
  return `${whose} (speaks without BFD, which gobgpd 3.x does not have: run gobgpd 4.8, or leave bfd out)`;
}

/**
 * Where a gobgpd that has a file of its own peers otherwise than our configuration says, as lines for people. Nothing
 * breaks at once, but the absence of a path counts only once all peers have spoken, and only ours are waited for.
 */
export function peerDifferences(wanted: readonly Peer[], found: readonly ListedPeer[]): readonly string[] {
  const differs = wanted.flatMap((peer) => {
    const { name, asn } = peer;
    const address = wireAddress(peer);
    const other = found.find((one) => one.address === address);
    if (!other) return [`peer ${name} (${address}) is not in gobgpd's own file: add it there`];
    return other.asn === asn
      ? []
      : [`peer ${name} (${address}) has AS ${other.asn} in gobgpd's own file, and ${asn} in ours`];
  });
  const unknown = found.filter(
    ({ address, group }) => group === '' && !wanted.some((peer) => wireAddress(peer) === address),
  );
  return [
    ...differs,
    ...unknown.map(({ address }) => `gobgpd's own file has peer ${address}: add it to bgp.peers too`),
  ];
}

/** Opens a session again that gobgpd has ended because of too many paths; or lets its peer come again by its range. */
export async function reopen(session: Session, peer: Pick<Peer, 'address' | 'device'>): Promise<void> {
  const { client, codec } = session;
  const there = (await listPeers(session)).find(({ address }) => address === wireAddress(peer));
  await unary(client, there && isKeptOut(there) ? codec.deletePeer : codec.enablePeer, wireAddress(peer));
}

/** A soft reset says everything anew, also while gobgpd holds it back from a peer that has just come. */
export async function release({ client, codec }: Session, peer: Peer): Promise<void> {
  await unary(client, codec.sayAgain, wireAddress(peer));
}

/** In the description of a peer that stands for one that came by a range and must not come again yet. */
const KEPT_OUT = 'slash32 keeps it out: it sent too many paths';

/** Does it keep somebody out, and is no peer of the configuration? */
export function isKeptOut({ description }: Pick<WirePeer, 'description'>): boolean {
  return description === KEPT_OUT;
}

/**
 * gobgpd 3.x forgets who came by a range together with its session, also one that it has ended because of too many paths: the
 * peer would be back after seconds, and again. A peer of that address that is shut down keeps it out; it is in gobgpd, so it is
 * found again after our own restart.
 */
export async function keepOut(session: Session, address: string): Promise<void> {
  const { client, codec } = session;
  const there = (await listPeers(session)).find((peer) => peer.address === address);
  if (!codec.forgetsExcess || (there && there.group === '')) return;
  if (there) await unary(client, codec.deletePeer, address).catch(() => {});
  await unary(client, codec.keepOut, { address, asn: there?.asn || ANY_ASN, description: KEPT_OUT });
}

/** Nobody gets as far as to say his. */
const ANY_ASN = 65535;

/** Every peer gobgpd has, by address. */
export async function listPeers(session: Session): Promise<readonly ListedPeer[]> {
  const peers: ListedPeer[] = [];
  await listing(session.client, session.codec.listPeer, null, (peer) => peers.push(peer), PEERS_MS);
  noteLinks(session, peers);
  return peers.sort((a, b) => (a.address < b.address ? -1 : 1));
}

/** 3.10 tells of a path from a link-local peer without its link, so the peers themselves have to say it. */
function noteLinks({ links }: Session, peers: readonly WirePeer[]): void {
  for (const [address, link] of linksOf(peers)) links.set(address, link);
}

/** The link of each link-local peer; SEVERAL where there is one of the same address on each of several links. */
export function linksOf(peers: readonly Pick<WirePeer, 'address'>[]): PeerLinks {
  const links: PeerLinks = new Map();
  for (const peer of peers) {
    const [address = '', device] = peer.address.split('%');
    if (device !== undefined) links.set(address, (links.get(address) ?? device) === device ? device : SEVERAL);
  }
  return links;
}

/** A listed peer in our words. What it had finished does not outlive its session. */
export function peerState(peer: ListedPeer, finished: Finished, said: Goodbyes = new Map()): PeerState {
  const [bare = '', device] = peer.address.split('%');
  const session = SESSIONS[peer.session] ?? 'unknown';
  const goodbye = said.get(peer.address);
  return {
    address: address(bare),
    ...(device !== undefined && { device }),
    asn: peer.asn,
    session,
    endOfRib: session === 'established' ? [...(finished.get(peer.address) ?? [])] : [],
    ...(peer.since > 0 && { since: peer.since }),
    ...((peer.group !== '' || isKeptOut(peer)) && { cameByRange: true }),
    overLimit: peer.overLimit || isKeptOut(peer),
    losses: peer.losses,
    heard: peer.heard,
    updates: peer.updates,
    ...(peer.isBfdUp !== undefined && { isBfdUp: peer.isBfdUp }),
    ...(goodbye && session !== 'established' && { goodbye }),
  };
}
