/**
 * Prefixes that a pass has yet to look at. One that is under way, because gobgpd has not answered yet to what is said of it,
 * stays here until it is back: so a prefix is in one pass at a time, and all others are held up by nothing.
 */
import type { Prefix } from '../model/address.js';

export class Touched {
  /** Endpoints first: somebody waits for them. */
  readonly #urgent = new Set<Prefix>();
  readonly #others = new Set<Prefix>();
  readonly #underWay = new Set<Prefix>();

  add(prefix: Prefix): void {
    this.#others.add(prefix);
  }

  addUrgent(prefix: Prefix): void {
    this.#urgent.add(prefix);
  }

  has(prefix: Prefix): boolean {
    return this.#urgent.has(prefix) || this.#others.has(prefix);
  }

  get size(): number {
    return this.#urgent.size + this.#others.size;
  }

  /** Is there any that a pass may take? */
  get areReady(): boolean {
    if (this.#underWay.size === 0) return this.size > 0;
    return !this.#ready().next().done;
  }

  /** Takes up to `most`, endpoints first. */
  take(most: number): Prefix[] {
    const taken: Prefix[] = [];
    for (const prefix of this.#ready()) {
      if (taken.length >= most) break;
      taken.push(prefix);
    }
    for (const prefix of taken) if (!this.#urgent.delete(prefix)) this.#others.delete(prefix);
    return taken;
  }

  isUnderWay(prefix: Prefix): boolean {
    return this.#underWay.has(prefix);
  }

  /** Until `back`, no pass takes this prefix. */
  setOut(prefix: Prefix): void {
    this.#underWay.add(prefix);
  }

  back(prefix: Prefix): void {
    this.#underWay.delete(prefix);
  }

  *#ready(): Generator<Prefix> {
    for (const set of [this.#urgent, this.#others]) {
      for (const prefix of set) if (!this.#underWay.has(prefix)) yield prefix;
    }
  }
}
