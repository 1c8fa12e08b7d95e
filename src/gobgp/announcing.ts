/**
 * Announcements and withdrawals on their way to gobgpd, each with its own success or failure.
 *
 * One costs 0.35 ms alone, and two in one message as much; in messages of 500 gobgpd takes 36,000 a second. The call for the
 * next message is open already (`ahead.ts`). But one unusable path fails its whole message, and gobgpd does not say which it
 * was: such a message is repeated path by path, so that the failure lands on the guilty one.
 * Repeating is harmless: what stands already causes no update to any peer.
 */
import { status } from '@grpc/grpc-js';
import { address, hostPrefix } from '../model/address.js';
import type { Announcement } from '../model/announcement.js';
import { routeTarget } from '../model/route-target.js';
import { type Failures, Unreachable } from '../ports.js';
import { reasonOf, statusOf, unary } from './call.js';
import type { WirePath } from './codec.js';
import { wirePath } from './encode.js';
import type { NextHops } from './next-hop.js';
import type { Session } from './session.js';

/** Paths per stream message: beyond 500 nothing gets faster. */
const BATCH = 500;
/** Calls in flight: each has a deadline of its own, which must not run while 499 others are before it. */
const AT_ONCE = 32;

type Item = readonly [announcement: Announcement, path: WirePath];

/** Encodes one of each family and says nothing: protobufjs builds the code for a message when the first one is encoded. */
export function rehearse({ codec, marks }: Pick<Session, 'codec' | 'marks'>, nextHops: NextHops): void {
  const targets = [routeTarget('64512:1')];
  const prefixes = [hostPrefix(address('192.0.2.1')), hostPrefix(address('2001:db8::1'))];
  const paths = prefixes.map((prefix) => wirePath({ prefix, targets }, nextHops, marks, false));
  codec.addPathStream.encode(paths);
  for (const path of paths) codec.addPath.encode(path);
}

/** Says or withdraws all of them. What is not in the answer was taken. */
export async function say(
  session: Session,
  announcements: readonly Announcement[],
  nextHops: NextHops,
  withdrawn: boolean,
): Promise<Failures<Announcement>> {
  const failures = new Map<Announcement, Error>();
  const items: Item[] = [];
  for (const announcement of announcements) {
    try {
      items.push([announcement, wirePath(announcement, nextHops, session.marks, withdrawn)]);
    } catch (cause) {
      failures.set(announcement, new Error(`cannot be said in BGP: ${reasonOf(cause)}`, { cause }));
    }
  }
  for (let i = 0; i < items.length; i += BATCH) await together(session, items.slice(i, i + BATCH), failures);
  return failures;
}

async function each(session: Session, items: readonly Item[], failures: Map<Announcement, Error>): Promise<void> {
  for (let i = 0; i < items.length; i += AT_ONCE) {
    let lost: unknown;
    const call = async ([announcement, path]: Item) => {
      await unary(session.client, session.codec.addPath, path).catch((error) => {
        failures.set(announcement, failureOf(announcement, error));
        if (statusOf(error) !== status.UNKNOWN) lost = error;
      });
    };
    await Promise.all(items.slice(i, i + AT_ONCE).map(call));
    if (lost !== undefined) return failAll(items.slice(i + AT_ONCE), lost, failures);
  }
}

async function together(session: Session, items: readonly Item[], failures: Map<Announcement, Error>): Promise<void> {
  const paths = items.map(([, path]) => path);
  try {
    await session.paths.say(paths);
  } catch (error) {
    // UNKNOWN is gobgpd's own refusal; anything else is about the connection, and would only fail again 500 times.
    if (statusOf(error) === status.UNKNOWN) return each(session, items, failures);
    failAll(items, error, failures);
  }
}

function failAll(items: readonly Item[], cause: unknown, failures: Map<Announcement, Error>): void {
  for (const [announcement] of items) failures.set(announcement, failureOf(announcement, cause));
}

function failureOf(announcement: Announcement, cause: unknown): Error {
  // UNKNOWN is gobgpd's own word; everything else says that it did not get to speak.
  const Kind = statusOf(cause) === status.UNKNOWN ? Error : Unreachable;
  return new Kind(`gobgpd did not take ${announcement.prefix}: ${reasonOf(cause)}`, { cause });
}
