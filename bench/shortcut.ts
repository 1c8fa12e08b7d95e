/**
 * `node dist/bench/shortcut.js`: what a packet between containers would cost if BPF programs took it past the stack
 * (shortcut.bpf.c), beside ours as it is and ptp. docs/one-packet.md says what came of it.
 *
 * Programs stand on the uplinks of both nodes, and know two of three pairs of containers: one whose host ends have a program
 * too, and one whose have none. The third pair pays for being looked up and not found.
 * Needs clang, libbpf-dev, bpftool, and Linux 6.5 with cls_bpf.
 */
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { execa } from 'execa';
import type { Lab } from '../e2e/lab/lab.js';
import { abandon, withHosts } from './labs.js';
import { ptp, slash32 } from './plugin.js';
import { measure, PARTS, type Pair, pair } from './rows/path.js';
import { percentile } from './statistics.js';

const ROUNDS = 25;
const TABLE = 1001;
/** What a host end may carry although a program stands in its place: discovery of neighbours, the pings of the beginning. */
const STRAY = 100;

/** The host end of a container. */
interface HostEnd {
  readonly node: string;
  readonly address: string;
  readonly link: string;
  readonly index: number;
}

const say = (line: string) => process.stdout.write(`${line}\n`);

const running = withHosts('shortcut', ['node1', 'node2', 'ptp1', 'ptp2'], async (lab) => {
  const add = (name: string) => pair(lab, name, slash32(lab, 'node1'), slash32(lab, 'node2'));
  const [ours, uplink, both] = [await add('slash32'), await add('uplink'), await add('both')];
  await lab.node('tor1').exec(['ip', 'route', 'add', '10.101.0.0/16', 'via', '192.0.2.11']);
  await lab.node('tor1').exec(['ip', 'route', 'add', '10.102.0.0/16', 'via', '192.0.2.13']);
  const peer = await pair(lab, 'ptp', ptp(lab, 'ptp1', 101), ptp(lab, 'ptp2', 102));

  say('without programs, of ptp: median, and half of the rounds');
  await compare([ours, peer]);
  const ends = { uplink: await hostEnds(lab, uplink), both: await hostEnds(lab, both) };
  for (const at of [0, 1]) await shortcut(lab, [ends.uplink[at]!, ends.both[at]!], ends.both[at]!);
  say('with programs on the uplinks, which know "uplink" and "both"; and on the host ends of "both"');
  await compare([ours, uplink, both, peer]);
  for (const end of [ends.uplink[1]!, ends.both[1]!]) await expectStill(lab, end);
});

/** Prints each pair beside the last one. */
async function compare(pairs: readonly Pair[]): Promise<void> {
  const samples = await measure(pairs, { rounds: ROUNDS, say: () => {} });
  const peer = samples.at(-1)!;
  for (const [i, { name }] of pairs.entries()) {
    const cells = PARTS.map(({ part }, at) => {
      const ratios = samples[i]![at]!.map((value, round) => value / peer[at]![round]!);
      const [low, median, high] = [25, 50, 75].map((percent) => percentile(ratios, percent).toFixed(3));
      return `${part} ${median} (${low} to ${high})`;
    });
    say(`  ${name.padEnd(8)} ${cells.join('  ')}`);
  }
}

/** The sender's, then the receiver's. */
async function hostEnds(lab: Lab, { source, to }: Pair): Promise<HostEnd[]> {
  return [await hostEnd(lab, 'node1', source), await hostEnd(lab, 'node2', to)];
}

async function hostEnd(lab: Lab, node: string, address: string): Promise<HostEnd> {
  const routes = await lab.node(node).exec(['ip', '-j', 'route', 'show', 'table', String(TABLE), address]);
  const { dev: link } = JSON.parse(routes)[0];
  const { ifindex: index } = JSON.parse(await lab.node(node).exec(['ip', '-j', 'link', 'show', link]))[0];
  return { node, address, link, index };
}

/**
 * Loads the programs for a node, puts them on its uplink and on one link, and makes its endpoints known to them. The names by
 * which the parts are found are seen, and last, within the shell alone; the programs stay with the links they are on.
 */
async function shortcut(lab: Lab, known: readonly HostEnd[], { node, link }: HostEnd): Promise<void> {
  const at = mkdtempSync(join(tmpdir(), 's32-shortcut-'));
  const source = fileURLToPath(new URL('../../bench/shortcut.bpf.c', import.meta.url));
  const tc = `tc -n ${lab.node(node).namespace}`;
  const attach = (to: string, program: string) => [
    `${tc} qdisc add dev ${to} clsact`,
    `${tc} filter add dev ${to} ingress bpf direct-action object-pinned ${at}/names/${program}`,
  ];
  const lines = [
    `mkdir ${at}/names`,
    `mount -t bpf bpf ${at}/names`,
    `clang -O2 -g -target bpf -mcpu=v3 -I/usr/include/$(uname -m)-linux-gnu -Wall -Wextra -Werror -c ${source} -o ${at}/object`,
    `bpftool prog loadall ${at}/object ${at}/names pinmaps ${at}/names`,
    ...known.map(
      (end) => `bpftool map update pinned ${at}/names/endpoints key hex ${key(end)} value hex ${value(end)}`,
    ),
    ...attach('eth1', 'uplink'),
    ...attach(link, 'host_end'),
  ];
  try {
    await execa('unshare', ['--mount', 'sh', '-e'], { input: lines.join('\n') });
  } finally {
    rmSync(at, { recursive: true });
  }
}

function key({ address }: HostEnd): string {
  return hex(Buffer.from([0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 255, 255, ...address.split('.').map(Number)]));
}

function value({ index }: HostEnd): string {
  return hex(Buffer.from(new Uint32Array([index, TABLE]).buffer));
}

function hex(bytes: Buffer): string {
  return bytes.toString('hex').replace(/../g, '$& ').trim();
}

/** Packets that take the shortcut are not counted on the host end; if these were, something else has been measured. */
async function expectStill(lab: Lab, { node, link }: HostEnd): Promise<void> {
  const { tx } = JSON.parse(await lab.node(node).exec(['ip', '-j', '-s', 'link', 'show', link]))[0].stats64;
  if (tx.packets > STRAY) throw new Error(`${tx.packets} packets came through ${link} of ${node}, not by the shortcut`);
}

for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP'] as const) {
  process.once(signal, () => abandon(running).finally(() => process.exit(130)));
}
await running;
