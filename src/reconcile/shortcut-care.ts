/**
 * Keeps the shortcut on while nothing forbids it: looks four times a second, and each look that finds nothing in the way
 * allows it anew for two seconds. A controller that is stopped or dead finds nothing, so it ends by itself.
 */
import { inTheWay } from '../decide/shortcut.js';
import { baseOf } from '../model/address.js';
import type { Speaker } from '../model/peer.js';
import type { PeerPlace, ShortcutStanding } from '../model/shortcut.js';
import type { Clock, Shortcut } from '../ports.js';

const LOOK_MS = 250;
const BEGINNING = 'it is about to begin';
const CHANGING = 'networks have just changed';

export interface ShortcutParts {
  readonly shortcut: Shortcut;
  readonly clock: Clock;
  /** Where the peers are now: packets come in from there. */
  readonly peers: () => readonly PeerPlace[];
  /** Hears of each change, in a sentence. */
  readonly tell: (sentence: string) => void;
}

export class ShortcutCare {
  readonly #parts: ShortcutParts;
  /** Undefined: nobody has said. */
  #isWanted: boolean | undefined;
  /** Why it could not be put in place. */
  #lacks: string | undefined;
  /** Why it is off; undefined: it is on. */
  #reason: string | undefined = BEGINNING;
  #callOff = () => {};

  constructor(parts: ShortcutParts) {
    this.#parts = parts;
  }

  /** As the configuration has it. What an earlier controller put in place goes when it is not wanted. */
  turn(isWanted: boolean): void {
    if (isWanted === this.#isWanted && this.#lacks === undefined) return;
    this.#isWanted = isWanted;
    this.#reason = BEGINNING;
    this.#callOff();
    if (isWanted) this.#begin();
    else this.#parts.shortcut.close();
  }

  get standing(): ShortcutStanding {
    if (!this.#isWanted) return { is: 'unwanted' };
    const { shortcut } = this.#parts;
    const reason = this.#reason ?? (shortcut.isAllowed() ? undefined : CHANGING);
    return reason === undefined ? { is: 'on', ...shortcut.use() } : { is: 'off', reason, ...shortcut.use() };
  }

  #begin(): void {
    try {
      this.#parts.shortcut.open();
      this.#lacks = undefined;
    } catch (error) {
      this.#lacks = (error as Error).message;
    }
    this.#look();
  }

  #look(): void {
    const reason = this.#lacks ?? this.#forbiddenBy();
    if (reason !== this.#reason) this.#parts.tell(reason === undefined ? 'shortcut: on' : `shortcut: off, ${reason}`);
    this.#reason = reason;
    if (this.#lacks === undefined) this.#callOff = this.#parts.clock.after(LOOK_MS, () => this.#look());
  }

  /** Looks, and allows or forbids it. */
  #forbiddenBy(): string | undefined {
    const { shortcut, peers } = this.#parts;
    try {
      const reason = inTheWay(shortcut.bystanders(peers()));
      if (reason === undefined) shortcut.allow();
      else shortcut.forbid();
      return reason;
    } catch (error) {
      shortcut.forbid();
      return (error as Error).message;
    }
  }
}

/** A range's first address stands for all that may come from it. */
export function placesOf({ peers, ranges = [] }: Pick<Speaker, 'peers' | 'ranges'>): PeerPlace[] {
  return [...peers, ...ranges.map(({ prefix }) => ({ address: baseOf(prefix) }))];
}
