/**
 * What passes have decided to say, on its way to gobgpd. Passes do not wait for its answer: the prefix is under way until
 * then, and passes for others go on. There is one call at a time, and what is decided meanwhile goes together with the next;
 * so nothing is withdrawn before everything is said that was decided before it.
 */
import type { Announcement } from '../model/announcement.js';
import type { Bgp, Failures } from '../ports.js';
import type { StepFailure } from './step-failure.js';
import type { World } from './world.js';

export interface SayingParts {
  readonly world: World;
  readonly bgp: Pick<Bgp, 'announce' | 'withdraw'>;
  readonly failed: (step: StepFailure['step'], failures: Failures<Announcement>) => void;
  /** gobgpd has answered: some prefixes are back. */
  readonly answered: () => void;
  /** A call threw as a whole. */
  readonly broke: (error: unknown) => void;
}

export class Saying {
  readonly #parts: SayingParts;
  #announcements: Announcement[] = [];
  #withdrawals: Announcement[] = [];
  /** Is something under way? */
  isBusy = false;

  constructor(parts: SayingParts) {
    this.#parts = parts;
  }

  /** Says this as soon as gobgpd has answered to what was said before. None of these prefixes is under way yet. */
  say(announcements: readonly Announcement[], withdrawals: readonly Announcement[]): void {
    const { touched } = this.#parts.world;
    for (const { prefix } of [...announcements, ...withdrawals]) touched.setOut(prefix);
    this.#announcements.push(...announcements);
    this.#withdrawals.push(...withdrawals);
    if (!this.isBusy) void this.#sayAll();
  }

  async #sayAll(): Promise<void> {
    this.isBusy = true;
    while (this.#announcements.length + this.#withdrawals.length > 0) {
      const [announcements, withdrawals] = [this.#announcements, this.#withdrawals];
      [this.#announcements, this.#withdrawals] = [[], []];
      await this.#call(announcements, (due) => this.#announce(due));
      await this.#call(withdrawals, (due) => this.#withdraw(due));
    }
    this.isBusy = false;
  }

  /** What was touched while it waited is left to the next pass, which decides anew. */
  async #call(waiting: readonly Announcement[], call: (due: Announcement[]) => Promise<void>): Promise<void> {
    if (waiting.length === 0) return;
    const { world, answered, broke } = this.#parts;
    try {
      const due = waiting.filter(({ prefix }) => !world.touched.has(prefix));
      if (due.length > 0) await call(due);
    } catch (error) {
      broke(error);
    }
    for (const { prefix } of waiting) world.touched.back(prefix);
    answered();
  }

  async #announce(due: Announcement[]): Promise<void> {
    const { world, bgp, failed } = this.#parts;
    const failures = await bgp.announce(due);
    for (const one of due) if (!failures.has(one)) world.believeAnnounced(one);
    failed('announcement', failures);
  }

  /** Routes that have stayed because of an announcement may go after it: the next pass looks. */
  async #withdraw(due: Announcement[]): Promise<void> {
    const { world, bgp, failed } = this.#parts;
    const failures = await bgp.withdraw(due);
    for (const one of due) {
      if (failures.has(one)) continue;
      world.believeWithdrawn(one);
      world.touch(one.prefix);
    }
    failed('withdrawal', failures);
  }
}
