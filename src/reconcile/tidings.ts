/** What people have to hear of although nothing failed: duplicates, limits that are full, refused paths. Each once. */
import { duplicateSentence } from '../decide/duplicate.js';
import { quotaSentence } from '../decide/quota.js';
import type { BgpEvent, Clock } from '../ports.js';
import { Refusals } from './refusals.js';
import { ToldOnce } from './told-once.js';
import type { World } from './world.js';

export class Tidings {
  readonly #world: World;
  readonly #duplicates: ToldOnce;
  readonly #full: ToldOnce;
  readonly refusals: Refusals;

  constructor(world: World, clock: Clock, failed: (what: string, error: unknown) => void) {
    const tell = (what: string, sentence: string) => failed(what, new Error(sentence));
    this.#world = world;
    this.refusals = new Refusals(clock, (peer, sentence) => tell(`peer ${peer}`, sentence));
    this.#duplicates = new ToldOnce(tell);
    this.#full = new ToldOnce(tell);
  }

  afterPass(): void {
    const full = this.#world.quotas.told().filter(({ refused }) => refused > 0);
    this.#full.say(new Map(full.map((quota) => [quota.of, quotaSentence(quota)])));
    this.refusals.tell();
  }

  /** All endpoints are gone through only when there is reason to. */
  afterEvent(event: BgpEvent): void {
    const mayShowDuplicates =
      event.kind === 'paths'
        ? event.heard.some(({ prefix }) => this.#world.duplicate(prefix))
        : event.kind === 'all-paths' || event.kind === 'audited';
    if (mayShowDuplicates) this.duplicates();
  }

  duplicates(): void {
    this.#duplicates.say(new Map(this.#world.duplicates().map((path) => [path.prefix, duplicateSentence(path)])));
  }
}
