/**
 * The kernel's routing in memory. It refuses what Linux refuses (a device that is not there, a gateway that no connected
 * prefix holds), drops the routes of a link that goes, and can be `broken`. The contract suite runs on it and on Linux.
 */
import { contains, type Prefix } from '../model/address.js';
import type { Networks } from '../model/network.js';
import { type Route, routeKey } from '../model/route.js';
import type { Failures, Kernel, KernelEvent } from '../ports.js';

export class FakeKernel implements Kernel {
  /** Set: every change is refused with this reason. */
  broken: string | undefined;
  /** Networks as last separated. */
  separated: Networks | undefined;
  readonly #routes = new Map<string, Route>();
  readonly #links = new Set<string>();
  readonly #connected: readonly Prefix[];
  #hear: (event: KernelEvent) => void = () => {};

  /** @param connected prefixes of the host's own links: where gateways may be */
  constructor(connected: readonly Prefix[]) {
    this.#connected = connected;
  }

  addLink(name: string): void {
    this.#links.add(name);
    this.#hear({ kind: 'links-changed' });
  }

  /** A link goes down or away, and Linux takes its routes with it. */
  removeLink(name: string): void {
    this.#links.delete(name);
    for (const route of this.all()) if (route.nextHops.some(({ device }) => device === name)) this.drop(route);
    this.#hear({ kind: 'links-changed' });
  }

  /** Somebody deletes one of our routes by hand. */
  drop(route: Route): void {
    if (this.#routes.delete(routeKey(route))) this.#hear({ kind: 'route-removed', route });
  }

  /** Somebody flushes all of it, and the events are lost. */
  loseAll(): void {
    this.#routes.clear();
    this.#hear({ kind: 'lost' });
  }

  all(): Route[] {
    return [...this.#routes.values()];
  }

  async routes(): Promise<readonly Route[]> {
    if (this.broken) throw new Error(this.broken);
    return this.all();
  }

  async put(routes: readonly Route[]): Promise<Failures<Route>> {
    return this.#each(routes, (route) => {
      this.#check(route);
      this.#routes.set(routeKey(route), route);
      this.#hear({ kind: 'route-added', route });
    });
  }

  async remove(routes: readonly Route[]): Promise<Failures<Route>> {
    return this.#each(routes, (route) => this.drop(route));
  }

  async separate(networks: Networks): Promise<void> {
    this.separated = networks;
  }

  watch(hear: (event: KernelEvent) => void, signal: AbortSignal): void {
    this.#hear = hear;
    signal.addEventListener('abort', () => (this.#hear = () => {}), { once: true });
  }

  #check({ nextHops }: Route): void {
    for (const { gateway, device } of nextHops) {
      if (device !== undefined && !this.#links.has(device)) throw new Error(`Cannot find device "${device}"`);
      if (
        gateway !== undefined &&
        device === undefined &&
        !this.#connected.some((prefix) => contains(prefix, gateway))
      ) {
        throw new Error('Nexthop has invalid gateway.');
      }
    }
  }

  #each(routes: readonly Route[], work: (route: Route) => void): Failures<Route> {
    const failures = new Map<Route, Error>();
    for (const route of routes) {
      try {
        if (this.broken) throw new Error(this.broken);
        work(route);
      } catch (error) {
        failures.set(route, error as Error);
      }
    }
    return failures;
  }
}
