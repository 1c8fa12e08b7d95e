/**
 * What every peer says, whether gobgpd takes it for the best or not: the whole table first, then each change.
 *
 * gobgpd has a stream for changes and a listing for the table, and no way to get both at once for all paths (its stream of
 * best paths knows one a prefix). So the stream is opened first, its changes are kept until the table is listed, and then
 * played over it: each change that the listing lacks is among them, and one that it has does no harm twice.
 * Which changes the stream tells is chosen at each reading (`doubts.ts`). What it says of sessions is left to `watch-sessions`.
 * Nothing may stop reading: gobgpd queues without bound for a reader that is slow.
 */
import type { Prefix } from '../model/address.js';
import { type Path, type PathName, pathKey } from '../model/path.js';
import type { PeerKey } from '../model/peer.js';
import type { BgpEvent } from '../ports.js';
import { listing, reasonOf, watching } from './call.js';
import type { Received, Subject, WireEvent } from './codec.js';
import { type PeerLinks, type Told, told } from './decode.js';
import type { Session } from './session.js';

/** Called once a message that held unusable paths: how many, and the first reason. */
export type Refused = (count: number, example: string) => void;

/** The reading of one session's table. */
export interface Watch {
  /**
   * Reads the table anew, and is done once it has been handed on. The old stream is closed first: its events might
   * overtake the new table, and a path be taken for gone that had just come.
   */
  read(subject: Subject): Promise<void>;
  /** Peers of whom there are paths. */
  holders(): PeerKey[];
  /** How many paths there are. */
  count(): number;
  /** Rejects when the stream breaks. */
  readonly broken: Promise<never>;
  close(): void;
}

/** Prepares to read; nothing is heard before the first `read`. */
export function openWatch(session: Session, hear: (event: BgpEvent) => void, refused: Refused): Watch {
  const { client, codec } = session;
  const known: KnownPaths = new Map();
  let current = new AbortController();
  let fail: (reason: Error) => void;
  const broken = new Promise<never>((_, reject) => {
    fail = reject;
  });
  const read = (subject: Subject) =>
    new Promise<void>((resolve, reject) => {
      current.abort();
      const { signal } = (current = new AbortController());
      const ended = (cause?: unknown) => {
        const error = new Error(`the watch ended: ${cause ? reasonOf(cause) : 'gobgpd closed it'}`, { cause });
        reject(error);
        if (!signal.aborted) fail(error);
      };
      const listed = (table: readonly Received[]) => {
        if (!signal.aborted) listener.table(table);
        resolve();
      };
      const listener = tableListener(
        hear,
        refused,
        () => void listTable(session).then(listed, ended),
        known,
        session.links,
      );
      const on = (event: WireEvent) => {
        if (!signal.aborted) listener.event(event);
      };
      watching(client, codec.watchEvent, subject, on, signal).then(() => ended(), ended);
    });
  const holders = () => [...known].flatMap(([peer, prefixes]) => (prefixes.size > 0 ? [peer] : []));
  const count = () => [...known.values()].reduce((sum, { size }) => sum + size, 0);
  return { read, holders, count, broken, close: () => current.abort() };
}

async function listTable({ client, codec }: Session): Promise<readonly Received[]> {
  const table: Received[] = [];
  const hear = (paths: readonly Received[]) => void table.push(...paths);
  for (const family of [4, 6] as const) await listing(client, codec.listPath, family, hear);
  return table;
}

/** Hears one stream, and the table that is listed once the stream is `ready`. */
export interface TableListener {
  event(event: WireEvent): void;
  table(paths: readonly Received[]): void;
}

/** What was told and is not gone, by peer. It outlives a stream: what the next table lacks has gone in between. */
export type KnownPaths = Map<PeerKey, Set<Prefix>>;

/** Turns one stream's messages, and the table, into events. */
export function tableListener(
  hear: (event: BgpEvent) => void,
  refused: Refused,
  ready: () => void,
  known: KnownPaths = new Map(),
  links?: PeerLinks,
): TableListener {
  let early: Received[] | undefined = [];
  const learn = (paths: readonly Path[]) => {
    for (const { prefix, peer } of paths) {
      const of = known.get(peer);
      if (of) of.add(prefix);
      else known.set(peer, new Set([prefix]));
    }
  };
  const change = (heard: readonly Path[], unheard: readonly PathName[]) => {
    learn(heard);
    const gone = unheard.filter(({ prefix, peer }) => known.get(peer)?.delete(prefix));
    if (heard.length + gone.length > 0) hear({ kind: 'paths', heard, gone });
  };
  const changes = (paths: readonly Received[]) => {
    const { heard, unheard } = changesIn(paths, refused, links);
    change(heard, unheard);
  };
  return {
    event(event) {
      if (event.kind === 'ready') ready();
      if (event.kind === 'table' && early) early.push(...event.paths);
      else if (event.kind === 'table') changes(event.paths);
    },
    table(paths) {
      const { heard } = changesIn(paths, refused, links);
      const missing = missingIn(heard, known);
      learn(heard);
      hear({ kind: 'all-paths', paths: heard });
      change([], missing);
      const meanwhile = early ?? [];
      early = undefined;
      changes(meanwhile);
    },
  };
}

function missingIn(heard: readonly Path[], known: KnownPaths): PathName[] {
  if (known.size === 0) return [];
  const present = new Set(heard.map(pathKey));
  const names = [...known].flatMap(([peer, prefixes]) => [...prefixes].map((prefix) => ({ prefix, peer })));
  return names.filter((name) => !present.has(pathKey(name)));
}

/** The last word on each path in one message. What we announce ourselves is no news. */
function changesIn(
  received: readonly Received[],
  refused: Refused,
  links?: PeerLinks,
): { heard: Path[]; unheard: PathName[] } {
  // As gobgpd 3.x tells it, one path a message, there is nothing to choose from.
  if (received.length === 1) return changeIn(told(received[0]!, links), refused);
  const heard = new Map<string, Path>();
  const unheard = new Map<string, PathName>();
  const reasons: string[] = [];
  for (const meaning of received.map((one) => told(one, links))) {
    if (meaning.kind === 'refused') reasons.push(meaning.reason);
    if (meaning.kind === 'ours' || !meaning.path) continue;
    const key = pathKey(meaning.path);
    for (const map of [heard, unheard]) map.delete(key);
    if (meaning.kind === 'heard') heard.set(key, meaning.path);
    else unheard.set(key, meaning.path);
  }
  if (reasons[0] !== undefined) refused(reasons.length, reasons[0]);
  return { heard: [...heard.values()], unheard: [...unheard.values()] };
}

function changeIn(meaning: Told, refused: Refused): { heard: Path[]; unheard: PathName[] } {
  if (meaning.kind === 'refused') refused(1, meaning.reason);
  if (meaning.kind === 'heard') return { heard: [meaning.path], unheard: [] };
  const isNews = meaning.kind !== 'ours' && meaning.path !== undefined;
  return { heard: [], unheard: isNews ? [meaning.path] : [] };
}
