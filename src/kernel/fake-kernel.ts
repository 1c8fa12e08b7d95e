/**
 * A kernel in memory, for tests of whoever uses the port. It refuses what Linux refuses: a route out of a link that does
 * not exist or is down, and a gateway that no connected prefix holds. What it took can be printed as commands.
 */
import {
  type Address,
  addressAt,
  baseOf,
  contains,
  familyOf,
  lengthOf,
  numberOf,
  type Prefix,
} from '../model/address.js';
import type { HostAddress, Way } from '../model/host.js';
import type { Networks } from '../model/network.js';
import { MAIN_TABLE, type NextHop, type Route, routeKey } from '../model/route.js';
import type { Failures, Kernel, KernelEvent } from '../ports.js';
import { putRouteCommand } from './as-commands.js';

export class FakeKernel implements Kernel {
  /** While set, every call fails with it. */
  broken: Error | undefined;
  /** What the last `separate` was given. */
  networks: Networks | undefined;
  /** Links that are up, and the prefixes connected to each. */
  readonly #links = new Map<string, readonly Prefix[]>();
  /** Links that are up, with nobody at the other end. */
  readonly #dead = new Set<string>();
  readonly #routes = new Map<string, Route>();
  readonly #foreign = new Map<Prefix, Route & { readonly isOurs: boolean }>();
  readonly #hearers = new Set<(event: KernelEvent) => void>();

