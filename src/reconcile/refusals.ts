/**
 * What the guards refuse, counted by peer and reason, and told: nothing is refused in silence. A peer may say a hundred
 * thousand bad prefixes, so the log has one line for all that came of one kind, and not more than one in ten seconds.
 */
import { REFUSAL_SENTENCES, type Refusal } from '../decide/guard.js';
import type { Prefix } from '../model/address.js';
import type { Path } from '../model/path.js';
import type { PeerKey } from '../model/peer.js';
import type { Clock } from '../ports.js';

const TOLD_EVERY = 10_000;

/** All that one peer said of one kind. */
export interface RefusalCount {
  readonly peer: PeerKey;
  readonly reason: Refusal;
  /** Prefixes that are refused now. */
  readonly now: number;
  /** Prefixes that were refused since the start, each time anew. */
  readonly total: number;
  /** One sentence about the last one. */
  readonly example: string;
}

interface Kind {
  readonly peer: PeerKey;
  readonly reason: Refusal;
  readonly now: Set<Prefix>;
  total: number;
  example: string;
  untold: number;
  toldAt: number;
}

export class Refusals {
  readonly #clock: Clock;
  readonly #tell: (peer: PeerKey, sentence: string) => void;
  readonly #kinds = new Map<string, Kind>();
  /** The kinds that a prefix is counted under. */
  readonly #counted = new Map<Prefix, ReadonlySet<string>>();

  constructor(clock: Clock, tell: (peer: PeerKey, sentence: string) => void) {
    this.#clock = clock;
    this.#tell = tell;
  }

  /** All that is refused of this prefix now. */
  note(prefix: Prefix, refused: readonly { readonly path: Path; readonly refusal: Refusal }[]): void {
    const before = this.#counted.get(prefix);
    if (!before && refused.length === 0) return;
    const now = new Set(refused.map(({ path, refusal }) => this.#count(path, refusal)));
    for (const key of before ?? []) if (!now.has(key)) this.#kinds.get(key)?.now.delete(prefix);
    if (now.size > 0) this.#counted.set(prefix, now);
    else this.#counted.delete(prefix);
  }

  /** Tells what has not been told, kind by kind. */
  tell(): void {
    const now = this.#clock.now();
    for (const kind of this.#kinds.values()) {
      if (kind.untold === 0 || now - kind.toldAt < TOLD_EVERY) continue;
      const more = kind.untold > 1 ? `, and ${kind.untold - 1} more like it` : '';
      this.#tell(kind.peer, `refused: ${kind.example}${more}`);
      Object.assign(kind, { untold: 0, toldAt: now });
    }
  }

  counts(): RefusalCount[] {
    return [...this.#kinds.values()].map(({ peer, reason, now, total, example }) => ({
      peer,
      reason,
      now: now.size,
      total,
      example,
    }));
  }

  #count(path: Path, reason: Refusal): string {
    const key = `${path.peer} ${reason}`;
    let kind = this.#kinds.get(key);
    if (!kind) {
      kind = {
        peer: path.peer,
        reason,
        now: new Set(),
        total: 0,
        example: '',
        untold: 0,
        toldAt: Number.NEGATIVE_INFINITY,
      };
      this.#kinds.set(key, kind);
    }
    if (kind.now.has(path.prefix)) return key;
    kind.now.add(path.prefix);
    kind.total++;
    kind.untold++;
    kind.example = REFUSAL_SENTENCES[reason](path);
    return key;
  }
}
