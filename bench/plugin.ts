/**
 * The CNI plugins that are compared, each executed as a container runtime does it. Ours is the shipped thing on a fabric
 * that stands: installed forwarder, controller with filters and records, announcements accepted by a real gobgpd. The peer is
 * Debian's ptp with host-local. It gives IPv4 only, since with IPv6 it waits 1.7 s for duplicate address detection; ours
 * gives both.
 */
import { writeFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { execa } from 'execa';
import type { Container } from '../e2e/lab/container.js';
import type { Lab } from '../e2e/lab/lab.js';
import { FORWARDER } from '../e2e/lab/runtime.js';

/** How to execute one, and where. */
export interface Plugin {
  readonly name: string;
  /** The node whose containers it attaches. */
  readonly node: string;
  readonly argv: readonly string[];
  readonly env: Readonly<Record<string, string>>;
}

/** One execution for one container, or for several at once. */
export interface Execution {
  /** CLOCK_MONOTONIC, ns: before the first spawn. */
  readonly begin: number;
  /** Until after the last exit. */
  readonly milliseconds: number;
  /** What the plugins printed. */
  readonly stdout: string;
}

/** Ours on a node that runs slash32. */
export function slash32(lab: Lab, node: string): Plugin {
  const conf = { cniVersion: '1.0.0', name: 'blue', type: 'slash32' };
  return {
    name: 'slash32',
    node,
    argv: timedExec(lab, node, conf, FORWARDER),
    env: { SLASH32_SOCKET: lab.node(node).cniSocket },
  };
}

/** Debian's ptp + host-local on a node; addresses come from 10.<octet>.0.0/16. */
export function ptp(lab: Lab, node: string, octet: number): Plugin {
  const ipam = {
    type: 'host-local',
    dataDir: `${lab.node(node).directory}/host-local`,
    ranges: [[{ subnet: `10.${octet}.0.0/16` }]],
    routes: [{ dst: '0.0.0.0/0' }],
  };
  const conf = { cniVersion: '1.0.0', name: 'ptp', type: 'ptp', ipam };
  const inHost = ['ip', 'netns', 'exec', lab.node(node).namespace];
  return { name: 'ptp', node, argv: [...inHost, ...timedExec(lab, node, conf, '/usr/lib/cni/ptp')], env: {} };
}

/** Executes one verb. Throws, with what the plugin said, when it fails. */
export async function execute(
  { argv, env, name }: Plugin,
  verb: 'ADD' | 'DEL',
  containers: readonly Pick<Container, 'namespace'>[],
): Promise<Execution> {
  const [file = '', ...args] = [...argv, ...containers.map(({ namespace }) => namespace)];
  const variables = { ...env, CNI_COMMAND: verb, CNI_IFNAME: 'eth0', CNI_PATH: '/usr/lib/cni' };
  const done = await execa(file, args, { env: variables, reject: false });
  if (done.exitCode !== 0) throw new Error(`${verb} by ${name} failed: ${done.stdout || done.stderr}`);
  const [begin = 0, end = 0] = done.stderr.trim().split('\n').at(-1)!.split(' ').map(Number);
  return { begin, milliseconds: (end - begin) / 1e6, stdout: done.stdout };
}

/** The IPv4 address in the answer to an ADD. */
export function addressIn({ stdout }: Execution): string {
  const found = /"address":\s*"(\d+\.\d+\.\d+\.\d+)\//.exec(stdout);
  if (!found?.[1]) throw new Error(`no IPv4 address in the answer to ADD: ${stdout}`);
  return found[1];
}

function timedExec(lab: Lab, node: string, conf: object, program: string): string[] {
  const input = `${lab.node(node).directory}/${node}.conf.json`;
  writeFileSync(input, JSON.stringify(conf));
  return [tool('timed-exec'), input, program];
}

/** The path of a tool that bench/Makefile builds. */
export function tool(name: string): string {
  return fileURLToPath(new URL(`../../bench/${name}`, import.meta.url));
}
