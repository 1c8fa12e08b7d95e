/**
 * DEL: everything of one endpoint goes, in an order that can be broken off and begun again anywhere.
 *
 * The announcement first, so that the fabric stops sending; the record last, so that a controller that dies half-way
 * still knows what to remove. DEL needs neither the container's namespace nor gobgpd, and what is gone already is fine.
 */
import { type Endpoint, type EndpointId, endpointName } from '../model/endpoint.js';
import { leave } from './attach.js';
import type { Node } from './node.js';

/** @param giveBack asks the delegated IPAM plugin of a record to free what it gave */
export async function detach(
  node: Node,
  id: EndpointId,
  giveBack: (endpoint: Endpoint) => Promise<void>,
): Promise<Endpoint | undefined> {
  const endpoint = node.endpoints.get(id);
  if (!endpoint) return undefined;
  await leave(node, endpoint);
  await erase(node, endpoint, giveBack);
  node.endpoints.delete(endpoint);
  return endpoint;
}

/** Removes what an endpoint has outside the routing: link, addresses, record. */
export async function erase(
  node: Node,
  endpoint: Endpoint,
  giveBack: (endpoint: Endpoint) => Promise<void>,
): Promise<void> {
  await node.wire.disconnect(endpoint);
  if (endpoint.delegatedIpam) await giveBack(endpoint);
  node.addresses.rest(endpoint.addresses);
  await node.records.saveFreed(node.addresses.resting());
  await node.records.remove(endpoint);
}

/**
 * After a start: records become endpoints again, what was half-way is undone, and host links that no record knows go.
 * @returns the endpoints that live on
 */
export async function restore(
  node: Omit<Node, 'routing'>,
  giveBack: (endpoint: Endpoint) => Promise<void>,
): Promise<Endpoint[]> {
  node.addresses.rest(await node.records.freed());
  const { endpoints, unreadable } = await node.records.all();
  for (const file of unreadable)
    node.failed(`record ${file} cannot be read and was put aside`, new Error('unreadable record'));
  const attached = endpoints.filter(({ state }) => state === 'attached');
  for (const endpoint of attached) {
    node.addresses.hold(endpoint.addresses);
    node.endpoints.set(endpoint);
  }
  for (const endpoint of endpoints.filter(({ state }) => state === 'pending')) {
    try {
      await erase(node as Node, endpoint, giveBack);
    } catch (error) {
      node.failed(`undoing the half-made ${endpointName(endpoint)}`, error);
    }
  }
  return attached;
}
