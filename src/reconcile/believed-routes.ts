/** The routes that the kernel is believed to hold, because it took them or has told of them: one for each prefix and table. */
import type { Prefix } from '../model/address.js';
import { type Route, satisfies } from '../model/route.js';

const NONE: readonly Route[] = [];

export class BelievedRoutes {
  /** A list for each prefix, because there are 100,000 of them and mostly one route in each. */
  readonly #routes = new Map<Prefix, readonly Route[]>();

  /** One a table. */
  of(prefix: Prefix): readonly Route[] {
    return this.#routes.get(prefix) ?? NONE;
  }

  /** The one that is where this one is or would be. */
  inPlaceOf({ prefix, table }: Route): Route | undefined {
    return this.of(prefix).find((route) => route.table === table);
  }

  has(prefix: Prefix): boolean {
    return this.#routes.has(prefix);
  }

  prefixes(): Iterable<Prefix> {
    return this.#routes.keys();
  }

  each(visit: (route: Route) => void): void {
    for (const routes of this.#routes.values()) routes.forEach(visit);
  }

  put(route: Route): void {
    const others = this.#others(route);
    this.#routes.set(route.prefix, others.length > 0 ? [...others, route] : [route]);
  }

  remove(route: Route): void {
    const left = this.#others(route);
    if (left.length > 0) this.#routes.set(route.prefix, left);
    else this.#routes.delete(route.prefix);
  }

  removeAll(prefix: Prefix): void {
    this.#routes.delete(prefix);
  }

  /** Are these exactly those? Mostly they are, and then 100,000 routes need not be sorted out. */
  are(all: readonly Route[]): boolean {
    let believed = 0;
    for (const routes of this.#routes.values()) believed += routes.length;
    return believed === all.length && all.every((route) => this.#isHere(route));
  }

  /** The same for one prefix. */
  areOf(prefix: Prefix, found: readonly Route[]): boolean {
    return this.of(prefix).length === found.length && found.every((route) => this.#isHere(route));
  }

  #isHere(route: Route): boolean {
    const believed = this.inPlaceOf(route);
    return believed !== undefined && satisfies(believed, route);
  }

  #others(route: Route): Route[] {
    return this.of(route.prefix).filter(({ table }) => table !== route.table);
  }
}
