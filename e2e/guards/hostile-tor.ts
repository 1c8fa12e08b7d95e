/** A node with a ToR that says whatever it is told to, and what the node's kernel and its commands say about it. */
import { fileURLToPath } from 'node:url';
import { ask } from '../../src/cli/ask.js';
import { Lab } from '../lab/lab.js';
import type { LabNode } from '../lab/node.js';
import { gobgpSessions } from '../lab/sessions.js';

const TOPOLOGY = fileURLToPath(new URL('../../../e2e/guards/hijack.clab.yml', import.meta.url));
export const TARGET = '64512:100';

/** Brings node and ToR up, until both sessions stand. */
export async function hostileLab(name: string): Promise<Lab> {
  const lab = await Lab.forTests(TOPOLOGY, { name });
  try {
    await gobgpSessions(lab.node('tor1'), 2);
    return lab;
  } catch (error) {
    await lab.down();
    throw error;
  }
}

const ownNextHop = (prefix: string) => (prefix.includes(':') ? '2001:db8:ffff:1::' : '192.0.2.0');
const familyOf = (prefix: string) => (prefix.includes(':') ? 'ipv6' : 'ipv4');

/** The ToR says that this is behind it, or behind another next hop; with our target, or without any. */
export async function announce(
  lab: Lab,
  prefix: string,
  {
    nextHop = ownNextHop(prefix),
    target = TARGET,
  }: { readonly nextHop?: string; readonly target?: string | null } = {},
): Promise<void> {
  const rt = target === null ? [] : ['rt', target];
  await lab.node('tor1').gobgp('global', 'rib', 'add', '-a', familyOf(prefix), prefix, 'nexthop', nextHop, ...rt);
}

export async function withdraw(lab: Lab, prefix: string): Promise<void> {
  await lab.node('tor1').gobgp('global', 'rib', 'del', '-a', familyOf(prefix), prefix);
}

/** What the node's own gobgpd has taken from the ToR. */
export async function accepted(lab: Lab): Promise<string[]> {
  const ribs = await Promise.all(
    (['192.0.2.0', '2001:db8:ffff:1::'] as const).map(async (peer, i) => {
      const text = await lab.node('node1').gobgp('-j', 'neighbor', peer, 'adj-in', '-a', i === 0 ? 'ipv4' : 'ipv6');
      return Object.keys(JSON.parse(text || '{}') ?? {});
    }),
  );
  return ribs.flat();
}

/** Every route of every table but the kernel's own caches, as `ip` prints it. */
export async function allRoutes(node: LabNode): Promise<string[]> {
  const show = (family: string) => node.exec(['ip', family, 'route', 'show', 'table', 'all']);
  return `${await show('-4')}\n${await show('-6')}`
    .split('\n')
    .map((line) => line.trim())
    .sort();
}

/** Asks the node's controller what the CLI would ask. */
export function asked<T>(lab: Lab, path: string): Promise<T> {
  return ask<T>(`${lab.node('node1').directory}/slash32/admin.sock`, path);
}
