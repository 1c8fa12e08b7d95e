/** The fabric of the main job, and what independent witnesses say of it: ip, nft, vtysh, gobgp. */

import { existsSync, readdirSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { Lab } from '../lab/lab.js';
import type { LabNode } from '../lab/node.js';
import { until } from '../lab/until.js';

export const FABRIC = fileURLToPath(new URL('../../../e2e/fabric.clab.yml', import.meta.url));

/** Brings the fabric up under a name of its own, until every session stands. */
export async function fabricUp(name: string): Promise<Lab> {
  const lab = await Lab.forTests(FABRIC, { name });
  try {
    await peersUp(lab);
  } catch (error) {
    await lab.down();
    throw error;
  }
  return lab;
}

/** Every BGP session of the ToR is established. */
export async function peersUp(lab: Lab): Promise<void> {
  await until(
    async () => {
      const summary = await lab
        .node('tor1')
        .vtyshJson<Record<string, { peers: Record<string, { state: string }> }>>('show bgp summary json');
      const peers = Object.values(summary).flatMap((family) => Object.values(family.peers ?? {}));
      return peers.length >= 4 && peers.every(({ state }) => state === 'Established');
    },
    { what: 'every BGP session of tor1' },
  );
}

/** The prefixes that a node's kernel routes, by BGP or by us: what `ip route` of that namespace shows. */
export async function kernelRoutes(node: LabNode, table: number | 'main', family: 4 | 6 = 4): Promise<string[]> {
  const argv = ['ip', `-${family}`, '-j', 'route', 'show', 'table', String(table)];
  const { code, stdout } = await node.attempt(argv);
  // A table without routes does not exist, and that is what the kernel says.
  if (code !== 0) return [];
  return (JSON.parse(stdout || '[]') as { dst: string }[]).map(({ dst }) => dst).sort();
}

/** Waits until the ToR's kernel has, or has not, a route to this address. */
export async function atTor(lab: Lab, address: string, present = true): Promise<void> {
  const family = address.includes(':') ? 6 : 4;
  await until(async () => (await kernelRoutes(lab.node('tor1'), 'main', family)).includes(address) === present, {
    what: `${address} to be ${present ? 'in' : 'gone from'} the kernel of tor1`,
  });
}

/** Waits until every node has a route to this address in the table of some network. */
export async function atNodes(lab: Lab, address: string): Promise<void> {
  const family = address.includes(':') ? 6 : 4;
  for (const node of [lab.node('node1'), lab.node('node2')]) {
    const heard = async () => [
      ...(await kernelRoutes(node, 1001, family)),
      ...(await kernelRoutes(node, 1002, family)),
    ];
    await until(async () => (await heard()).includes(address), { what: `a route to ${address} on ${node.name}` });
  }
}

/** What a node holds, each by name. */
export interface Holdings {
  readonly links: readonly string[];
  readonly routes: readonly string[];
  readonly filters: readonly string[];
  readonly records: readonly string[];
  readonly tombstones: readonly string[];
  readonly announced: readonly string[];
}

/** All that a node holds for endpoints; empty lists on an empty node. The leak oracle of the main job. */
export async function holdings(node: LabNode): Promise<Holdings> {
  const links = JSON.parse(await node.exec(['ip', '-j', 'link'])) as { ifname: string }[];
  const files = (directory: string) =>
    existsSync(directory) ? readdirSync(directory).filter((file) => !file.startsWith('.')) : [];
  const routes = async (family: number) => {
    const all = JSON.parse(
      (await node.exec(['ip', `-${family}`, '-j', 'route', 'show', 'table', 'all', 'proto', '32'])) || '[]',
    );
    return (all as { dst: string; table?: string; dev?: string }[])
      .filter(({ dev }) => dev?.startsWith('s32'))
      .map(({ dst, table }) => `${dst} ${table ?? 'main'}`);
  };
  const elements = (await node.exec(['nft', '-j', 'list', 'table', 'inet', 'slash32'])).match(/"elem"/g) ?? [];
  return {
    links: links.map(({ ifname }) => ifname).filter((name) => name.startsWith('s32')),
    routes: [...(await routes(4)), ...(await routes(6))],
    filters: elements,
    records: files(`${node.directory}/slash32/endpoints`),
    tombstones: files(`${node.directory}/slash32/tombstones`).filter((file) => file !== 'corrupt'),
    announced: await announced(node),
  };
}

/** What gobgpd says for us, asked with Debian's own client. */
export async function announced(node: LabNode): Promise<string[]> {
  const list = async (family: string) => {
    const text = await node.gobgp('-j', 'global', 'rib', '-a', family);
    const rib = JSON.parse(text || '{}') as Record<string, { 'neighbor-ip'?: string; source_id?: string }[]>;
    return Object.entries(rib ?? {})
      .filter(([, paths]) => paths.some((path) => isLocal(path)))
      .map(([prefix]) => prefix);
  };
  return [...(await list('ipv4')), ...(await list('ipv6'))];
}

function isLocal(path: Record<string, unknown>): boolean {
  const from = path['neighbor-ip'];
  return from === undefined || from === '<nil>' || from === '';
}

/** Empty on an empty node. */
export const NOTHING: Holdings = { links: [], routes: [], filters: [], records: [], tombstones: [], announced: [] };
