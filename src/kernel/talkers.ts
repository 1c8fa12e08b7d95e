/**
 * The host ends of endpoints that talk much, which have a program of the shortcut.
 *
 * Below a thousand packets a second a program would save next to nothing, and Linux takes 16 ms with the lock of all links held
 * to put it there, and again when its link goes. So they get theirs some time after their ADD, one by one, and not all of them.
 */
import type { Endpoint } from '../model/endpoint.js';
import type { LinkProgram } from './link-program.js';
import type { Places } from './places.js';
import { type Loaded, MUCH } from './shortcut-program.js';

/** In ms: who was sent that much in this time talks much. */
const SOON = MUCH;
/** Their links may all go at once; and each is looked at four times a second. */
const MOST = 100;

/** What it needs of the program and of the places. */
type Program = Pick<LinkProgram, 'succeed' | 'look' | 'putAside' | 'takeAside'>;
type Counts = Pick<Places, 'countedFor' | 'countAnew'>;

export class Talkers {
  readonly #wired: ReadonlyMap<number, Endpoint>;
  readonly #program: Program;
  readonly #places: Counts;
  readonly #told: Pick<Loaded, 'nextTalker'>;
  readonly #links: Set<number>;
  /** The one that is about to get its program. */
  #next: Promise<void> | undefined;

  /** Takes over what an earlier controller left on host ends. @param wired endpoints by the index of their host end */
  constructor(
    wired: ReadonlyMap<number, Endpoint>,
    program: Program,
    places: Counts,
    told: Pick<Loaded, 'nextTalker'>,
  ) {
    this.#wired = wired;
    this.#program = program;
    this.#places = places;
    this.#told = told;
    this.#links = new Set([...wired.keys()].filter((link) => program.succeed(link)));
  }

  get count(): number {
    return this.#links.size;
  }

  /** Off with the program where somebody else filters what comes in, on with it for the next who talks much. */
  look(): void {
    for (const link of this.#links) this.#lookAt(link);
    if (!this.#next) this.#welcomeNext();
  }

  /** When nobody is about to get one any more. */
  async settled(): Promise<void> {
    await this.#next;
  }

  #lookAt(link: number): void {
    const endpoint = this.#wired.get(link);
    const { isOn, meetsOthers } = this.#program.look(link);
    if (isOn && meetsOthers) this.#program.takeAside(link).catch(() => {});
    if (isOn) return;
    this.#links.delete(link);
    if (endpoint) this.#places.countAnew(endpoint, link);
  }

  #welcomeNext(): void {
    for (let link = this.#told.nextTalker(); link !== undefined; link = this.#told.nextTalker()) {
      const endpoint = this.#wired.get(link);
      if (!endpoint || this.#links.has(link)) continue;
      if (this.#isWelcome(endpoint, link)) {
        this.#next = this.#welcome(link);
        return;
      }
      this.#places.countAnew(endpoint, link);
    }
  }

  #isWelcome(endpoint: Endpoint, link: number): boolean {
    const isSoon = this.#places.countedFor(endpoint) < SOON;
    return isSoon && this.#links.size < MOST && !this.#program.look(link).meetsOthers;
  }

  /** Whether it has worked, the next look sees. */
  async #welcome(link: number): Promise<void> {
    await this.#program.putAside(link).catch(() => {});
    this.#links.add(link);
    this.#next = undefined;
  }
}
