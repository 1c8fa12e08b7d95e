/** The fabric of this folder, and what gobgpd itself says of its peers. */
import { fileURLToPath } from 'node:url';
import { processorMilliseconds } from '../../src/sidecar/processor-time.js';
import { Lab } from '../lab/lab.js';
import type { LabNode } from '../lab/node.js';
import { until } from '../lab/until.js';

const PEERS = fileURLToPath(new URL('../../../e2e/peers/peers.clab.yml', import.meta.url));

/** Brings it up until every session stands. */
export async function peersLab(name: string): Promise<Lab> {
  const lab = await Lab.forTests(PEERS, { name: `peers-${name}` });
  try {
    for (const [node, count] of [
      ['node1', 1],
      ['node2', 2],
    ] as const) {
      await established(lab.node(node), count);
    }
    return lab;
  } catch (error) {
    const said = ['node1', 'node2'].map((node) => lab.node(node).log('slash32d', 12));
    await lab.down();
    throw new Error(`${(error as Error).message}\n${said.join('\n')}`, { cause: error });
  }
}

/** A session as Debian's gobgp tells it. */
export interface Session {
  readonly address: string;
  readonly established: boolean;
  /** Unix time in seconds. */
  readonly since: number;
}

/** Waits until so many of a node's sessions stand. */
export async function established(node: LabNode, count: number): Promise<void> {
  await until(async () => (await sessions(node)).filter((session) => session.established).length === count, {
    what: `${count} sessions of ${node.name}`,
  });
}

export async function sessions(node: LabNode): Promise<Session[]> {
  const text = await node.gobgp('-j', 'neighbor');
  const peers = JSON.parse(text) as {
    conf: { neighbor_address?: string };
    // Who came by a listen range was never configured.
    state: { session_state?: number; neighbor_address: string };
    timers: { state: { uptime?: { seconds: number } } };
  }[];
  const all = peers.map(({ conf, state, timers }) => ({
    address: conf.neighbor_address ?? state.neighbor_address,
    established: state.session_state === 6,
    since: timers.state.uptime?.seconds ?? 0,
  }));
  return all.sort((a, b) => (a.address < b.address ? -1 : 1));
}

/** What `slash32 status` prints on a node, as its JSON, and its exit code. */
export async function status(node: LabNode) {
  const { code, stdout } = await node.slash32('status', '-o', 'json');
  return { code, ...JSON.parse(stdout) };
}

/** User and system time of controller and gobgpd so far. */
export function cpuSeconds(node: LabNode): number {
  return ['slash32d', 'gobgpd'].reduce((sum, name) => sum + processorMilliseconds(node.pid(name)!) / 1000, 0);
}
