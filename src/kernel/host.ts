import { closeSync, existsSync, openSync } from 'node:fs';
import type { Endpoint } from '../model/endpoint.js';
import type { Gateways } from '../model/network.js';
import { NETLINK_ROUTE, NetlinkSocket } from '../netlink/index.js';
import type { Filters } from './filters.js';
import { RULE_PRIORITY } from './ours.js';
import { LinkRemoval } from './remove-links.js';
import { KernelShortcut } from './shortcut.js';

/** Of the namespace that the calling thread is in. */
const IPV6_SETTINGS = '/proc/sys/net/ipv6/conf';

/** What the kernel and the wiring share of the host: its sockets, its filters, and what the networks are. */
export class Host implements Disposable {
  readonly filters: Filters;
  readonly gateways: Gateways;
  /** For everything that takes microseconds. */
  readonly socket = new NetlinkSocket(NETLINK_ROUTE);
  readonly removal: LinkRemoval;
  readonly shortcut: KernelShortcut;
  /** Endpoints by the index of their host end. */
  readonly wired: Map<number, Endpoint>;
  /** Kernel tables by the name of their network, as the last `separate` had them. */
  tables: ReadonlyMap<string, number> = new Map();
  /** The links that are not ours, forgotten whenever links change, as long as somebody watches. */
  uplinks: readonly number[] | undefined;
  isWatched = false;
  /** Where the ways out of this node led last time. */
  ways: readonly number[] = [];
  /** The MTU that came out of them. */
  lastMtu: { readonly mtu: number; readonly at: number } | undefined;
  /**
   * The IPv6 settings of this host's links: a path to the directory, which is held open; undefined without IPv6.
   * All network namespaces share the directory entries below /proc/sys/net, so a path from the root is walked past every
   * container in which anybody has looked there: 0.5 ms each time, with 2,000 of them.
   */
  readonly ipv6Settings: string | undefined;
  readonly #settings: number | undefined;
  readonly #removalSocket = new NetlinkSocket(NETLINK_ROUTE);

  /** In the calling thread's network namespace. The filters stay the caller's. @param attached the endpoints that exist */
  constructor(
    filters: Filters,
    gateways: Gateways,
    attached: Iterable<Endpoint> = [],
    rulePriority: number = RULE_PRIORITY,
  ) {
    this.filters = filters;
    this.gateways = gateways;
    this.wired = new Map([...attached].map((endpoint) => [endpoint.link.index, endpoint]));
    this.shortcut = new KernelShortcut(this, rulePriority);
    this.removal = new LinkRemoval(this.#removalSocket);
    this.#settings = existsSync(IPV6_SETTINGS) ? openSync(IPV6_SETTINGS, 'r') : undefined;
    this.ipv6Settings = this.#settings === undefined ? undefined : `/proc/self/fd/${this.#settings}`;
  }

  /** By these the kernel says that a change was ours. */
  get ports(): readonly number[] {
    return [this.socket.port, this.#removalSocket.port];
  }

  [Symbol.dispose](): void {
    this.socket.close();
    this.shortcut[Symbol.dispose]();
    this.#removalSocket.close();
    if (this.#settings !== undefined) closeSync(this.#settings);
  }
}
