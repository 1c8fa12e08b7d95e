/**
 * What is heard and what is believed, by prefix. Everything that changes it touches the prefixes concerned,
 * and a pass looks at touched prefixes only: the routes of a prefix depend on that prefix alone.
 */

import { aggregateAround, aggregatesOf } from '../decide/aggregates.js';
import type { Refusal } from '../decide/guard.js';
import type { Candidate, Complete, Known } from '../decide/routes.js';
import { type Address, hostPrefix, type Prefix } from '../model/address.js';
import type { Announcement } from '../model/announcement.js';
import type { Duty } from '../model/duty.js';
import { type Endpoint, endpointKey } from '../model/endpoint.js';
import type { Networks } from '../model/network.js';
import { type Path, type PathName, samePath } from '../model/path.js';
import type { PeerKey } from '../model/peer.js';
import { MAIN_TABLE, type Route, satisfies } from '../model/route.js';
import type { RouteTarget } from '../model/route-target.js';
import { BelievedRoutes } from './believed-routes.js';
import { Border } from './border.js';
import { Quotas } from './quotas.js';
import { Touched } from './touched.js';

const NO_PATHS: readonly Path[] = [];

export class World {
  #networks: Networks;
  /** Blocks that the node announces, by prefix. */
  #aggregates: ReturnType<typeof aggregatesOf>;
  /** Targets for paths that carry none, by the peer they come from. */
  untagged: (peer: PeerKey) => readonly RouteTarget[] | undefined = () => undefined;
  duty: Duty = 'on';
  readonly border = new Border((prefix) => this.#paths.get(prefix) ?? NO_PATHS);
  quotas = new Quotas();
  /** The records are read: an endpoint that is not here is no more. */
  endpointsComplete = false;
  /** gobgpd has heard every peer out: a path that is not here is withdrawn. */
  pathsComplete = false;
  readonly #endpoints = new Map<Prefix, Endpoint>();
  /** One a peer. */
  readonly #paths = new Map<Prefix, readonly Path[]>();
  /** Paths from before the last loss of gobgpd, not repeated yet. */
  readonly #stale = new Set<Path>();
  /** Withdrawn in so many words: that is news, not mere absence. Kept while routes of theirs are left. */
  readonly #withdrawn = new Set<Prefix>();
  readonly #routes = new BelievedRoutes();
  readonly #announced = new Map<Prefix, Announcement>();
  readonly #touched = new Touched();

  constructor(networks: Networks) {
    this.#networks = networks;
    this.#aggregates = aggregatesOf(networks);
  }

  get networks(): Networks {
    return this.#networks;
  }

  set networks(networks: Networks) {
    for (const prefix of this.#aggregates.keys()) this.touch(prefix);
    this.#networks = networks;
    this.#aggregates = aggregatesOf(networks);
    for (const prefix of this.#aggregates.keys()) this.touch(prefix);
  }

  known(prefix: Prefix): Known {
    const heard = this.#paths.get(prefix) ?? NO_PATHS;
    const known: Known = {
      prefix,
      endpoint: this.#endpoints.get(prefix),
      paths: heard.map((path) => this.#candidate(path)),
    };
    // Assigned, and not spread: V8 makes a hidden class for each object of a literal with several spreads.
    if (this.#aggregates.size > 0) {
      const [aggregate, within] = [this.#aggregates.get(prefix), aggregateAround(this.#aggregates, prefix)];
      Object.assign(known, { aggregate, within });
    }
    return this.duty === 'on' ? known : Object.assign(known, { duty: this.duty });
  }

  #candidate(path: Path): Candidate {
    const { border } = this;
    return {
      path: this.#tagged(path),
      refusal: border.refusal(path),
      linkDown: border.isLinkDown(path),
      hops: border.hops(path),
      overQuota: this.quotas.over(path.prefix),
    };
  }

  /** What the guards refuse of this prefix. */
  refused(prefix: Prefix): { readonly path: Path; readonly refusal: Refusal }[] {
    return (this.#paths.get(prefix) ?? NO_PATHS).flatMap((path) => {
      const refusal = this.border.refusal(path);
      return refusal ? [{ path, refusal }] : [];
    });
  }

  #tagged(path: Path): Path {
    const targets = path.targets.length === 0 ? this.untagged(path.peer) : undefined;
    return targets ? { ...path, targets } : path;
  }

  /** Routes the kernel is believed to hold for this prefix, one a table. */
  routes(prefix: Prefix): readonly Route[] {
    return this.#routes.of(prefix);
  }

  announced(prefix: Prefix): Announcement | undefined {
    return this.#announced.get(prefix);
  }

  /** Is it of an endpoint here, or a block of ours? Only then is there anything to announce. */
  isOurs(prefix: Prefix): boolean {
    return this.#endpoints.has(prefix) || this.#aggregates.has(prefix);
  }

  endpoints(): Endpoint[] {
    return [...new Set(this.#endpoints.values())];
  }

  endpointPrefixes(): Prefix[] {
    return [...this.#endpoints.keys()];
  }

  paths(): Path[] {
    return [...this.#paths.values()].flat().map((path) => this.#tagged(path));
  }

  /** Every path as it was heard, without a copy: there may be a hundred thousand. */
  eachHeard(visit: (path: Path) => void): void {
    for (const all of this.#paths.values()) all.forEach(visit);
  }

  /** Every route that the kernel is believed to hold. */
  eachBelieved(visit: (route: Route) => void): void {
    this.#routes.each(visit);
  }

  /** How many announcements gobgpd is believed to make for us. */
  get announcements(): number {
    return this.#announced.size;
  }

  /** The blocks that this node announces as a whole. */
  aggregates(): Prefix[] {
    return [...this.#aggregates.keys()];
  }

  /** The path of another node that says of an endpoint's prefix that it is there. */
  duplicate(prefix: Prefix): Path | undefined {
    return this.#endpoints.has(prefix) ? this.#paths.get(prefix)?.[0] : undefined;
  }

  duplicates(): Path[] {
    return [...this.#endpoints.keys()].flatMap((prefix) => this.duplicate(prefix) ?? []);
  }

  /** Everything anybody knows anything about. */
  prefixes(): Set<Prefix> {
    return new Set([
      ...this.#endpoints.keys(),
      ...this.#paths.keys(),
      ...this.#routes.prefixes(),
      ...this.#announced.keys(),
      // Last, so that what is more specific is there before a block goes up around it.
      ...this.#aggregates.keys(),
    ]);
  }

  touch(prefix: Prefix): void {
    this.#touched.add(prefix, this.#endpoints.has(prefix));
  }

  touchAll(): void {
    for (const prefix of this.prefixes()) this.touch(prefix);
  }

  /** Paths are judged otherwise now. */
  touchPaths(): void {
    for (const prefix of this.#paths.keys()) this.touch(prefix);
  }

  /** The next hops of the paths for these prefixes. */
  nextHops(prefixes: readonly Prefix[]): Set<Address> {
    const nextHops = new Set<Address>();
    for (const prefix of prefixes) for (const { nextHop } of this.#paths.get(prefix) ?? NO_PATHS) nextHops.add(nextHop);
    return nextHops;
  }

  isTouched(prefix: Prefix): boolean {
    return this.#touched.has(prefix);
  }

  get touchedCount(): number {
    return this.#touched.size;
  }

  /** Takes up to `most` touched prefixes, endpoints first. */
  takeTouched(most: number): Prefix[] {
    return this.#touched.take(most);
  }

  hearEndpoint(endpoint: Endpoint): void {
    for (const prefix of endpoint.addresses.map(hostPrefix)) {
      this.#endpoints.set(prefix, endpoint);
      this.#touched.add(prefix, true);
    }
  }

  forgetEndpoint(endpoint: Endpoint): void {
    for (const prefix of endpoint.addresses.map(hostPrefix)) {
      const owner = this.#endpoints.get(prefix);
      if (owner && endpointKey(owner) === endpointKey(endpoint)) this.#endpoints.delete(prefix);
      this.#touched.add(prefix, true);
    }
  }

  hearPath(path: Path): void {
    const { prefix, peer } = path;
    const all = this.#paths.get(prefix) ?? NO_PATHS;
    const before = all.find((one) => one.peer === peer);
    if (before) this.#stale.delete(before);
    this.#withdrawn.delete(prefix);
    this.#paths.set(prefix, before ? all.with(all.indexOf(before), path) : all.concat(path));
    if (before && samePath(before, path)) return;
    this.touch(prefix);
    // What was resolved by its route is judged by it, also where that stays the same.
    this.border.hearRoute(prefix);
  }

  /** gobgpd says that this path is gone. */
  forgetPath({ prefix, peer }: PathName): void {
    const all = this.#paths.get(prefix) ?? NO_PATHS;
    const before = all.find((one) => one.peer === peer);
    if (!before) return;
    this.#stale.delete(before);
    if (all.length > 1) {
      this.#paths.set(
        prefix,
        all.filter((one) => one !== before),
      );
    } else {
      this.#paths.delete(prefix);
      if (this.#routes.has(prefix)) this.#withdrawn.add(prefix);
    }
    this.touch(prefix);
  }

  /** Which absences mean something for this prefix. A path that is there, or was withdrawn, is no absence. */
  complete(prefix: Prefix): Complete {
    const pathIsTold = this.#paths.has(prefix) || this.#withdrawn.has(prefix);
    return { endpoints: this.endpointsComplete, paths: this.pathsComplete || pathIsTold };
  }

  /** A new dump of all paths: those not in it may only be late, until `completePaths`. */
  hearAllPaths(paths: readonly Path[]): void {
    for (const all of this.#paths.values()) for (const path of all) this.#stale.add(path);
    // Those that are installed come first, so that after a restart nothing new takes their places.
    const [installed, others] = [
      paths.filter((path) => this.#routes.has(path.prefix)),
      paths.filter((path) => !this.#routes.has(path.prefix)),
    ];
    for (const path of [...installed, ...others]) this.hearPath(path);
  }

  /** Every peer has said everything: what was not repeated is gone, and so are routes that no path asks for. */
  completePaths(): void {
    this.pathsComplete = true;
    for (const path of [...this.#stale]) this.forgetPath(path);
    for (const prefix of this.#routes.prefixes()) if (!this.#paths.has(prefix)) this.touch(prefix);
  }

  /** We put this route, and the kernel took it. */
  believeRoute(route: Route): void {
    const before = this.#routes.inPlaceOf(route);
    this.#routes.put(route);
    if (route.table === MAIN_TABLE && !(before && satisfies(route, before))) this.border.hearRoute(route.prefix);
  }

  /** We removed this route. */
  disbelieveRoute(route: Route): void {
    this.#routes.remove(route);
    if (route.table === MAIN_TABLE) this.border.hearRoute(route.prefix);
    if (!this.#routes.has(route.prefix)) this.#withdrawn.delete(route.prefix);
  }

  /** The kernel says that it has this route now; after our own put that is no news. */
  hearRoute(route: Route): void {
    const before = this.#routes.inPlaceOf(route);
    this.believeRoute(route);
    if (!before || !satisfies(before, route)) this.touch(route.prefix);
  }

  /** The kernel says that this route is gone. */
  hearRouteGone(route: Route): void {
    if (!this.#routes.inPlaceOf(route)) return;
    this.disbelieveRoute(route);
    this.touch(route.prefix);
  }

  /** The kernel's whole truth. What differs from what was believed is touched. */
  hearAllRoutes(all: readonly Route[]): void {
    if (!this.#routes.are(all)) this.#hearOtherRoutes(all);
    this.quotas.keepAll(all);
  }

  #hearOtherRoutes(all: readonly Route[]): void {
    const found = new Map<Prefix, Route[]>();
    for (const route of all) {
      const others = found.get(route.prefix);
      if (others) others.push(route);
      else found.set(route.prefix, [route]);
    }
    for (const prefix of [...this.#routes.prefixes()]) if (!found.has(prefix)) this.#hearRoutesOf(prefix, []);
    for (const [prefix, routes] of found) this.#hearRoutesOf(prefix, routes);
  }

  #hearRoutesOf(prefix: Prefix, found: readonly Route[]): void {
    if (this.#routes.areOf(prefix, found)) return;
    this.#routes.removeAll(prefix);
    for (const route of found) this.believeRoute(route);
    this.touch(prefix);
  }

  believeAnnounced(announcement: Announcement): void {
    this.#announced.set(announcement.prefix, announcement);
  }

  believeWithdrawn(announcement: Announcement): void {
    this.#announced.delete(announcement.prefix);
  }

  /** All that gobgpd says for us. */
  hearAllAnnounced(all: readonly Announcement[]): void {
    for (const prefix of this.#announced.keys()) this.touch(prefix);
    this.#announced.clear();
    for (const announcement of all) {
      this.believeAnnounced(announcement);
      this.touch(announcement.prefix);
    }
    for (const prefix of [...this.#endpoints.keys(), ...this.#aggregates.keys()]) this.touch(prefix);
  }
}
