/** Those who wait until a prefix is as it should be, and are asked after every pass. */
export class Waiters {
  readonly #waiting = new Set<{
    readonly done: () => boolean;
    readonly resolve: () => void;
    readonly reject: (error: unknown) => void;
  }>();

  /**
   * Resolves once `done` answers true. `done` is asked now and after every pass; what it throws is passed on.
   * Rejects with `late()` when the signal ends the wait.
   */
  until(done: () => boolean, signal: AbortSignal, late: () => Error): Promise<void> {
    return new Promise((resolve, reject) => {
      const waiter = { done, resolve, reject };
      const giveUp = () => {
        // The signal outlives the wait, and nobody wants to hear then how late it was.
        if (this.#waiting.delete(waiter)) reject(late());
      };
      if (this.#ask(waiter)) return;
      this.#waiting.add(waiter);
      if (signal.aborted) giveUp();
      signal.addEventListener('abort', giveUp, { once: true });
    });
  }

  /** A pass is over. */
  ask(): void {
    for (const waiter of this.#waiting) if (this.#ask(waiter)) this.#waiting.delete(waiter);
  }

  #ask(waiter: { done: () => boolean; resolve: () => void; reject: (error: unknown) => void }): boolean {
    try {
      if (!waiter.done()) return false;
      waiter.resolve();
    } catch (error) {
      waiter.reject(error);
    }
    return true;
  }
}
