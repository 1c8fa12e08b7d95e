/** A podman in a node, with its CNI back end: own storage, own configuration, no daemon. */
import type { Running } from '../lab/process.js';
import { IMAGE } from './image.js';
import type { RuntimeHost } from './runtime-host.js';

/** Debian's. */
export const PODMAN = '/usr/bin/podman';

export interface Podman {
  /** Runs one podman command and returns what it printed. Throws when it fails. */
  (...args: string[]): Promise<string>;
  /** Starts one that is not waited for. */
  launch(...args: string[]): Running;
}

/** Prepares podman with a network of this name, and the image of the tests. */
export async function setUpPodman(host: RuntimeHost, network: string, conflist: object): Promise<Podman> {
  const networks = `${host.directory}/podman-networks`;
  const settings = `${host.directory}/containers.conf`;
  await host.exec(['mkdir', networks]);
  await host.write(`${networks}/${network}.conflist`, JSON.stringify(conflist));
  await host.write(settings, configuration(networks, network));
  const places = ['--root', '/run/podman-root', '--runroot', '/run/podman-run', '--tmpdir', '/run/podman-tmp'];
  const command = (args: readonly string[]) => [PODMAN, '--storage-driver', 'vfs', ...places, ...args];
  const env = { CONTAINERS_CONF: settings };
  const podman = Object.assign((...args: string[]) => host.exec(command(args), env), {
    launch: (...args: string[]) => host.launch('podman', command(args), env),
  });
  await podman('load', '--input', host.image);
  return podman;
}

/** The arguments of \`podman run\` for a container that just lives. Limits that every machine allows. */
export function runDetached(host: RuntimeHost, name: string, ...options: string[]): string[] {
  const limits = ['--ulimit', 'nofile=1024:1024', '--ulimit', 'nproc=1024:1024'];
  return ['run', '--detach', '--name', name, '--cgroup-parent', host.cgroup, ...limits, ...options, IMAGE];
}

function configuration(networks: string, network: string): string {
  return `[network]
network_backend = "cni"
cni_plugin_dirs = ["/opt/cni/bin"]
network_config_dir = "${networks}"
default_network = "${network}"
[engine]
cgroup_manager = "cgroupfs"
runtime = "runc"
events_logger = "none"
[containers]
log_driver = "k8s-file"
`;
}
