interface Waiter {
  readonly done: () => boolean;
  readonly resolve: () => void;
  readonly reject: (error: unknown) => void;
  /** Comes when it does not wait any more. */
  readonly over: () => void;
}

/** Those who wait until a prefix is as it should be, and are asked after every pass. */
export class Waiters {
  readonly #waiting = new Set<Waiter>();

  /**
   * Resolves once `done` answers true. `done` is asked now and after every pass; what it throws is passed on.
   * Rejects with `late()` when the signal ends the wait.
   */
  until(done: () => boolean, signal: AbortSignal, late: () => Error): Promise<void> {
    return new Promise((resolve, reject) => {
      const giveUp = () => {
        this.#waiting.delete(waiter);
        reject(late());
      };
      // The signal outlives the wait, and may see many of them.
      const over = () => signal.removeEventListener('abort', giveUp);
      const waiter = { done, resolve, reject, over };
      if (this.#ask(waiter)) return;
      this.#waiting.add(waiter);
      if (signal.aborted) giveUp();
      else signal.addEventListener('abort', giveUp, { once: true });
    });
  }

  /** A pass is over. */
  ask(): void {
    for (const waiter of this.#waiting) if (this.#ask(waiter)) this.#waiting.delete(waiter);
  }

  #ask(waiter: Waiter): boolean {
    try {
      if (!waiter.done()) return false;
      waiter.resolve();
    } catch (error) {
      waiter.reject(error);
    }
    waiter.over();
    return true;
  }
}
