/** The demo's containers: each network on both nodes. */
import type { Container } from '../lab/container.js';
import type { Lab } from '../lab/lab.js';
import { add } from '../lab/runtime.js';
import { table } from './table.js';

const PLAN = [
  { name: 'blue-1', node: 'node1', network: 'blue' },
  { name: 'red-1', node: 'node1', network: 'red' },
  { name: 'blue-2', node: 'node2', network: 'blue' },
  { name: 'red-2', node: 'node2', network: 'red' },
] as const;

/** A container that is attached to its network. */
export interface Attached {
  readonly container: Container;
  readonly network: string;
  /** Without prefix length. */
  readonly v4: string;
  readonly v6: string;
  /** How long the plugin took, seen by its caller. */
  readonly milliseconds: number;
}

/** Makes the four containers and attaches them through the real forwarder, one after the other as a runtime would. */
export async function attachAll(lab: Lab): Promise<Attached[]> {
  const attached: Attached[] = [];
  for (const { name, node, network } of PLAN) {
    const container = await lab.container(node, name);
    const start = performance.now();
    const addresses = await add(container, { network });
    attached.push({ container, network, ...addresses, milliseconds: performance.now() - start });
  }
  return attached;
}

/** As a table. */
export function containerTable(attached: readonly Attached[]): string {
  const rows = attached.map(({ container, network, v4, v6, milliseconds }) => [
    ...[container.name, container.node.name, network, `${v4}/32`, `${v6}/128`],
    milliseconds.toFixed(1).padStart(6),
  ]);
  return table(['CONTAINER', 'NODE', 'NETWORK', 'IPV4', 'IPV6', 'ADD ms'], rows);
}
