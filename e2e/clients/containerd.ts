/** A containerd in a node: its own configuration, image and directories, none of the host's. */
import { connect } from 'node:net';
import { dirname } from 'node:path';
import { isAlive, type Running, signalProcess } from '../lab/process.js';
import { until } from '../lab/until.js';
import { IMAGE } from './image.js';
import type { RuntimeHost } from './runtime-host.js';

/** Debian's. */
export const CONTAINERD = '/usr/bin/containerd';
/** Debian's too, for every daemon: that of containerd 2 has the daemon unpack images, which then wants a transfer plugin. */
const CTR = '/usr/bin/ctr';

export interface Containerd {
  /** Its gRPC socket, by a path that holds on the host as well. */
  readonly socket: string;
  /** Runs its own \`ctr\` and returns what that printed. Throws when it fails. */
  ctr(...args: string[]): Promise<string>;
  /** The command line of \`ctr\`, for who starts it himself. */
  ctrCommand(...args: string[]): string[];
  start(): Promise<void>;
  /** Ends the daemon only; its shims and containers live on. */
  kill(signal: NodeJS.Signals): Promise<void>;
}

/** Starts a containerd with the image of the tests in it. `program` names another version's daemon. */
export async function startContainerd(host: RuntimeHost, program = CONTAINERD): Promise<Containerd> {
  const socket = `${host.directory}/containerd.sock`;
  const config = `${host.directory}/containerd.toml`;
  const ctrCommand = (...args: string[]) => [CTR, '--address', socket, ...args];
  let running: Running | undefined;
  const containerd: Containerd = {
    socket,
    ctrCommand,
    ctr: (...args) => host.exec(ctrCommand(...args)),
    start: async () => {
      // Its shim is looked for in PATH, and must be of the same version.
      const env = { PATH: `${dirname(program)}:${process.env.PATH}` };
      const started = (running = host.launch('containerd', [program, '--config', config], env));
      const ready = async () => !isAlive(started) || (await serves(socket));
      await until(ready, { what: `containerd to serve; its log:\n${host.log('containerd')}` });
      if (!isAlive(started)) throw new Error(`containerd has ended at once; its log:\n${host.log('containerd')}`);
    },
    kill: async (signal) => {
      if (running) await signalProcess(running, signal);
    },
  };
  await host.write(config, configuration(socket));
  await containerd.start();
  await containerd.ctr('image', 'import', '--snapshotter', 'native', host.image);
  await containerd.ctr('--namespace', 'k8s.io', 'image', 'import', '--snapshotter', 'native', host.image);
  return containerd;
}

/** Version 2 of the format, which containerd 2 still reads. Root and state are in the node's private /run. */
function configuration(socket: string): string {
  return `version = 2
root = "/run/containerd-root"
state = "/run/containerd"
[grpc]
address = "${socket}"
[plugins."io.containerd.grpc.v1.cri"]
sandbox_image = "${IMAGE}"
disable_apparmor = true
restrict_oom_score_adj = true
[plugins."io.containerd.grpc.v1.cri".containerd]
snapshotter = "native"
[plugins."io.containerd.grpc.v1.cri".cni]
bin_dir = "/opt/cni/bin"
conf_dir = "/etc/cni/net.d"
`;
}

function serves(socket: string): Promise<boolean> {
  return new Promise((resolve) => {
    const connection = connect(socket)
      .on('connect', () => resolve(true))
      .on('error', () => resolve(false))
      .on('connect', () => connection.destroy());
  });
}
