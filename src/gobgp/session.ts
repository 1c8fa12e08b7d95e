/** One connection to one gobgpd: which API it speaks, and whether BGP is started the way we want it. */
import { type Client, status } from '@grpc/grpc-js';
import { familyOf, type Prefix } from '../model/address.js';
import type { Announcement } from '../model/announcement.js';
import type { Speaker } from '../model/peer.js';
import { type Ahead, ahead } from './ahead.js';
import { api3 } from './api-3.js';
import { api4 } from './api-4.js';
import { type AudienceMarks, audienceMarks, isMarkedOtherwise } from './audience-marks.js';
import { listing, openClient, reasonOf, statusOf, unary } from './call.js';
import type { Codec, Received, WireGlobal, WirePath } from './codec.js';
import { type PeerLinks, told } from './decode.js';
import type { NextHops } from './next-hop.js';

/** An open connection. */
export interface Session extends Disposable {
  readonly client: Client;
  readonly codec: Codec;
  /** Announces and withdraws; one at a time is ready. */
  readonly paths: Ahead<readonly WirePath[], undefined>;
  /** How gobgpd was set when we came. */
  readonly found: WireGlobal;
  /** The link of each link-local peer, by its address without zone. Grows as peers are told and listed. */
  readonly links: PeerLinks;
  /** How announcements say who hears them, as long as the export policy in force understands it. */
  marks: AudienceMarks;
}

const NOBODY_ASKS = audienceMarks({ peers: [] });

const codecs: readonly (() => Codec)[] = [api3, api4];

/** Connects, and finds the API generation: only GetBgp on the right service is answered. Throws the reason in words. */
export async function openSession(api: string, milliseconds?: number): Promise<Session> {
  const client = openClient(api);
  try {
    for (const codec of codecs.map((make) => make())) {
      const found = await unary(client, codec.getBgp, null, milliseconds).catch(unlessUnknownService);
      if (found) return sessionOf(client, codec, found);
    }
  } catch (cause) {
    client.close();
    throw new Error(`gobgpd does not answer on ${api}: ${reasonOf(cause)}`, { cause });
  }
  client.close();
  throw new Error(
    `what answers on ${api} speaks none of the APIs ${codecs.map((make) => make().name).join(' and ')}: ` +
      'run gobgpd 3.10 to 3.37, or 4.8 or later',
  );
}

function sessionOf(client: Client, codec: Codec, found: WireGlobal): Session {
  const paths = ahead(client, codec.addPathStream);
  const close = () => {
    paths[Symbol.dispose]();
    client.close();
  };
  return { client, codec, paths, found, links: new Map(), marks: NOBODY_ASKS, [Symbol.dispose]: close };
}

function unlessUnknownService(error: unknown): undefined {
  if (statusOf(error) !== status.UNIMPLEMENTED) throw error;
}

/**
 * Starts BGP where it is not started. Returns whether it did.
 * Where it is, it must be ours: another StartBgp would wipe every path, or fail, so a difference needs a new gobgpd.
 * @param manage false: gobgpd has a file of its own, which starts it; then it is only looked at
 */
export async function startBgp({ client, codec, found }: Session, speaker: Speaker, manage = true): Promise<boolean> {
  if (found.asn === 0 && !manage) {
    throw new Error(
      'gobgpd has not started BGP: with "manage: false" its own file does (gobgpd -f FILE), see gobgp-config/',
    );
  }
  if (found.asn === 0) {
    const { asn, routerId, listenPort, listenAddresses } = speaker;
    await unary(client, codec.startBgp, { asn, routerId, listenPort, listenAddresses });
    return true;
  }
  if (found.asn !== speaker.asn || found.routerId !== speaker.routerId) {
    throw new Error(
      `gobgpd runs as AS ${found.asn} with router id ${found.routerId}, and AS ${speaker.asn} with router id ` +
        `${speaker.routerId} is configured: ${manage ? 'restart gobgpd' : "make its file and the node's agree"}`,
    );
  }
  return false;
}

/** Throws when gobgpd is of a release that is not fit for us. BGP has to be started: before, it answers no question. */
export async function checkRelease({ client, codec: { oldRelease } }: Session): Promise<void> {
  if (!oldRelease) return;
  const answer = await unary(client, oldRelease.question, null).then(() => '', reasonOf);
  if (answer.includes(oldRelease.answer)) throw new Error(oldRelease.reason);
}

/** Prefixes asked for in one call. gobgpd looks each up by itself: some microseconds, however many paths it has. */
const FOUND_AT_ONCE = 500;
/** A gobgpd that needs longer for so few hangs. */
const FIND_MS = 2_000;

/** What gobgpd says for us of these prefixes. */
export async function findAnnounced({ client, codec }: Session, prefixes: readonly Prefix[]): Promise<Announcement[]> {
  const announced: Announcement[] = [];
  const hear = (received: Received) => {
    if ('unreadable' in received || received.neighbour !== '') return;
    const meaning = told(received);
    if (meaning.kind === 'ours') announced.push(meaning.announcement);
  };
  for (const family of [4, 6] as const) {
    const ours = prefixes.filter((prefix) => familyOf(prefix) === family);
    for (let at = 0; at < ours.length; at += FOUND_AT_ONCE)
      await listing(client, codec.findPath, ours.slice(at, at + FOUND_AT_ONCE), (all) => all.forEach(hear), FIND_MS);
  }
  return announced;
}

/** What gobgpd's table holds of ours. */
interface Listed {
  readonly announced: readonly Announcement[];
  readonly outdated: readonly Announcement[];
}

/** Everything gobgpd says for us; `outdated` of it names another next hop than we would now, or its audience by an old mark. */
export async function listAnnounced({ client, codec, marks }: Session, nextHops: NextHops): Promise<Listed> {
  const announced: Announcement[] = [];
  const outdated: Announcement[] = [];
  const hear = (received: Received) => {
    if ('unreadable' in received || received.neighbour !== '') return;
    const meaning = told(received);
    if (meaning.kind !== 'ours') return;
    announced.push(meaning.announcement);
    const isCurrent = received.nextHops.includes(nextHops[received.family]);
    if (!isCurrent || isMarkedOtherwise(received.rank.communities, marks)) outdated.push(meaning.announcement);
  };
  for (const family of [4, 6] as const) await listing(client, codec.listPath, family, (all) => all.forEach(hear));
  return { announced, outdated };
}
