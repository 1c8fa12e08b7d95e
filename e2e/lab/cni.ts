/** Calls the installed plugin as a runtime does: environment, NetConf on stdin, one JSON document on stdout. */
import { execa } from 'execa';
import type { Container } from './container.js';
import { inRepository } from './repository.js';

/** Directories with plugins for delegation: ours, and Debian's. */
const CNI_PATH = `${inRepository('plugin')}:/usr/lib/cni`;

/** One call. Everything but the verb has the value a runtime would choose. */
export interface CniCall {
  readonly command: 'ADD' | 'DEL' | 'CHECK' | 'STATUS' | 'GC' | 'VERSION';
  readonly container: Pick<Container, 'name' | 'netns' | 'node'>;
  /** The network configuration; needs a `network` or a `name`. */
  readonly netConf: Readonly<Record<string, unknown>>;
  readonly ifname?: string;
  readonly containerId?: string;
  /** Instead of the container's own; `''` as some runtimes do for DEL. */
  readonly netns?: string;
  readonly args?: string;
}

/** What the plugin answered. */
export interface CniAnswer {
  readonly code: number;
  /** The JSON document: a result, or an error with `code`, `msg`, `details`. Undefined when there was none. */
  readonly document: CniDocument | undefined;
  readonly stdout: string;
  /** From start to end of the plugin's process, as seen by its caller. */
  readonly milliseconds: number;
}

/** The parts of results and errors that are looked at (CNI specification, 1.0.0). */
export interface CniDocument {
  readonly cniVersion: string;
  readonly ips?: readonly { readonly address: string; readonly gateway?: string; readonly interface?: number }[];
  readonly interfaces?: readonly { readonly name: string; readonly mac?: string; readonly sandbox?: string }[];
  readonly routes?: readonly { readonly dst: string; readonly gw?: string }[];
  readonly code?: number;
  readonly msg?: string;
  readonly details?: string;
}

/** The NetConf of a network without IPAM plugin: addresses come from the node's pools. */
export function netConf(network: string): Record<string, unknown> {
  return { cniVersion: '1.0.0', name: network, type: 'slash32', network };
}

/** Runs the plugin once. Throws only when it cannot be started. */
export async function cni(call: CniCall): Promise<CniAnswer> {
  const { container } = call;
  const done = await execa(inRepository('plugin/slash32'), [], {
    input: JSON.stringify(call.netConf),
    reject: false,
    extendEnv: false,
    env: {
      PATH: process.env.PATH ?? '/usr/sbin:/usr/bin:/sbin:/bin',
      CNI_COMMAND: call.command,
      CNI_CONTAINERID: call.containerId ?? container.name,
      CNI_NETNS: call.netns ?? container.netns,
      CNI_IFNAME: call.ifname ?? 'eth0',
      CNI_PATH,
      ...(call.args === undefined ? {} : { CNI_ARGS: call.args }),
      SLASH32_SOCKET: container.node.cniSocket,
    },
  });
  if (done.exitCode === undefined) throw done;
  return { code: done.exitCode, document: parsed(done.stdout), stdout: done.stdout, milliseconds: done.durationMs };
}

/** Attaches a container to a network. Throws, with the plugin's own words, when it refuses. */
export async function attach(container: Container, network: string): Promise<CniAnswer & { document: CniDocument }> {
  const answer = await cni({ command: 'ADD', container, netConf: netConf(network) });
  const { document } = answer;
  if (answer.code !== 0 || !document) {
    const said = document ? [document.msg, document.details].filter(Boolean).join(' - ') : answer.stdout || 'nothing';
    throw new Error(`ADD of ${container.name} on ${container.node.name} ended with ${answer.code} and said: ${said}`);
  }
  return { ...answer, document };
}

function parsed(stdout: string): CniDocument | undefined {
  return stdout.trim() === '' ? undefined : (JSON.parse(stdout) as CniDocument);
}