  async routes(): Promise<readonly Route[]> {
    this.#mayBreak();
    return [...this.#routes.values()];
  }

  async put(routes: readonly Route[]): Promise<Failures<Route>> {
    this.#mayBreak();
    const failures = new Map<Route, Error>();
    for (const route of routes) {
      const reason = this.#whyNot(route);
      if (reason) failures.set(route, new Error(`${route.prefix} in table ${route.table}: ${reason}`));
      else this.#routes.set(routeKey(route), this.#completed(route));
    }
    return failures;
  }

  async remove(routes: readonly Route[]): Promise<Failures<Route>> {
    this.#mayBreak();
    for (const route of routes) this.#routes.delete(routeKey(route));
    return new Map();
  }

  async separate(networks: Networks): Promise<void> {
    this.#mayBreak();
    this.networks = networks;
  }

  /** On a connected prefix, this host is the address after the first. */
  async addresses(): Promise<readonly HostAddress[]> {
    this.#mayBreak();
    return [...this.#links].flatMap(([device, connected]) =>
      connected.map((subnet) => {
        const own = addressAt(numberOf(baseOf(subnet)) + 1n, familyOf(subnet));
        return { device, address: own, subnet, carrier: !this.#dead.has(device) };
      }),
    );
  }

  async ways(to: readonly Address[]): Promise<ReadonlyMap<Address, Way>> {
    const own = new Set((await this.addresses()).map(({ address }) => address));
    const way = (one: Address): Way => {
      if (own.has(one)) return 'self';
      return this.#deviceTo(one, undefined) ? 'on-link' : this.#detourTo(one);
    };
    return new Map(to.map((one) => [one, way(one)]));
  }

  watch(hear: (event: KernelEvent) => void, signal: AbortSignal): void {
    this.#hearers.add(hear);
    signal.addEventListener('abort', () => this.#hearers.delete(hear));
  }

  /** A link comes up with these prefixes connected. */
  linkUp(name: string, connected: readonly Prefix[] = []): void {
    this.#links.set(name, connected);
    this.#dead.delete(name);
    this.#tell({ kind: 'links-changed' });
  }

  /** A link goes down: the routes on it vanish without a word each, as Linux does it. */
  linkDown(name: string): void {
    this.#links.delete(name);
    for (const [key, { nextHops }] of this.#routes) {
      if (nextHops.length > 0 && nextHops.every(({ device }) => device === name)) this.#routes.delete(key);
    }
    this.#tell({ kind: 'lost', why: 'links-gone' });
  }

  /** The other end of a link goes: the routes on it stay, as on Linux. */
  carrierLost(name: string): void {
    this.#dead.add(name);
    this.#tell({ kind: 'links-changed' });
  }

  /** Somebody flushes every table, and the events about it are lost. */
  loseAll(): void {
    this.#routes.clear();
    this.#tell({ kind: 'lost', why: 'events-dropped' });
  }

  /** What it holds, also while it is broken. */
  get held(): readonly Route[] {
    return [...this.#routes.values()];
  }

  /** Somebody else removes a route of ours. */
  removeBehindBack(route: Route): void {
    if (this.#routes.delete(routeKey(route))) this.#tell({ kind: 'route-removed', route });
  }

  /** Somebody else writes a route in our name. */
  putBehindBack(route: Route): void {
    this.#routes.set(routeKey(route), route);
    this.#tell({ kind: 'route-added', route });
  }

  /** Another routing daemon, or an administrator, writes a route of the main table, or removes it. */
  routeByOthers(prefix: Prefix, gateway?: Address): void {
    if (gateway) this.#foreign.set(prefix, { table: MAIN_TABLE, prefix, nextHops: [{ gateway }], isOurs: false });
    else this.#foreign.delete(prefix);
    this.#tell({ kind: 'foreign-route', prefix });
  }

  /** The commands that make another kernel hold the same routes. */
  asCommands(): string[] {
    return [...this.#routes.values()].map(putRouteCommand).sort();
  }

  #tell(event: KernelEvent): void {
    for (const hear of this.#hearers) hear(event);
  }

  #mayBreak(): void {
    if (this.broken) throw this.broken;
  }

  #whyNot({ prefix, nextHops }: Route): string | undefined {
    return nextHops.map((hop) => this.#whyNotHop(hop, prefix)).find((reason) => reason !== undefined);
  }

  #whyNotHop({ gateway, device }: NextHop, prefix: Prefix): string | undefined {
    if (device !== undefined && !this.#links.has(device)) return `No such device: "${device}"`;
    if (gateway === undefined) return device === undefined ? 'Invalid argument: neither gateway nor device' : undefined;
    if (familyOf(gateway) === 4 && familyOf(prefix) === 6) return 'Invalid argument: an IPv4 gateway for IPv6';
    if (gateway.startsWith('fe80:') && device !== undefined) return undefined;
    return this.#deviceTo(gateway, device) ? undefined : 'Network is unreachable: Nexthop has invalid gateway';
  }

  /** The longest route of the main table, ours or another's, that leads over a gateway. */
  #detourTo(one: Address): Way {
    const main = [...this.#routes.values()].filter(({ table }) => table === MAIN_TABLE);
    const all = [...main.map((route) => ({ ...route, isOurs: true })), ...this.#foreign.values()];
    const around = all.filter(({ prefix }) => contains(prefix, one));
    const found = around.sort((a, b) => lengthOf(b.prefix) - lengthOf(a.prefix))[0];
    if (!found || found.nextHops.some(({ gateway }) => gateway === undefined)) return 'none';
    return {
      by: found.prefix,
      isOurs: found.isOurs,
      hops: found.nextHops.map(({ gateway }) => ({ gateway: gateway! })),
    };
  }

  #deviceTo(gateway: Address, device: string | undefined): string | undefined {
    const links = [...this.#links].filter(([name]) => device === undefined || name === device);
    return links.find(([, connected]) => connected.some((prefix) => contains(prefix, gateway)))?.[0];
  }

  /** As Linux answers: with the device that a gateway is behind. */
  #completed(route: Route): Route {
    const nextHops = route.nextHops.map((hop) => {
      const device = hop.device ?? (hop.gateway && this.#deviceTo(hop.gateway, undefined));
      return { ...hop, ...(device && { device }) };
    });
    return { ...route, nextHops };
  }
}
