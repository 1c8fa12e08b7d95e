/**
 * A node of a lab as a host for a real container runtime.
 *
 * The runtime lives in the namespaces of the node's controller, as on a machine: it must see the same /run/netns, and its
 * default socket is the node's own. What it writes to /etc, /opt and /var/lib goes to an overlay, and that to the node's
 * private /run, so it all is gone with the mount namespace; only processes and cgroups have to be looked for.
 */
import { mkdtempSync, readFileSync, readlinkSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { Lab } from '../lab/lab.js';
import { attempt, type Output, succeed } from '../lab/namespace.js';
import type { LabNode } from '../lab/node.js';
import { beside, privateWrites } from '../lab/private-run.js';
import { launch, type Running, signalProcess } from '../lab/process.js';
import { inRepository } from '../lab/repository.js';
import { until } from '../lab/until.js';
import { cgroupMounts, endCgroup } from './cgroups.js';
import { makeImage } from './image.js';

/** Everything but the cgroups. */
const PREPARE = `set -e
${privateWrites(['etc', 'opt', 'var/lib'])}
mkdir -p /opt/cni/bin /etc/cni/net.d
rm -f /etc/cni/net.d/*
ln -s /usr/lib/cni/* /opt/cni/bin
cp "$1" /opt/cni/bin`;

type Environment = Readonly<Record<string, string>>;

export interface RuntimeHost {
  readonly node: LabNode;
  /** A directory of the test's own, which the node sees under the same path. */
  readonly directory: string;
  /** The tar file of the tests' image; its name is IMAGE. */
  readonly image: string;
  /** The parent of every cgroup that a runtime makes here. */
  readonly cgroup: string;
  /** Runs a command beside the controller and returns what it printed. Throws when it fails. */
  exec(argv: readonly string[], env?: Environment): Promise<string>;
  /** The same; returns exit code and output. */
  attempt(argv: readonly string[], env?: Environment): Promise<Output>;
  /** Starts a program beside the controller that is not waited for; what it prints goes to `<directory>/<name>.log`. */
  launch(name: string, argv: readonly string[], env?: Environment): Running;
  /** The last lines of such a log. */
  log(name: string): string;
  /** Writes a file where the node sees it: its /etc is not the host's. */
  write(path: string, content: string): Promise<void>;
  /** Starts the controller, after it was killed, in the same namespaces as before. */
  startController(): Promise<void>;
  /** Ends what is left of the runtime's containers, and removes their cgroups and files. The node is the lab's. */
  down(): Promise<void>;
}

/** Prepares a node. Throws, with the kernel's reason, where overlays or cgroups cannot be mounted. */
export async function runtimeHost(lab: Lab, nodeName: string): Promise<RuntimeHost> {
  const node = lab.node(nodeName);
  const directory = mkdtempSync(join(tmpdir(), `s32-${lab.name}-`));
  const host = hostOf(node, directory, await anchorIn(node), `/s32-${lab.name}`);
  try {
    await host.exec(['sh', '-c', PREPARE, 'sh', inRepository('plugin/slash32')]);
    for (const argv of cgroupMounts()) await host.exec(argv);
    await makeImage(directory, host.image);
    return host;
  } catch (error) {
    await host.down();
    throw error;
  }
}

function hostOf(node: LabNode, directory: string, anchor: Running, cgroup: string): RuntimeHost {
  const onNode = (argv: readonly string[], env: Environment = {}) =>
    beside(anchor.pid, ['env', ...Object.entries(env).map(([name, value]) => `${name}=${value}`), ...argv]);
  const logFile = (name: string) => `${directory}/${name}.log`;
  return {
    node,
    directory,
    cgroup,
    image: `${directory}/image.tar`,
    exec: async (argv, env) => succeed(await attempt(onNode(argv, env)), argv, node.name),
    attempt: (argv, env) => attempt(onNode(argv, env)),
    launch: (name, argv, env) => launch(onNode(argv, env), logFile(name), process.env),
    log: (name) => readFileSync(logFile(name), 'utf8').split('\n').slice(-20).join('\n'),
    write: async (path, content) => {
      const argv = onNode(['tee', path]);
      succeed(await attempt(argv, content), argv, node.name);
    },
    startController: () => node.start('slash32d', { program: onNode([inRepository('bin/slash32d')]) }),
    down: async () => {
      await endCgroup(cgroup);
      await signalProcess(anchor, 'SIGKILL');
      rmSync(directory, { recursive: true, force: true });
    },
  };
}

/** A process that keeps the controller's namespaces alive when the controller is killed. */
async function anchorIn(node: LabNode): Promise<Running> {
  const controller = String(node.pid('slash32d'));
  const anchor = launch(beside(controller, ['sleep', 'infinity']), node.logFile('anchor'), process.env);
  const there = () => mountNamespace(String(anchor.pid)) === mountNamespace(controller);
  await until(there, { what: `a process in the namespaces of ${node.name}` });
  return anchor;
}

function mountNamespace(pid: string): string {
  return readlinkSync(`/proc/${pid}/ns/mnt`);
}
