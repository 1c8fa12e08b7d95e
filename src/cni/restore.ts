/** After a start: records become endpoints again, what was half-way is undone, and host links that no record knows go. */
import { type Endpoint, endpointKey, endpointName } from '../model/endpoint.js';
import { erase } from './detach.js';
import type { Node } from './node.js';

/**
 * @param recorded every record that could be read
 * @returns the endpoints that live on
 */
export async function restore(node: Omit<Node, 'routing'>, recorded: readonly Endpoint[]): Promise<Endpoint[]> {
  node.addresses.rest(await node.records.freed());
  const attached = recorded.filter(({ state }) => state === 'attached');
  for (const endpoint of attached) {
    node.addresses.hold(endpoint.addresses);
    node.endpoints.set(endpoint);
  }
  for (const endpoint of recorded.filter(({ state }) => state === 'pending')) await undo(node, endpoint);
  await removeOrphans(node, recorded);
  return attached;
}

/** An ADD that a dead controller left half-way: whoever asked for it was told that it failed. */
async function undo(node: Omit<Node, 'routing'>, endpoint: Endpoint): Promise<void> {
  try {
    await erase(node, endpoint);
  } catch (error) {
    node.failed(`undoing the half-made ${endpointName(endpoint)}`, error);
  }
}

/** A host end of ours whose record is lost has no addresses, no announcement and no owner. */
async function removeOrphans(node: Omit<Node, 'routing'>, recorded: readonly Endpoint[]): Promise<void> {
  const keys = new Set(recorded.map(endpointKey));
  const names = new Set(recorded.map(({ link }) => link.name));
  // By name as well: an id that is too long for the link's alias stands there as its hash.
  const orphans = (await node.wire.links()).filter((link) => !keys.has(endpointKey(link)) && !names.has(link.name));
  await Promise.all(
    orphans.map((link) =>
      node.wire.removeOrphan(link).catch((error) => node.failed(`removing ${link.name}, which no record knows`, error)),
    ),
  );
}
