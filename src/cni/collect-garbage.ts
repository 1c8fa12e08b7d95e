/**
 * GC: endpoints that the runtime does not know any more are detached (CNI specification 1.1.0, section GC).
 *
 * Only those that are attached when it begins, so that an ADD in flight is not its business, and only those of the CNI
 * network that it names. An endpoint whose record is too old to tell its CNI network is left to the sweep.
 */
import { baseOf } from '../decide/own-network.js';
import { type Endpoint, endpointKey, endpointName } from '../model/endpoint.js';
import { CniError, CODE } from './cni-error.js';
import { complaintsOf, delegationOf } from './delegated-ipam.js';
import { detachStill } from './detach.js';
import type { Node } from './node.js';
import type { GcRequest } from './request.js';

/** Goes on past whatever fails. Throws CniError 106 that names all of it. */
export async function collectGarbage(node: Node, request: GcRequest, signal: AbortSignal): Promise<void> {
  const { conf, valid, path } = request;
  if (!valid) return;
  const keep = new Set(valid.map(endpointKey));
  const garbage = node.endpoints
    .all()
    .filter((endpoint) => endpoint.cniNetwork === conf.name && !keep.has(endpointKey(endpoint)));
  const failures = (await Promise.all(garbage.map((endpoint) => detached(node, endpoint)))).flat();
  const delegation = delegationOf({ conf, path, argsText: '' }, baseOf(node.routing.networks, conf.network));
  if (delegation) failures.push(...(await complaintsOf(delegation, node.ipam.gc(delegation, signal))));
  if (failures.length === 0) return;
  throw new CniError(CODE.gcIncomplete, `GC of "${conf.name}": ${failures.join('; ')}`, 'the next GC tries them again');
}

/** Why it could not be; nothing when it is. */
async function detached(node: Node, garbage: Endpoint): Promise<string[]> {
  try {
    await detachStill(node, garbage);
    return [];
  } catch (error) {
    return [`${endpointName(garbage)}: ${(error as Error).message}`];
  }
}
