/** What a source has said so far. Absence means something only once it is `complete`. */
export interface Heard<T> {
  readonly items: ReadonlyMap<string, T>;
  readonly complete: boolean;
}
