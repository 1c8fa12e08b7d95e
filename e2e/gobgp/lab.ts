/**
 * A lab of two network namespaces and one wire: `a`, the node with gobgpd, and `b`, its neighbour. Everything in it is named
 * s32-gobgp-<label>, and gone when it is disposed; what a killed test left behind is removed before it is made again.
 */
import { mkdir, rm } from 'node:fs/promises';
import { type ExecaMethod, execa } from 'execa';
import { prefix } from '../../src/model/address.js';
import type { ListenRange } from '../../src/model/peer.js';

/** Addresses of the two ends. */
export const NODE = { v4: '198.51.100.1', v6: '2001:db8::1' } as const;
export const NEIGHBOUR = { v4: '198.51.100.2', v6: '2001:db8::2' } as const;

/** Who is on the wire may come, over IPv4. */
export const RANGE: ListenRange = {
  ...{ name: 'tors', prefix: prefix('198.51.100.0/24'), asn: 65000 },
  ...{ families: [4], untagged: [] },
};

const QUIETLY = { reject: false, stdin: 'ignore', buffer: false, stdout: 'ignore', stderr: 'ignore' } as const;

/** A program that runs in a lab. */
export type Running = ReturnType<ExecaMethod<typeof QUIETLY>>;

/** One end of the wire. */
export type End = 'a' | 'b';

/** Two namespaces, a directory for sockets, and the processes started in there. */
export interface Lab extends AsyncDisposable {
  readonly directory: string;
  namespace(end: End): string;
  /** Starts a program there; it is killed with the lab. */
  start(end: End, command: string, ...args: string[]): Running;
  /** Runs a program there, and returns what it printed. */
  run(end: End, command: string, ...args: string[]): Promise<string>;
}

/** Builds a lab. `label` is one per test file. */
export async function createLab(label: string): Promise<Lab> {
  const name = `s32-gobgp-${label}`;
  const namespace = (end: End) => `${name}-${end}`;
  const directory = `/run/${name}`;
  const processes: Running[] = [];
  const inside = (end: End, command: string, args: string[]) =>
    [`--net=/run/netns/${namespace(end)}`, command, ...args] as const;
  const removeAll = async () => {
    for (const end of ['a', 'b'] as const) await execa('ip', ['netns', 'del', namespace(end)], { reject: false });
    await rm(directory, { recursive: true, force: true });
  };
  await removeAll();
  await mkdir(directory, { mode: 0o755 });
  await wire(namespace('a'), namespace('b'));
  return {
    directory,
    namespace,
    start: (end, command, ...args) => {
      const started = execa('nsenter', inside(end, command, args), QUIETLY);
      processes.push(started);
      return started;
    },
    run: async (end, command, ...args) => (await execa('nsenter', inside(end, command, args))).stdout,
    async [Symbol.asyncDispose]() {
      for (const one of processes) one.kill('SIGKILL');
      await Promise.all(processes);
      await removeAll();
    },
  };
}

async function wire(a: string, b: string): Promise<void> {
  // No duplicate address detection: its end is a route change of its own.
  const sysctls = ['net.ipv4.ip_forward=1', 'net.ipv6.conf.all.forwarding=1', 'net.ipv6.conf.default.accept_dad=0'];
  for (const one of [a, b]) {
    await execa('ip', ['netns', 'add', one]);
    await execa('ip', ['netns', 'exec', one, 'sysctl', '-qw', ...sysctls]);
  }
  await execa('ip', ['-n', a, 'link', 'add', 'wire', 'type', 'veth', 'peer', 'name', 'wire', 'netns', b]);
  const ends = [
    [a, NODE],
    [b, NEIGHBOUR],
  ] as const;
  for (const [one, { v4, v6 }] of ends) {
    await execa('ip', ['-n', one, 'addr', 'add', `${v4}/24`, 'dev', 'wire']);
    await execa('ip', ['-n', one, 'addr', 'add', `${v6}/64`, 'dev', 'wire', 'nodad']);
    for (const link of ['lo', 'wire']) await execa('ip', ['-n', one, 'link', 'set', link, 'up']);
  }
}
