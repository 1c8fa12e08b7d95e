/** The prefixes that the next passes look at. Those of endpoints come first: somebody waits for them. */
import type { Prefix } from '../model/address.js';

export class Touched {
  readonly #urgent = new Set<Prefix>();
  readonly #others = new Set<Prefix>();

  add(prefix: Prefix, isUrgent: boolean): void {
    (isUrgent ? this.#urgent : this.#others).add(prefix);
  }

  has(prefix: Prefix): boolean {
    return this.#urgent.has(prefix) || this.#others.has(prefix);
  }

  get size(): number {
    return this.#urgent.size + this.#others.size;
  }

  /** Takes out up to `most`. */
  take(most: number): Prefix[] {
    const taken: Prefix[] = [];
    for (const set of [this.#urgent, this.#others]) {
      for (const prefix of set) {
        if (taken.length >= most) return taken;
        set.delete(prefix);
        taken.push(prefix);
      }
    }
    return taken;
  }
}
