/** A container runtime reduced to what CNI sees of it: it makes a namespace, executes the plugin, and reads the answer. */
import { fileURLToPath } from 'node:url';
import { execa } from 'execa';
import type { Container } from './container.js';

export const FORWARDER = fileURLToPath(new URL('../../../plugin/slash32', import.meta.url));

/** What came back from one execution of the plugin. */
export interface Answer {
  readonly exitCode: number;
  /** stdout as JSON; undefined when there was none. */
  // biome-ignore lint/suspicious/noExplicitAny: a test looks at whatever the plugin printed
  readonly json: any;
  readonly stderr: string;
  readonly milliseconds: number;
}

/** What a test may vary. Everything else is as containerd would send it. */
export interface Call {
  readonly containerId?: string;
  readonly ifname?: string;
  readonly netns?: string;
  readonly network?: string;
  /** Merged over the network configuration. */
  readonly conf?: object;
  /** Instead of the network configuration: sent byte for byte. */
  readonly stdin?: string | Uint8Array;
  readonly env?: Readonly<Record<string, string>>;
}

/** What of a container a call needs; others than the lab may have made it. */
export type Attachable = Pick<Container, 'name' | 'netns' | 'node'>;

/** Executes the installed forwarder for one verb. */
export async function cni(verb: string, container: Attachable, call: Call = {}): Promise<Answer> {
  const { network = 'blue', ifname = 'eth0', containerId = container.name, netns = container.netns } = call;
  const conf = { cniVersion: '1.0.0', name: network, type: 'slash32', network, ...call.conf };
  const start = performance.now();
  const done = await execa(FORWARDER, [], {
    env: {
      CNI_COMMAND: verb,
      CNI_CONTAINERID: containerId,
      CNI_NETNS: netns,
      CNI_IFNAME: ifname,
      CNI_PATH: '/usr/lib/cni',
      SLASH32_SOCKET: container.node.cniSocket,
      ...call.env,
    },
    extendEnv: false,
    input: call.stdin ?? JSON.stringify(conf),
    reject: false,
  });
  return {
    exitCode: done.exitCode ?? 128,
    json: done.stdout === '' ? undefined : JSON.parse(done.stdout),
    stderr: done.stderr,
    milliseconds: performance.now() - start,
  };
}

/** The addresses of one attachment. */
export interface Attached {
  readonly v4: string;
  readonly v6: string;
  readonly hostLink: string;
  // biome-ignore lint/suspicious/noExplicitAny: as above
  readonly result: any;
}

/** ADD that must succeed. */
export async function add(container: Attachable, call: Call = {}): Promise<Attached> {
  const answer = await cni('ADD', container, call);
  if (answer.exitCode !== 0)
    throw new Error(`ADD of ${container.name} failed: ${JSON.stringify(answer.json)} ${answer.stderr}`);
  const [v4, v6] = (answer.json.ips as { address: string }[]).map(({ address }) => address.replace(/\/\d+$/, ''));
  const { json: result } = answer;
  return { v4: v4!, v6: v6!, hostLink: result.interfaces[0].name, result };
}

/** DEL that must succeed. */
export async function del(container: Attachable, call: Call = {}): Promise<void> {
  const answer = await cni('DEL', container, call);
  if (answer.exitCode !== 0)
    throw new Error(`DEL of ${container.name} failed: ${JSON.stringify(answer.json)} ${answer.stderr}`);
}
