/** A controller that is stopped, so that a client can be killed in the middle of its ADD, and what a test leaves of it. */
import { readdirSync, readFileSync } from 'node:fs';
import type { LabNode } from '../lab/node.js';
import { del } from '../lab/runtime.js';
import { until } from '../lab/until.js';
import type { RuntimeHost } from './runtime-host.js';

/** Where the node itself sees the socket. */
const SOCKET = '/run/slash32/cni.sock';

/**
 * Waits until a verb is in the stopped controller's hands, whatever becomes of the client. That the plugin runs is too
 * early: a client that is killed then may not have written the whole of stdin, and no ADD is ever made.
 */
export async function untilAsked(node: LabNode): Promise<void> {
  // The forwarder reads stdin to its end before it connects; of a listening socket Recv-Q counts who waits to be accepted.
  const waiting = async () => Number((await node.exec(['ss', '-Hxl', 'src', SOCKET])).split(/\s+/)[2]) > 0;
  await until(waiting, { what: `a verb to wait at ${SOCKET}` });
}

/** After a test that may have failed anywhere: the controller runs again, and knows of no endpoint. */
export async function tidied(host: RuntimeHost): Promise<void> {
  const { node } = host;
  if (node.pid('slash32d') === undefined) await host.startController();
  await node.kill('slash32d', 'SIGCONT');
  await until(() => node.pid('slash32') === undefined, { what: 'every plugin to end' });
  const directory = `${node.directory}/slash32/endpoints`;
  for (const name of readdirSync(directory).filter((it) => it.endsWith('.json'))) {
    const { containerId, ifname } = JSON.parse(readFileSync(`${directory}/${name}`, 'utf8'));
    await del({ name: containerId, netns: '', node }, { ifname });
  }
}
