/**
 * The sweep: containers that vanished and were never detached. Runtimes give a DEL up (containerd after a failed ADD, and
 * `ctr run -d` never sends one), so nothing of ours may depend on it.
 *
 * A container has vanished when its host end is gone and its namespace too. Either alone does not count: a host end that
 * somebody deleted leaves a live container whose address is its own until DEL, and a namespace without a name may still
 * have processes in it.
 */
import { type Endpoint, endpointName } from '../model/endpoint.js';
import type { WiredLink } from '../ports.js';
import { Loop } from '../reconcile/loop.js';
import { detachStill } from './detach.js';
import type { Node } from './node.js';

/** Events tell at once; this is for what they missed, in milliseconds. */
const EVERY = 30_000;

/** Sweeps now, whenever a host end vanishes, and now and then; until the signal. `swept` hears of each endpoint. */
export function keepSwept(node: Node, swept: (endpoint: Endpoint) => void, signal: AbortSignal): void {
  const loop = new Loop(
    async () => (await sweep(node)).forEach(swept),
    (error) => node.failed('looking for containers that vanished', error),
  );
  node.wire.watchLinks(() => loop.nudge(), signal);
  const timer = setInterval(() => loop.nudge(), EVERY);
  timer.unref();
  signal.addEventListener('abort', () => clearInterval(timer), { once: true });
  loop.nudge();
}

/** Detaches what has vanished, and returns it. What fails is reported, and found again by the next sweep. */
export async function sweep(node: Node): Promise<Endpoint[]> {
  const endpoints = node.endpoints.all(); // before the links: an ADD that ends meanwhile is not looked at
  const there = hostEnds(await node.wire.links());
  const vanished = endpoints.filter((endpoint) => !there(endpoint) && !isNamespaceThere(node, endpoint));
  const swept = await Promise.all(vanished.map((endpoint) => detachVanished(node, endpoint)));
  return swept.flat();
}

async function detachVanished(node: Node, endpoint: Endpoint): Promise<Endpoint[]> {
  try {
    await detachStill(node, endpoint);
    return [endpoint];
  } catch (error) {
    node.failed(`detaching ${endpointName(endpoint)}, which has vanished`, error);
    return [];
  }
}

/** Is the host end of an endpoint among these? Also under another name, which somebody may have given it. */
function hostEnds(links: readonly WiredLink[]): (endpoint: Endpoint) => boolean {
  const [names, indexes] = [new Set(links.map(({ name }) => name)), new Set(links.map(({ index }) => index))];
  return ({ link }) => names.has(link.name) || indexes.has(link.index);
}

/** The path may be another's by now: a process id that was used again, or a name. */
function isNamespaceThere({ wire }: Node, { netns, netnsInode }: Endpoint): boolean {
  try {
    using namespace = wire.open(netns);
    return namespace.inode === netnsInode;
  } catch {
    return false;
  }
}
