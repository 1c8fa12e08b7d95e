/** The lab in which routes are taken in: a feeder, and those who do the same with what it says (fabric/receivers.clab.yml). */
import { createInterface } from 'node:readline';
import { fileURLToPath } from 'node:url';
import { execa } from 'execa';
import type { Lab } from '../e2e/lab/lab.js';
import { inodeOf } from '../e2e/lab/namespace.js';
import type { LabNode } from '../e2e/lab/node.js';
import { commandOf, processesIn } from '../e2e/lab/process.js';
import { until } from '../e2e/lab/until.js';
import { withLab } from './labs.js';

/** Each with its AS number, its address and the feeder's on the link between them, and the kernel table that it fills. */
const PLACES = {
  slash32: { asn: 65001, address: '192.0.2.1', feeder: '192.0.2.0', table: 1001 },
  bird: { asn: 65002, address: '192.0.2.3', feeder: '192.0.2.2', table: 254 },
  frr: { asn: 65003, address: '192.0.2.5', feeder: '192.0.2.4', table: 254 },
  gobgp: { asn: 65004, address: '192.0.2.7', feeder: '192.0.2.6', table: undefined },
} as const;

export type ReceiverName = keyof typeof PLACES;

/** When the feeder wrote, CLOCK_MONOTONIC in ns: before the first byte, after the last. */
export interface Written {
  readonly begin: number;
  readonly end: number;
}

export interface Receiver {
  readonly name: ReceiverName;
  readonly node: LabNode;
  /** The kernel table that it fills; undefined where it fills none. */
  readonly table: number | undefined;
  /** Has the feeder say something; see speaker.ts. */
  feed(command: string): Promise<Written>;
  /** Its processes by the kernel's names; all of them without one. Never those of the feeder or of stop watches. */
  pids(...names: readonly string[]): readonly number[];
}

/** Works in a lab in which these run, each with its session to the feeder. */
export function withReceivers<T>(
  lab: string,
  names: readonly ReceiverName[],
  work: (receivers: readonly Receiver[], lab: Lab) => Promise<T>,
): Promise<T> {
  return withLab(lab, 'receivers', async (it) => {
    await Promise.all(names.map((name) => it.node(name).startAll()));
    return work(await Promise.all(names.map((name) => receiver(it, name))), it);
  });
}

async function receiver(lab: Lab, name: ReceiverName): Promise<Receiver> {
  const { address, feeder, table } = PLACES[name];
  const node = lab.node(name);
  const feed = await startFeeder(lab.node('feeder').namespace, [feeder, address, '65000'], name);
  const processes = processesIn(inodeOf(node.namespace)).map(({ pid }) => ({ pid, name: commandOf(pid) ?? '' }));
  return {
    name,
    node,
    table,
    feed,
    pids: (...wanted) =>
      processes.filter((it) => wanted.length === 0 || wanted.includes(it.name)).map(({ pid }) => pid),
  };
}

/** Starts one and waits for its session. It ends with the lab, and so do its promises. */
async function startFeeder(
  namespace: string,
  args: readonly string[],
  peer: string,
): Promise<(command: string) => Promise<Written>> {
  const program = fileURLToPath(new URL('speaker.js', import.meta.url));
  const argv = ['netns', 'exec', namespace, process.execPath, program, ...args];
  const running = execa('ip', argv, { reject: false, buffer: false, stderr: 'inherit' });
  const lines = createInterface(running.stdout)[Symbol.asyncIterator]();
  const line = async () => {
    const { value } = await lines.next();
    if (value === undefined) throw new Error(`the feeder has lost its session with ${peer}`);
    return value as string;
  };
  const stands = line();
  let isUp = false;
  stands.then(
    () => (isUp = true),
    () => {},
  );
  await until(() => isUp, { what: `the feeder's session with ${peer}`, timeout: 60_000 });
  return async (command) => {
    running.stdin.write(`${command}\n`);
    const [begin = 0, end = 0] = (await line()).split(' ').map(Number);
    return { begin, end };
  };
}

/** How many paths gobgpd has, local ones included. */
export async function pathsOf(node: LabNode): Promise<number> {
  const summary = await node.gobgp('global', 'rib', 'summary', '-a', 'ipv4');
  return Number(/Path: (\d+)/.exec(summary)?.[1] ?? Number.NaN);
}

/** How many routes of single hosts a kernel table has, counted by the kernel's own listing. */
export async function routesOf({ node, table }: Receiver): Promise<number> {
  const script = `ip -4 route show table ${table} 2>/dev/null | grep -c '^10\\.'`;
  const { stdout } = await execa('ip', ['netns', 'exec', node.namespace, 'sh', '-c', script], { reject: false });
  return Number(stdout);
}
