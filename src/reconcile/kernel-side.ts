/**
 * The kernel as a pass needs it: read where it may have changed behind our back, with the networks of now kept apart.
 */
import type { Networks } from '../model/network.js';
import type { Route } from '../model/route.js';
import type { Kernel, KernelEvent } from '../ports.js';
import type { World } from './world.js';

export class KernelSide {
  readonly #kernel: Kernel;
  readonly #world: World;
  /** Touches what has failed: it may work now. */
  readonly #touchFailed: () => void;
  /** The networks that the kernel keeps apart. */
  #separated: Networks | undefined;
  #kernelUnread = true;
  #hostUnread = true;

  constructor(kernel: Kernel, world: World, touchFailed: () => void) {
    this.#kernel = kernel;
    this.#world = world;
    this.#touchFailed = touchFailed;
  }

  /** Comes before each pass. */
  async catchUp(): Promise<void> {
    if (this.#kernelUnread || this.#separated !== this.#world.networks) await this.#separate();
    if (this.#kernelUnread) await this.#readKernel();
    if (this.#hostUnread || this.#world.border.isDoubtful) await this.#readHost();
  }

  /** Everything is read again before the next pass. */
  doubt(): void {
    this.#kernelUnread = true;
  }

  /** Are its filters and rules in place? */
  keepsApart(network: string): boolean {
    return this.#separated?.byName.has(network) === true;
  }

  hear(event: KernelEvent): void {
    const hear: { [kind in KernelEvent['kind']]: (route: Route) => void } = {
      'route-added': (route) => this.#world.hearRoute(route),
      'route-removed': (route) => this.#world.hearRouteGone(route),
      'links-changed': () => {
        this.#hostUnread = true;
        this.#touchFailed();
      },
      'foreign-route': () => {},
      lost: () => this.doubt(),
    };
    hear[event.kind]((event as { route: Route }).route);
    if (event.kind === 'foreign-route') this.#world.border.hearRoute(event.prefix);
  }

  async #separate(): Promise<void> {
    const { networks } = this.#world;
    await this.#kernel.separate(networks);
    this.#separated = networks;
  }

  async #readKernel(): Promise<void> {
    this.#kernelUnread = false;
    this.#hostUnread = true;
    this.#world.hearAllRoutes(await this.#kernel.routes());
    this.#touchFailed();
  }

  /** Its addresses, and the ways to next hops. */
  async #readHost(): Promise<void> {
    this.#hostUnread = false;
    const { border } = this.#world;
    const { isDoubtful } = border;
    if ((await border.look(this.#kernel)) || isDoubtful) this.#world.touchPaths();
  }
}
