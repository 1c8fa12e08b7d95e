/** What must be undone when the way ahead ends early. It runs on every way out unless `keep` was called. */
export class Undo implements AsyncDisposable {
  readonly #steps: { readonly name: string; readonly run: () => unknown }[] = [];
  readonly #failed: (step: string, error: unknown) => void;

  /** @param failed hears of undo steps that failed themselves: the others run all the same */
  constructor(failed: (step: string, error: unknown) => void) {
    this.#failed = failed;
  }

  add(name: string, run: () => unknown): void {
    this.#steps.push({ name, run });
  }

  /** All went well: nothing is undone any more. */
  keep(): void {
    this.#steps.length = 0;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    for (let step = this.#steps.pop(); step; step = this.#steps.pop()) {
      try {
        await step.run();
      } catch (error) {
        this.#failed(step.name, error);
      }
    }
  }
}
