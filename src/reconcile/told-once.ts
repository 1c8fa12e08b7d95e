/** Things that people have to hear of once, until they are over: after that they are news again. */
export class ToldOnce {
  readonly #tell: (what: string, sentence: string) => void;
  #told: ReadonlySet<string> = new Set();

  constructor(tell: (what: string, sentence: string) => void) {
    this.#tell = tell;
  }

  /** All that is so now: what each is about, and a sentence. */
  say(now: ReadonlyMap<string, string>): void {
    for (const [what, sentence] of now) if (!this.#told.has(what)) this.#tell(what, sentence);
    this.#told = new Set(now.keys());
  }
}
