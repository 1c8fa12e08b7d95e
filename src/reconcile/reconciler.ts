/**
 * What a pass is: hear -> decide -> diff -> apply, for the prefixes that were touched.
 *
 * The order within a pass comes from the data. Routes are put first; an announcement is decided on the routes that were
 * really taken; a route is removed only when its announcement is really gone. Whatever fails is touched again after a
 * while, and a restart, drift, a changed target and a retry are all the same pass.
 */
import { carrierOf, wantedAnnouncement } from '../decide/announcements.js';
import { routesToPut, routesToRemove, wantedRoutes } from '../decide/routes.js';
import type { Prefix } from '../model/address.js';
import { type Announcement, sameAnnouncement } from '../model/announcement.js';
import type { Route } from '../model/route.js';
import { type Bgp, type Failures, type Kernel, Unreachable } from '../ports.js';
import { admit } from './admission.js';
import type { Refusals } from './refusals.js';
import type { World } from './world.js';

/** Prefixes a pass takes at most, so that an ADD waits for one slice of a big import and not for all of it. */
const SLICE = 2000;

/** Why a prefix is not as it should be: which step failed, and the world's own words. */
export class StepFailure extends Error {
  /** Somebody said no. Otherwise nobody answered, and waiting may help. */
  readonly refused: boolean;
  readonly step: 'route' | 'announcement' | 'withdrawal' | 'route removal';

  constructor(step: StepFailure['step'], cause: Error) {
    super(`${step}: ${cause.message}`, { cause });
    this.step = step;
    this.refused = !(cause instanceof Unreachable);
  }
}

export class Reconciler {
  readonly #world: World;
  readonly #kernel: Kernel;
  readonly #bgp: Bgp;
  readonly #refusals: Refusals;
  /** Is gobgpd there to talk to? While it is not, announcements wait, and that is no failure. */
  bgpConnected = false;
  readonly failures = new Map<Prefix, StepFailure>();
  /** What this pass has decided. */
  readonly #decided = new Map<Prefix, readonly Route[]>();

  constructor(world: World, kernel: Kernel, bgp: Bgp, refusals: Refusals) {
    this.#refusals = refusals;
    this.#world = world;
    this.#kernel = kernel;
    this.#bgp = bgp;
  }

  /** One pass over a slice of the touched prefixes. Returns those that failed, and why. */
  async pass(): Promise<ReadonlyMap<Prefix, StepFailure>> {
    this.#decided.clear();
    const prefixes = this.#world.takeTouched(SLICE);
    for (const prefix of prefixes) this.failures.delete(prefix);
    await this.#world.border.learn(this.#kernel, this.#world.nextHops(prefixes));
    admit(this.#world, prefixes);
    for (const prefix of prefixes) this.#refusals.note(prefix, this.#world.refused(prefix));
    await this.#putRoutes(prefixes);
    if (this.bgpConnected) {
      await this.#announce(prefixes);
      await this.#withdraw(prefixes);
    }
    await this.#removeRoutes(prefixes);
    return new Map(prefixes.flatMap((prefix) => this.#failureOf(prefix)));
  }

  /** Is everything about this prefix as decided? */
  isSettled(prefix: Prefix): boolean {
    const world = this.#world;
    if (world.isTouched(prefix) || this.failures.has(prefix)) return false;
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

  #failureOf(prefix: Prefix): [Prefix, StepFailure][] {
    const failure = this.failures.get(prefix);
    return failure ? [[prefix, failure]] : [];
  }

  #missing(prefix: Prefix): readonly Route[] {
    return routesToPut(this.#wanted(prefix), this.#world.routes(prefix));
  }

  #surplus(prefix: Prefix): readonly Route[] {
    const world = this.#world;
    const believed = world.routes(prefix);
    if (believed.length === 0) return believed;
    const announced = world.announced(prefix) !== undefined;
    return routesToRemove(this.#wanted(prefix), believed, world.complete(prefix), announced);
  }

  /** Decided once, unless somebody has said something new meanwhile. */
  #wanted(prefix: Prefix): readonly Route[] {
    const world = this.#world;
    const isOld = world.isTouched(prefix);
    const decided = isOld ? undefined : this.#decided.get(prefix);
    if (decided) return decided;
    const wanted = wantedRoutes(world.known(prefix), world.networks);
    if (!isOld) this.#decided.set(prefix, wanted);
    return wanted;
  }

  async #putRoutes(prefixes: readonly Prefix[]): Promise<void> {
    const routes = collected(prefixes, (prefix) => this.#missing(prefix));
    if (routes.length === 0) return;
    const failed = await this.#kernel.put(routes);
    for (const route of routes) if (!failed.has(route)) this.#world.believeRoute(route);
    this.#remember('route', failed);
  }

  async #announce(prefixes: readonly Prefix[]): Promise<void> {
    const world = this.#world;
    const due = prefixes
      .filter((prefix) => world.isOurs(prefix))
      .flatMap((prefix) => {
        const wanted = wantedAnnouncement(world.known(prefix), world.networks, world.routes(prefix));
        const announced = world.announced(prefix);
        return wanted && !(announced && sameAnnouncement(announced, wanted)) ? [wanted] : [];
      });
    if (due.length === 0) return;
    const failed = await this.#bgp.announce(due);
    for (const announcement of due) if (!failed.has(announcement)) world.believeAnnounced(announcement);
    this.#remember('announcement', failed);
  }

  async #withdraw(prefixes: readonly Prefix[]): Promise<void> {
    const world = this.#world;
    // Before the records are read, nobody knows that an announcement is too many.
    if (!world.endpointsComplete) return;
    const due = prefixes.flatMap((prefix): Announcement[] => {
      const announced = world.announced(prefix);
      return announced && !wantedAnnouncement(world.known(prefix), world.networks, world.routes(prefix))
        ? [announced]
        : [];
    });
    if (due.length === 0) return;
    const failed = await this.#bgp.withdraw(due);
    for (const announcement of due) if (!failed.has(announcement)) world.believeWithdrawn(announcement);
    this.#remember('withdrawal', failed);
  }

  async #removeRoutes(prefixes: readonly Prefix[]): Promise<void> {
    const routes = collected(prefixes, (prefix) => this.#surplus(prefix));
    if (routes.length === 0) return;
    const failed = await this.#kernel.remove(routes);
    for (const route of routes) if (!failed.has(route)) this.#world.disbelieveRoute(route);
    this.#remember('route removal', failed);
  }

  #remember(step: StepFailure['step'], failed: Failures<Route> | Failures<Announcement>): void {
    for (const [{ prefix }, error] of failed) this.failures.set(prefix, new StepFailure(step, error));
  }
}

/** As flatMap does, without the garbage that it leaves for each prefix of an import. */
function collected(prefixes: readonly Prefix[], routesOf: (prefix: Prefix) => readonly Route[]): Route[] {
  const routes: Route[] = [];
  for (const prefix of prefixes) for (const route of routesOf(prefix)) routes.push(route);
  return routes;
}
