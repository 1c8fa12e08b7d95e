/**
 * DEL: everything of one endpoint goes, in an order that can be broken off and begun again anywhere.
 *
 * The announcement first, so that the fabric stops sending; the record last, so that a controller that dies half-way
 * still knows what to remove. DEL needs neither the container's namespace nor gobgpd, and what is gone already is fine.
 */
import type { Endpoint, EndpointId } from '../model/endpoint.js';
import { leave } from './attach.js';
import type { Node } from './node.js';

/** Returns what was detached; undefined when there was nothing. */
export async function detach(node: Node, id: EndpointId): Promise<Endpoint | undefined> {
  const endpoint = node.endpoints.get(id);
  if (!endpoint) return undefined;
  await leave(node, endpoint);
  await erase(node, endpoint);
  node.endpoints.delete(endpoint);
  return endpoint;
}

/** Detaches exactly this attachment: meanwhile the runtime may have detached it, and attached the same id anew. */
export async function detachStill(node: Node, endpoint: Endpoint): Promise<void> {
  using _held = await node.locks.hold(endpoint);
  if (node.endpoints.get(endpoint) === endpoint) await detach(node, endpoint);
}

/** Removes what an endpoint has outside the routing: link, addresses, record. */
export async function erase(node: Omit<Node, 'routing'>, endpoint: Endpoint): Promise<void> {
  await node.wire.disconnect(endpoint);
  if (endpoint.delegatedIpam) await node.ipam.del(endpoint.delegatedIpam, endpoint);
  node.addresses.rest(endpoint.addresses);
  await node.records.saveFreed(node.addresses.resting());
  await node.records.remove(endpoint);
}
