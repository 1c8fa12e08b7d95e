import type { Gateways } from '../model/network.js';
import { NETLINK_ROUTE, NetlinkSocket } from '../netlink/index.js';
import type { Filters } from './filters.js';
import { LinkRemoval } from './remove-links.js';

/** What the kernel and the wiring share of the host: its sockets, its filters, and what the networks are. */
export class Host implements Disposable {
  readonly filters: Filters;
  readonly gateways: Gateways;
  /** For everything that takes microseconds. */
  readonly socket = new NetlinkSocket(NETLINK_ROUTE);
  readonly removal: LinkRemoval;
  /** Kernel tables by the name of their network, as the last `separate` had them. */
  tables: ReadonlyMap<string, number> = new Map();
  /** The links that are not ours, forgotten whenever links change, as long as somebody watches. */
  uplinks: readonly number[] | undefined;
  isWatched = false;
  readonly #removalSocket = new NetlinkSocket(NETLINK_ROUTE);

  /** In the calling thread's network namespace. The filters stay the caller's. */
  constructor(filters: Filters, gateways: Gateways) {
    this.filters = filters;
    this.gateways = gateways;
    this.removal = new LinkRemoval(this.#removalSocket);
  }

  /** By these the kernel says that a change was ours. */
  get ports(): readonly number[] {
    return [this.socket.port, this.#removalSocket.port];
  }

  [Symbol.dispose](): void {
    this.socket.close();
    this.#removalSocket.close();
  }
}
