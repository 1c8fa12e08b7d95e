import type { Endpoint, EndpointId } from '../model/endpoint.js';
import type { Networks } from '../model/network.js';

/** The isolation filters of one node. */
export interface Filters extends Disposable {
  /** Makes the rules for exactly these networks, and repairs what was damaged. */
  separate(networks: Networks): Promise<void>;
  /** Lets an endpoint send from its own addresses, and hear what its network has a way back to. */
  admit(endpoint: Endpoint, table: number): void;
  /** Takes that back. What is gone is fine. */
  expel(endpoint: EndpointId): void;
  /** Has anybody touched our table since our own last change? */
  changed(): boolean;
}
