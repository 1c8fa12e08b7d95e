import type { Clock } from '../ports.js';

/** When to try again what failed: soon at first, then ever later, up to a bound; a success starts over. */
export class BackOff {
  readonly #clock: Clock;
  readonly #first: number;
  readonly #most: number;
  #next: number;
  #pending = false;

  /** Milliseconds. */
  constructor(clock: Clock, first = 100, most = 10_000) {
    this.#clock = clock;
    this.#first = first;
    this.#most = most;
    this.#next = first;
  }

  /** Calls once after the present delay; asked again meanwhile, it still calls once. */
  again(call: () => void): void {
    if (this.#pending) return;
    this.#pending = true;
    const delay = this.#next;
    this.#next = Math.min(this.#most, delay * 2);
    this.#clock.after(delay, () => {
      this.#pending = false;
      call();
    });
  }

  succeeded(): void {
    this.#next = this.#first;
  }
}
