/** Waits that somebody may cut short. */
export class Bell {
  #rung = false;
  #wake = () => {};

  /** Ends the wait, or the next one when nobody waits. */
  ring(): void {
    this.#rung = true;
    this.#wake();
  }

  /** Resolves when it rings, or after so many milliseconds. Rejects with the signal's reason. */
  async wait(milliseconds: number, signal: AbortSignal): Promise<void> {
    if (!this.#rung) {
      await new Promise<void>((resolve) => {
        const timer = setTimeout(() => this.#wake(), milliseconds);
        this.#wake = () => {
          clearTimeout(timer);
          signal.removeEventListener('abort', this.#wake);
          this.#wake = () => {};
          resolve();
        };
        signal.addEventListener('abort', this.#wake);
        if (signal.aborted) this.#wake();
      });
    }
    signal.throwIfAborted();
    this.#rung = false;
  }
}
