/** What the verbs work with: this node's endpoints, and the ports that change them. */
import { type Endpoint, type EndpointId, endpointKey } from '../model/endpoint.js';
import type { Gateways } from '../model/network.js';
import type { Records, Wire } from '../ports.js';
import type { Routing } from '../reconcile/routing.js';
import type { AddressBook } from './address-book.js';
import type { DelegatedIpam } from './delegated-ipam.js';
import type { EndpointLocks } from './per-endpoint-lock.js';

export interface Node {
  readonly wire: Wire;
  readonly records: Records;
  readonly routing: Routing;
  /** Our own pools. */
  readonly addresses: AddressBook;
  /** Other people's IPAM plugins. */
  readonly ipam: DelegatedIpam;
  readonly endpoints: Endpoints;
  /** Whoever changes an endpoint holds its lock: verbs, GC and the sweep. */
  readonly locks: EndpointLocks;
  readonly gateways: Gateways;
  /** Hears of a step that failed where nobody waits for an answer. */
  readonly failed: (what: string, error: unknown) => void;
}

/** The endpoints of this node, by what the runtime calls them. */
export class Endpoints {
  readonly #byKey = new Map<string, Endpoint>();

  get(id: EndpointId): Endpoint | undefined {
    return this.#byKey.get(endpointKey(id));
  }

  set(endpoint: Endpoint): void {
    this.#byKey.set(endpointKey(endpoint), endpoint);
  }

  delete(id: EndpointId): void {
    this.#byKey.delete(endpointKey(id));
  }

  all(): Endpoint[] {
    return [...this.#byKey.values()];
  }
}
