/**
 * The labs of the benchmarks: `s32-bench-...`, gone at the end, after a failure, and after Ctrl-C. What a killed run has left
 * is removed by the next one.
 */
import { setTimeout as pause } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import { Lab } from '../e2e/lab/lab.js';
import { until } from '../e2e/lab/until.js';

const up = new Set<string>();
let isOver = false;

/** The sessions that a node of the fabric has with its ToR, by the node's addresses. */
const SESSIONS: Readonly<Record<string, readonly string[]>> = {
  node1: ['192.0.2.1', '2001:db8:ffff:1::1'],
  node2: ['192.0.2.3', '2001:db8:ffff:2::1'],
  bird1: ['192.0.2.5'],
  bird2: ['192.0.2.7'],
  frr1: ['192.0.2.9'],
};

/** Works in a lab of fabric/hosts.clab.yml in which only the ToR and these nodes run; their sessions stand. */
export function withHosts<T>(name: string, nodes: readonly string[], work: (lab: Lab) => Promise<T>): Promise<T> {
  return withLab(name, 'hosts', async (lab) => {
    await Promise.all(['tor1', ...nodes].map((node) => lab.node(node).startAll()));
    await established(lab, nodes);
    return work(lab);
  });
}

/** Works in a lab of fabric/tors.clab.yml; its sessions stand. */
export function withTors<T>(name: string, work: (lab: Lab) => Promise<T>): Promise<T> {
  return withLab(name, 'tors', async (lab) => {
    await Promise.all([...lab.nodes.keys()].map((node) => lab.node(node).startAll()));
    await established(lab, ['node1', 'bird1', 'frr1']);
    const isUp = async () => {
      const said = await lab.node('tor2').exec(['birdc', '-s', '/run/slash32/bird.ctl', 'show', 'protocols']);
      return said.match(/\bEstablished\b/g)?.length === 3;
    };
    await until(isUp, { what: 'the sessions of tor2' });
    return work(lab);
  });
}

/** Works in a lab of fabric/<topology>.clab.yml in which nothing runs yet. */
export async function withLab<T>(name: string, topology: string, work: (lab: Lab) => Promise<T>): Promise<T> {
  if (isOver) throw new Error('the run is being ended');
  const file = fileURLToPath(new URL(`../../bench/fabric/${topology}.clab.yml`, import.meta.url));
  up.add(`bench-${name}`);
  const lab = await Lab.forTests(file, { name: `bench-${name}`, bare: true });
  try {
    return await work(lab);
  } finally {
    await lab.down();
    up.delete(lab.name);
  }
}

/**
 * Ends a run in the middle. Its labs are removed under its feet, so what it does fails and cleans up too; whichever of the
 * two loses the race finds a namespace gone already, hence twice.
 */
export async function abandon(running: Promise<unknown>): Promise<void> {
  isOver = true;
  await removeAll().catch(() => {});
  await Promise.race([running, pause(15_000)]);
  await removeAll();
}

async function removeAll(): Promise<void> {
  for (const name of up) await Lab.find(name)?.down();
}

type Summary = Record<string, { readonly peers?: Record<string, { readonly state: string }> }>;

/** The sessions that tor1 has with these nodes. */
async function established(lab: Lab, nodes: readonly string[]): Promise<void> {
  const addresses = nodes.flatMap((node) => SESSIONS[node] ?? []);
  const isUp = async () => {
    const summary = await lab.node('tor1').vtyshJson<Summary>('show bgp summary json');
    const states = Object.assign({}, ...Object.values(summary).map(({ peers }) => peers)) as Record<
      string,
      { readonly state: string }
    >;
    return addresses.every((address) => states[address]?.state === 'Established');
  };
  await until(isUp, { what: `the sessions of tor1 with ${addresses.join(', ')}`, timeout: 40_000 });
}
