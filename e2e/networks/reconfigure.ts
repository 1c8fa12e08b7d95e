/** Another configuration for a node that runs, as an administrator gives it: the file changes, then SIGHUP. */
import { readFileSync, writeFileSync } from 'node:fs';
import type { LabNode } from '../lab/node.js';
import { until } from '../lab/until.js';

/** Changes the node's configuration, and returns when the controller has it. */
export async function reconfigure(node: LabNode, change: (yaml: string) => string): Promise<void> {
  const reloads = () => node.log('slash32d').match(/configuration reloaded/g)?.length ?? 0;
  const file = node.boundFile('/etc/slash32/node.yaml');
  const [before, now] = [reloads(), change(readFileSync(file, 'utf8'))];
  writeFileSync(file, now);
  await node.kill('slash32d', 'SIGHUP');
  await until(() => reloads() > before, { what: `the new configuration of ${node.name}` });
}
