/**
 * What a pass is: hear -> decide -> diff -> apply, for the prefixes that were touched.
 *
 * The order of the steps comes from the data. Routes are put first; an announcement is decided on the routes that were
 * really taken; a route is removed only when its announcement is really gone. gobgpd's answer is not waited for: a prefix
 * that it is asked about is under way, and in no other pass until it is back. Whatever fails is touched again after a while,
 * and a restart, drift, a changed target and a retry are all the same pass.
 */
import { carrierOf, wantedAnnouncement } from '../decide/announcements.js';
import { routesToPut, routesToRemove, wantedRoutes } from '../decide/routes.js';
import type { Prefix } from '../model/address.js';
import { type Announcement, sameAnnouncement } from '../model/announcement.js';
import type { Route } from '../model/route.js';
import type { Bgp, Failures, Kernel } from '../ports.js';
import { admit } from './admission.js';
import type { Refusals } from './refusals.js';
import { Saying } from './saying.js';
import { StepFailure } from './step-failure.js';
import type { World } from './world.js';

/** Prefixes a pass takes at most, so that an ADD waits for one slice of a big import and not for all of it. */
const SLICE = 2000;

export interface ReconcilerParts {
  readonly world: World;
  readonly kernel: Kernel;
  readonly bgp: Bgp;
  readonly refusals: Refusals;
  /** Hears of each failure. */
  readonly failed: (prefix: Prefix, failure: StepFailure) => void;
  /** gobgpd has answered, after the pass that decided what it was asked. */
  readonly answered: () => void;
  /** gobgpd threw as a whole. */
  readonly broke: (error: unknown) => void;
}

export class Reconciler {
  readonly #parts: ReconcilerParts;
  readonly #world: World;
  readonly #kernel: Kernel;
  readonly #saying: Saying;
  /** Is gobgpd there to talk to? While it is not, announcements wait, and that is no failure. */
  bgpConnected = false;
  readonly failures = new Map<Prefix, StepFailure>();
  /** What this pass has decided. */
  readonly #decided = new Map<Prefix, readonly Route[]>();

  constructor(parts: ReconcilerParts) {
    this.#parts = parts;
    this.#world = parts.world;
    this.#kernel = parts.kernel;
    this.#saying = new Saying({ ...parts, failed: (step, failures) => this.#remember(step, failures) });
  }

  /** Has gobgpd yet to answer? */
  get isSaying(): boolean {
    return this.#saying.isBusy;
  }

  /** One pass over a slice of the touched prefixes, done when the kernel is as decided. What it says is on its way then. */
  async pass(): Promise<void> {
    this.#decided.clear();
    const prefixes = this.#world.touched.take(SLICE);
    for (const prefix of prefixes) this.failures.delete(prefix);
    await this.#world.border.learn(this.#kernel, this.#world.nextHops(prefixes));
    admit(this.#world, prefixes);
    for (const prefix of prefixes) this.#parts.refusals.note(prefix, this.#world.refused(prefix));
    await this.#putRoutes(prefixes);
    if (this.bgpConnected) this.#say(prefixes);
    await this.#removeRoutes(prefixes);
  }

  /** Is this prefix yet to be looked at, or to be answered for? */
  isPending(prefix: Prefix): boolean {
    const { touched } = this.#world;
    return touched.has(prefix) || touched.isUnderWay(prefix);
  }

  /** Is everything about this prefix as decided? */
  isSettled(prefix: Prefix): boolean {
    const world = this.#world;
    if (this.isPending(prefix) || this.failures.has(prefix)) return false;
    const carrier = this.carrier(prefix);
    if (carrier !== prefix && !this.isSettled(carrier)) return false;
    const announced = world.announced(prefix);
    const wanted = wantedAnnouncement(world.known(prefix), world.networks, world.routes(prefix));
    const routed = this.#surplus(prefix).length === 0 && this.#missing(prefix).length === 0;
    return routed && (wanted && announced ? sameAnnouncement(wanted, announced) : wanted === announced);
  }

  /** The prefix whose announcement leads to this one: mostly its own. */
  carrier(prefix: Prefix): Prefix {
    return carrierOf(this.#world.known(prefix), this.#world.networks);
  }

  /** Are its routes in the kernel, whatever gobgpd says? */
  isRouted(prefix: Prefix): boolean {
    return this.#missing(prefix).length === 0;
  }

  #missing(prefix: Prefix): Route[] {
    return routesToPut(this.#wanted(prefix), this.#world.routes(prefix));
  }

  #surplus(prefix: Prefix): Route[] {
    const world = this.#world;
    const believed = world.routes(prefix);
    if (believed.length === 0) return [];
    const announced = world.announced(prefix) !== undefined;
    return routesToRemove(this.#wanted(prefix), believed, world.complete(prefix), announced);
  }

  /** Decided once, unless somebody has said something new meanwhile. */
  #wanted(prefix: Prefix): readonly Route[] {
    const world = this.#world;
    const isOld = world.touched.has(prefix);
    const decided = isOld ? undefined : this.#decided.get(prefix);
    if (decided) return decided;
    const wanted = wantedRoutes(world.known(prefix), world.networks);
    if (!isOld) this.#decided.set(prefix, wanted);
    return wanted;
  }

  async #putRoutes(prefixes: readonly Prefix[]): Promise<void> {
    const routes = prefixes.flatMap((prefix) => this.#missing(prefix));
    if (routes.length === 0) return;
    const failed = await this.#kernel.put(routes);
    for (const route of routes) if (!failed.has(route)) this.#world.believeRoute(route);
    this.#remember('route', failed);
  }

  /** Decides what to say, on the routes that were really taken. */
  #say(prefixes: readonly Prefix[]): void {
    const world = this.#world;
    const [announcements, withdrawals]: [Announcement[], Announcement[]] = [[], []];
    for (const prefix of prefixes) {
      const announced = world.announced(prefix);
      if (!announced && !world.isOurs(prefix)) continue;
      const wanted = wantedAnnouncement(world.known(prefix), world.networks, world.routes(prefix));
      if (wanted && !(announced && sameAnnouncement(announced, wanted))) announcements.push(wanted);
      // Before the records are read, nobody knows that an announcement is too many.
      if (!wanted && announced && world.endpointsComplete) withdrawals.push(announced);
    }
    if (announcements.length + withdrawals.length > 0) this.#saying.say(announcements, withdrawals);
  }

  async #removeRoutes(prefixes: readonly Prefix[]): Promise<void> {
    const routes = prefixes.flatMap((prefix) => this.#surplus(prefix));
    if (routes.length === 0) return;
    const failed = await this.#kernel.remove(routes);
    for (const route of routes) if (!failed.has(route)) this.#world.disbelieveRoute(route);
    this.#remember('route removal', failed);
  }

  #remember(step: StepFailure['step'], failed: Failures<Route> | Failures<Announcement>): void {
    for (const [{ prefix }, error] of failed) {
      const failure = new StepFailure(step, error);
      this.failures.set(prefix, failure);
      this.#parts.failed(prefix, failure);
    }
  }
}
