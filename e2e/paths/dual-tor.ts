/** The fabric with two ToRs, and flows that cross it both ways. */
import { fileURLToPath } from 'node:url';
import type { Container } from '../lab/container.js';
import { Lab } from '../lab/lab.js';
import type { LabNode } from '../lab/node.js';
import { type PingResult, startPinging } from '../lab/ping.js';
import { waitedForProcessor } from '../lab/processor.js';
import { type Attached, add } from '../lab/runtime.js';
import { frrSessions } from '../lab/sessions.js';
import { until } from '../lab/until.js';

const TOPOLOGY = fileURLToPath(new URL('../../../e2e/paths/dual-tor.clab.yml', import.meta.url));

/** A container and its addresses. */
export type Attachment = Container & Attached;

/** Brings both ToRs and both nodes up. Both nodes then have four sessions each. */
export async function dualTorUp(name: string): Promise<Lab> {
  const lab = await Lab.forTests(TOPOLOGY, { name });
  try {
    for (const tor of ['tor1', 'tor2']) await sessionsUp(lab.node(tor));
    return lab;
  } catch (error) {
    await lab.down();
    throw error;
  }
}

/** Every session of this ToR is established. */
export async function sessionsUp(tor: LabNode, sessions = 4): Promise<void> {
  await frrSessions(tor, sessions);
}

/** Attaches a container that must get its addresses. */
export async function attach(lab: Lab, node: string, name: string): Promise<Attachment> {
  const container = await lab.container(node, name);
  return Object.assign(container, await add(container));
}

/** The next hops of a node's route to an address, in the table of blue: what `ip route` shows. */
export async function waysTo(node: LabNode, address: string): Promise<string[]> {
  const argv = ['ip', address.includes(':') ? '-6' : '-4', '-j', 'route', 'show', address, 'table', '1001'];
  const { code, stdout } = await node.attempt(argv);
  const [route] = code === 0 ? (JSON.parse(stdout || '[]') as Listed[]) : [];
  const hops = route?.nexthops ?? (route ? [route] : []);
  return hops.flatMap(({ gateway }) => gateway ?? []).sort();
}

interface Listed {
  readonly gateway?: string;
  readonly nexthops?: readonly { readonly gateway?: string }[];
}

/** Waits until this node has so many ways to an address. */
export async function hasWays(node: LabNode, address: string, count: number): Promise<void> {
  await until(async () => (await waysTo(node, address)).length === count, {
    what: `${count} ways to ${address} on ${node.name}`,
  });
}

/** Both nodes have both ways to each other's containers. */
export async function bothWays(lab: Lab, ones: readonly Attachment[], others: readonly Attachment[]): Promise<void> {
  for (const [node, containers] of [
    ['node1', others],
    ['node2', ones],
  ] as const) {
    for (const { v4, v6 } of containers) for (const to of [v4, v6]) await hasWays(lab.node(node), to, 2);
  }
}

/** What flows between all these containers saw while something happened. */
export interface Flows {
  readonly sent: number;
  readonly lost: number;
  /** Milliseconds without an answer, of the flow that waited longest. */
  readonly gap: number;
  /** Milliseconds in which this machine kept its processes waiting. */
  readonly waited: number;
}

/** Pings every 10 ms between each pair and in both IP versions: enough flows that both ToRs carry some. */
export async function duringFlows(
  ones: readonly Attachment[],
  others: readonly Attachment[],
  what: () => Promise<void>,
): Promise<Flows> {
  const pingers = ones.flatMap(({ namespace }) =>
    others.flatMap(({ v4, v6 }) => [startPinging(namespace, v4), startPinging(namespace, v6)]),
  );
  const waited = waitedForProcessor();
  await what();
  const results: PingResult[] = await Promise.all(pingers.map((pinger) => pinger.stop()));
  return {
    sent: results.reduce((sum, { sent }) => sum + sent, 0),
    lost: results.reduce((sum, { lost }) => sum + lost, 0),
    gap: Math.round(Math.max(...results.map(({ longestGap }) => longestGap))),
    waited: Math.round(waitedForProcessor() - waited),
  };
}
