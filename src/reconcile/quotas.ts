/**
 * Places for routes, where a network or a peer has only so many.
 *
 * Who has a place keeps it: what is installed stays, whatever comes later and whatever the limit becomes. Who finds none
 * waits, and tries again when one is free.
 */
import type { OverQuota } from '../decide/import-verdict.js';
import type { Quota } from '../decide/quota.js';
import type { Applicant } from '../decide/routes.js';
import { contains, type Prefix } from '../model/address.js';
import type { Networks } from '../model/network.js';
import { addressOfPeer, type ListenRange, type PeerKey, peerKey, type Speaker } from '../model/peer.js';
import { isOfThisNode, MAIN_TABLE, type Route } from '../model/route.js';

/** One limit, and who has a place under it. */
class Places {
  readonly of: string;
  readonly most: number;
  readonly #holders: Set<Prefix>;
  readonly #waiting = new Set<Prefix>();

  constructor(of: string, most: number, before: Places | undefined) {
    this.of = of;
    this.most = most;
    this.#holders = new Set(before ? before.#holders : []);
  }

  has(prefix: Prefix): boolean {
    return this.#holders.has(prefix);
  }

  /** It is there already, so it has a place. */
  keep(prefix: Prefix): void {
    this.#holders.add(prefix);
    this.#waiting.delete(prefix);
  }

  /** Is there a place for it? If not, it waits. */
  take(prefix: Prefix): boolean {
    if (!this.has(prefix) && this.#holders.size >= this.most) {
      this.#waiting.add(prefix);
      return false;
    }
    this.keep(prefix);
    return true;
  }

  /** It wants none any more. */
  release(prefix: Prefix): void {
    this.#holders.delete(prefix);
    this.#waiting.delete(prefix);
  }

  /** Those that may try again. */
  next(): Prefix[] {
    const free = this.most - this.#holders.size;
    return free > 0 ? [...this.#waiting].slice(0, free) : [];
  }

  told(): Quota {
    return { of: this.of, maxRoutes: this.most, routes: this.#holders.size, refused: this.#waiting.size };
  }
}

export class Quotas {
  readonly #tables: ReadonlyMap<number, Places> = new Map();
  readonly #peers: Map<PeerKey, Places> = new Map();
  /** From where peers may come that have a limit each. */
  readonly #ranges: readonly ListenRange[] = [];
  readonly #before: ReadonlyMap<PeerKey, Places> = new Map();

  /** @param before whoever has a place there, has it here */
  constructor(networks?: Networks, speaker?: Pick<Speaker, 'peers' | 'ranges'>, before?: Quotas) {
    if (!networks || !speaker) return;
    const all = [...networks.byName.values(), { ...networks.host, name: 'host', table: MAIN_TABLE }];
    this.#tables = limits(
      all.map(({ table, name, maxRoutes }) => ({ key: table, of: `network ${name}`, most: maxRoutes })),
      before ? before.#tables : new Map(),
    );
    this.#peers = limits(
      speaker.peers.map((peer) => ({ key: peerKey(peer), of: `peer ${peer.name}`, most: peer.maxRoutes })),
      before ? before.#peers : new Map(),
    );
    this.#ranges = (speaker.ranges ?? []).filter(({ maxRoutes }) => maxRoutes !== undefined);
    if (before) this.#before = before.#peers;
  }

  /** Without any, nobody needs to ask. */
  get areSet(): boolean {
    return this.#tables.size + this.#peers.size + this.#ranges.length > 0;
  }

  /** This prefix is installed in this table, by the path of this peer when that is known: it has its places. */
  keep(prefix: Prefix, table: number, peer?: PeerKey): void {
    this.#tables.get(table)?.keep(prefix);
    if (peer !== undefined) this.#placesOf(peer)?.keep(prefix);
  }

  /** The kernel's routes have been read: those that came from paths have their places, whoever said them. */
  keepAll(routes: readonly Route[]): void {
    if (!this.areSet) return;
    for (const route of routes) if (!isOfThisNode(route)) this.keep(route.prefix, route.table);
  }

  /** Gives a prefix its places, and takes back those that it does not want any more. */
  admit(prefix: Prefix, applicants: readonly Applicant[]): void {
    const eager = applicants.filter(({ tables }) => tables.length > 0);
    const asked = new Set<number>();
    for (const { peer, tables } of eager) {
      if (this.#placesOf(peer)?.take(prefix) === false) continue;
      for (const table of tables) asked.add(table);
      const found = tables.filter((table) => this.#tables.get(table)?.take(prefix) !== false);
      if (found.length === 0) this.#peers.get(peer)?.release(prefix);
    }
    for (const [table, places] of this.#tables) if (!asked.has(table)) places.release(prefix);
    for (const [peer, places] of this.#peers) if (!eager.some((one) => one.peer === peer)) places.release(prefix);
  }

  /** Where this prefix has no place. */
  over(prefix: Prefix): OverQuota | undefined {
    if (!this.areSet) return undefined;
    const lacking = <K>(all: ReadonlyMap<K, Places>) =>
      new Set([...all].filter(([, places]) => !places.has(prefix)).map(([key]) => key));
    return { tables: lacking(this.#tables), peers: lacking(this.#peers) };
  }

  /** Prefixes that may find a place now. */
  next(): Prefix[] {
    return this.#all().flatMap((places) => places.next());
  }

  /** Every limit, and how full it is. */
  told(): Quota[] {
    return this.#all().map((places) => places.told());
  }

  /** Who comes by a range has places as soon as it says something. */
  #placesOf(peer: PeerKey): Places | undefined {
    const known = this.#peers.get(peer);
    const range = known ? undefined : this.#ranges.find(({ prefix }) => contains(prefix, addressOfPeer(peer)));
    if (range?.maxRoutes === undefined) return known;
    const places = new Places(`peer ${range.name} ${peer}`, range.maxRoutes, this.#before.get(peer));
    this.#peers.set(peer, places);
    return places;
  }

  #all(): Places[] {
    return [...this.#tables.values(), ...this.#peers.values()];
  }
}

/** The limits that are set. Who had a place keeps it. */
function limits<K>(
  wanted: readonly { readonly key: K; readonly of: string; readonly most: number | undefined }[],
  before: ReadonlyMap<K, Places>,
): Map<K, Places> {
  return new Map(
    wanted.flatMap(({ key, of, most }): [K, Places][] =>
      most === undefined ? [] : [[key, new Places(of, most, before.get(key))]],
    ),
  );
}
