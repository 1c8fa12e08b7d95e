/**
 * The kernel's routing through netlink: the `Kernel` port on Linux.
 *
 * Nothing is remembered that the kernel knows. Requests are blocking calls of microseconds; large sets give the event loop
 * its turn in between.
 */
import type { Address } from '../model/address.js';
import { type HostAddress, isDetour, type Way } from '../model/host.js';
import type { Networks } from '../model/network.js';
import type { Route } from '../model/route.js';
import type { Failures, Kernel, KernelEvent } from '../ports.js';
import { watchForeignRoutes, watchKernel } from './events.js';
import { forwardPackets } from './forwarding.js';
import { answerForGateway } from './gateways.js';
import type { Host } from './host.js';
import { hostAddresses, wayTo } from './host-addresses.js';
import { groupHostEnds } from './host-end-group.js';
import { OurRoutes } from './our-routes.js';
import { RULE_PRIORITY } from './ours.js';
import { Devices } from './route-entry.js';
import { putRules } from './rules.js';

export class NetlinkKernel implements Kernel {
  readonly #host: Host;
  readonly #rulePriority: number;
  readonly #routes: OurRoutes;
  /** To be called once the routes of others matter: a routing daemon may change thousands. */
  #listenToOthers: (() => void) | undefined;

  /** @param rulePriority of the rules that look a network's table up; the next two numbers are ours as well */
  constructor(host: Host, rulePriority = RULE_PRIORITY) {
    this.#host = host;
    this.#rulePriority = rulePriority;
    this.#routes = new OurRoutes(host.socket);
  }

  routes(): Promise<readonly Route[]> {
    return this.#routes.list();
  }

  put(routes: readonly Route[]): Promise<Failures<Route>> {
    return this.#routes.put(routes);
  }

  remove(routes: readonly Route[]): Promise<Failures<Route>> {
    return this.#routes.remove(routes);
  }

  /** Filters come before rules: no packet is led into a table that the filters do not guard yet. */
  async separate(networks: Networks): Promise<void> {
    forwardPackets(this.#host.socket);
    await this.#host.filters.separate(networks);
    groupHostEnds(this.#host.socket);
    answerForGateway(this.#host.socket, this.#host.gateways);
    putRules(this.#host.socket, networks, this.#rulePriority);
    this.#host.tables = new Map([...networks.byName.values()].map(({ name, table }) => [name, table]));
  }

  async addresses(): Promise<readonly HostAddress[]> {
    return hostAddresses(this.#host.socket, this.#host.gateways);
  }

  async ways(to: readonly Address[]): Promise<ReadonlyMap<Address, Way>> {
    const ways = this.#ways(to);
    const areByRoutes = [...ways.values()].some((way) => way === 'none' || isDetour(way));
    if (!areByRoutes || !this.#listenToOthers) return ways;
    this.#listenToOthers();
    this.#listenToOthers = undefined;
    // What changed before we listened, nobody would tell.
    return this.#ways(to);
  }

  #ways(to: readonly Address[]): ReadonlyMap<Address, Way> {
    const devices = new Devices();
    return new Map(to.map((one) => [one, wayTo(this.#host.socket, one, devices)]));
  }

  watch(hear: (event: KernelEvent) => void, signal: AbortSignal): void {
    const { socket, ports, filters } = this.#host;
    const watched = { socket, ownPorts: ports, routes: this.#routes, filters, rulePriority: this.#rulePriority };
    const alert = (event: KernelEvent) => {
      if (event.kind === 'links-changed' || event.kind === 'lost') {
        this.#host.uplinks = undefined;
        this.#host.lastMtu = undefined;
      }
      hear(event);
    };
    watchKernel(watched, alert, signal);
    this.#listenToOthers = () => watchForeignRoutes(ports, alert, signal);
    this.#host.isWatched = true;
    signal.addEventListener('abort', () => {
      this.#host.isWatched = false;
    });
  }
}
