/** Three nodes with one container of each network, and what they are told. */
import { readFileSync, writeFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import type { Container } from '../lab/container.js';
import { Lab } from '../lab/lab.js';
import type { LabNode } from '../lab/node.js';
import { add } from '../lab/runtime.js';
import { frrSessions } from '../lab/sessions.js';
import { PLAN, type Plan, planYaml } from './plan.js';
import { type Placed, Prober } from './prober.js';

const FABRIC = fileURLToPath(new URL('../../../e2e/isolation/fabric.clab.yml', import.meta.url));
const FILE = '/etc/slash32/node.yaml';

export const NODES = ['node1', 'node2', 'node3'] as const;

/** A party that is a container, and where the node holds its other end. */
export interface Member extends Placed {
  readonly container: Container;
  readonly hostLink: string;
}

/** A running fabric, all its parties, and the means to let them talk. */
export interface Fabric {
  readonly lab: Lab;
  /** Every container; `mesh-1` is the one of network mesh on node1. */
  readonly containers: ReadonlyMap<string, Member>;
  /** Containers and hosts. */
  readonly parties: readonly Placed[];
  readonly prober: Prober;
  /** Tells all nodes a new plan by SIGHUP. */
  tell(plan: Plan): Promise<void>;
  down(): Promise<void>;
}

/** Brings it up with a plan, one container of every network on every node, until the ToR has heard of all nodes. */
export async function isolationUp(name: string, networks = Object.keys(PLAN.networks), plan = PLAN): Promise<Fabric> {
  const lab = await Lab.forTests(FABRIC, { name, bare: true });
  try {
    const nodes = NODES.map((node) => lab.node(node));
    const common = new Map(nodes.map((node) => [node.name, readFileSync(node.boundFile(FILE), 'utf8')]));
    const write = (node: LabNode, next: Plan) =>
      writeFileSync(node.boundFile(FILE), common.get(node.name) + planYaml(next, node.name));
    for (const node of nodes) write(node, plan);
    await Promise.all([...lab.nodes.values()].map((node) => node.startAll()));
    await sessionsUp(lab);
    const containers = new Map<string, Member>();
    for (const node of NODES)
      for (const network of networks) {
        const one = await attached(lab, node, network);
        containers.set(one.name, one);
      }
    const parties = [...containers.values(), ...NODES.map((node) => hostOf(lab.node(node)))];
    const prober = new Prober(parties, nodes);
    const tell = async (next: Plan) => {
      for (const node of nodes) {
        write(node, next);
        await node.kill('slash32d', 'SIGHUP');
      }
    };
    const down = async () => {
      prober[Symbol.dispose]();
      await lab.down();
    };
    return { lab, containers, parties, prober, tell, down };
  } catch (error) {
    await lab.down();
    throw error;
  }
}

/** A container of a network, attached. */
export async function attached(lab: Lab, node: string, network: string, suffix = ''): Promise<Member> {
  const container = await lab.container(node, `${network}-${node.replace(/\D/g, '')}${suffix}`);
  const { v4, v6, hostLink } = await add(container, { network });
  return { name: container.name, node, network, namespace: container.namespace, v4, v6, container, hostLink };
}

function hostOf(node: LabNode): Placed {
  const number = Number(node.name.replace(/\D/g, ''));
  return {
    name: `host-${number}`,
    node: node.name,
    network: 'host',
    namespace: node.namespace,
    v4: `192.0.2.${2 * number - 1}`,
    v6: `2001:db8:ffff:${number}::1`,
  };
}

/** Every BGP session of the ToR is established. */
export async function sessionsUp(lab: Lab): Promise<void> {
  await frrSessions(lab.node('tor1'), 2 * NODES.length);
}
