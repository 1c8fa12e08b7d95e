/**
 * When a pass runs: in the next turn of the event loop when idle; when busy, exactly once more afterwards, however often it
 * was asked.
 */
import { setImmediate as nextTurn } from 'node:timers/promises';

export class Loop {
  readonly #pass: () => Promise<void>;
  readonly #failed: (error: unknown) => void;
  #again = false;
  #running: Promise<void> | null = null;

  constructor(pass: () => Promise<void>, failed: (error: unknown) => void) {
    this.#pass = pass;
    this.#failed = failed;
  }

  nudge(): void {
    this.#again = true;
    this.#running ??= this.#drain();
  }

  /** Resolves when no pass runs and none is asked for. */
  async idle(): Promise<void> {
    while (this.#running) await this.#running;
  }

  async #drain(): Promise<void> {
    // Not cleared in a `finally` callback outside: a nudge between the loop's end and that microtask would be lost.
    try {
      while (this.#again) {
        this.#again = false;
        // gobgpd tells each path in a message of its own, and hundreds come in one turn of the event loop: they share a pass.
        await nextTurn();
        await this.#pass();
      }
    } catch (error) {
      this.#failed(error);
    } finally {
      this.#running = null;
    }
  }
}
