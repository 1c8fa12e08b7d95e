/**
 * Best paths as gobgpd finds them: the whole table first, then each change.
 *
 * gobgpd tells of our own paths too; they are not heard paths, but where one becomes the best, the peer's path for that
 * prefix is gone for us. Nothing may stop reading: gobgpd queues without bound for a reader that is slow.
 */
import type { Prefix } from '../model/address.js';
import type { Path } from '../model/path.js';
import type { BgpEvent } from '../ports.js';
import { reasonOf, watching } from './call.js';
import type { Received, WireEvent } from './codec.js';
import { type Links, told } from './decode.js';
import type { Session } from './session.js';

/** Called once a message that held unusable paths: how many, and the first reason. */
export type Refused = (count: number, example: string) => void;

/** The reading of one session's table. */
export interface Watch {
  /**
   * Reads the table anew, and is done once it has been handed on. The old stream is closed first: its events might
   * overtake the new table, and a path be taken for gone that had just come.
   */
  read(): Promise<void>;
  /** Rejects when the stream breaks. */
  readonly broken: Promise<never>;
  close(): void;
}

/** Prepares to read; nothing is heard before the first `read`. */
export function openWatch(session: Session, hear: (event: BgpEvent) => void, refused: Refused): Watch {
  let current = new AbortController();
  let fail: (reason: Error) => void;
  const broken = new Promise<never>((_, reject) => {
    fail = reject;
  });
  const read = () =>
    new Promise<void>((resolve, reject) => {
      current.abort();
      const { signal } = (current = new AbortController());
      const listener = tableListener(hear, refused, resolve, session.links);
      const on = (event: WireEvent) => !signal.aborted && listener(event);
      const ended = (cause?: unknown) => {
        const error = new Error(`the watch ended: ${cause ? reasonOf(cause) : 'gobgpd closed it'}`, { cause });
        reject(error);
        if (!signal.aborted) fail(error);
      };
      watching(session.client, session.codec.watchEvent, null, on, signal).then(() => ended(), ended);
    });
  return { read, broken, close: () => current.abort() };
}

/** Turns one stream's messages into events; calls `first` when the table has been handed on. */
export function tableListener(
  hear: (event: BgpEvent) => void,
  refused: Refused,
  first: () => void,
  links?: Links,
): (event: WireEvent) => void {
  let known: Set<Prefix> | undefined;
  return (event) => {
    if (event.kind === 'peer') hear({ kind: 'peers-changed' });
    if (event.kind !== 'table') return;
    const changes = changesIn(event.paths, refused, links);
    const best = [...changes.values()].filter((path) => path !== undefined);
    if (known === undefined) {
      known = new Set(best.map((path) => path.prefix));
      hear({ kind: 'all-paths', paths: best });
      first();
      return;
    }
    // What was never heard cannot be gone: so our own announcements make no noise here.
    const gone: Pick<Path, 'prefix'>[] = [];
    for (const [prefix, path] of changes) {
      if (path) known.add(prefix);
      else if (known.delete(prefix)) gone.push({ prefix });
    }
    if (best.length + gone.length > 0) hear({ kind: 'paths', best, gone });
  };
}

/** The last word on each prefix in one message: a heard path, or undefined. */
function changesIn(received: readonly Received[], refused: Refused, links?: Links): Map<Prefix, Path | undefined> {
  const changes = new Map<Prefix, Path | undefined>();
  const reasons: string[] = [];
  for (const meaning of received.map((one) => told(one, links))) {
    if (meaning.kind === 'heard') changes.set(meaning.path.prefix, meaning.path);
    else if (meaning.kind === 'ours') changes.set(meaning.announcement.prefix, undefined);
    else if (meaning.prefix !== undefined) changes.set(meaning.prefix, undefined);
    if (meaning.kind === 'refused') reasons.push(meaning.reason);
  }
  if (reasons[0] !== undefined) refused(reasons.length, reasons[0]);
  return changes;
}
