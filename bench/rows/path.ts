/**
 * `path`: what a packet costs between containers on two nodes, through the ToR, with one endpoint on the sender's node and
 * with 2,000, and without the shortcut. The peer is ptp on the same fabric, with static routes in the ToR: two links and a routing table, no filters.
 * Beside it stands ptp with the least that anybody has who filters at all, to tell what filtering costs from what ours does.
 * bench/flow.c says how it is measured without being disturbed.
 */
import { execa } from 'execa';
import type { Container } from '../../e2e/lab/container.js';
import type { Lab } from '../../e2e/lab/lab.js';
import type { LabNode } from '../../e2e/lab/node.js';
import { until } from '../../e2e/lab/until.js';
import { reconfigure } from '../../e2e/networks/reconfigure.js';
import { slash32 as slash32Cli } from '../../e2e/networks/slash32.js';
import { gather } from '../crowd.js';
import { compare, type Figure, type Goal } from '../figure.js';
import { withHosts } from '../labs.js';
import type { Measurement, Run } from '../measurement.js';
import { addressIn, execute, type Plugin, ptp, slash32, tool } from '../plugin.js';
import { percentile } from '../statistics.js';

const CROWD = 2000;
/** More than stray packets, less than a round. */
const MEASURED = 10_000;
/** Of the configuration of a node. */
const WITHOUT = '\nkernel: { shortcut: false }\n';
/** Of so many turns, some milliseconds each, the fastest is one measurement. */
const TURNS = '24';

/** The nodes with ptp: their uplinks, and the second byte of their containers' addresses. The last two filter. */
const PTP = [
  { node: 'ptp1', octet: 101, uplink: '192.0.2.11' },
  { node: 'ptp2', octet: 102, uplink: '192.0.2.13' },
  { node: 'ptp3', octet: 103, uplink: '192.0.2.15' },
  { node: 'ptp4', octet: 104, uplink: '192.0.2.17' },
] as const;

/** A container here, and one there, by IPv4. */
interface Pair {
  readonly name: string;
  readonly from: Container;
  readonly source: string;
  readonly server: Container;
  readonly to: string;
}

/** What `flow` prints of a pair, in its order; it counts nanoseconds. */
interface Part {
  readonly part: string;
  readonly unit: string;
  readonly from: (nanoseconds: number) => number;
  readonly goal?: Goal;
}

const microseconds = (nanoseconds: number) => nanoseconds / 1000;
const PARTS: readonly Part[] = [
  { part: 'packet', unit: 'µs', from: microseconds },
  { part: 'TCP', unit: 'Gbit/s', from: (mebibyte) => (2 ** 20 * 8) / mebibyte, goal: { of: 'ratio', atLeast: 0.97 } },
  { part: 'requests', unit: 'k/s', from: (one) => 1e6 / one, goal: { of: 'ratio', atLeast: 0.97 } },
  { part: 'ping', unit: 'µs', from: microseconds, goal: { of: 'ratio', atMost: 1.03 } },
];

export const path: Measurement = {
  rows: ['path'],
  rounds: 25,
  measure: (run) =>
    withHosts('path', ['node1', 'node2', ...PTP.map(({ node }) => node)], async (lab) => {
      const [ours, peer, filtered] = await pairs(lab);
      const nodes = [lab.node('node1'), lab.node('node2')];
      const talk = () => measure([ours!], { rounds: 0, say: () => {} });
      const alone = await onShortcut(nodes, talk, () => measure([ours!, peer!, filtered!], run));
      for (const node of nodes) await reconfigure(node, (yaml) => yaml + WITHOUT);
      const without = await measure([ours!, peer!, filtered!], run);
      for (const node of nodes) await reconfigure(node, (yaml) => yaml.replace(WITHOUT, ''));
      const count = run.quick ? CROWD / 10 : CROWD;
      await crowdOfPtp(lab, count);
      const leave = await gather(lab.node('node1'), count);
      run.say(`${count} more endpoints are there`);
      try {
        const crowded = await onShortcut(nodes, talk, () => measure([ours!, peer!], run));
        return [
          ...figures('1 endpoint', PARTS, alone[0]!, alone[1]!, run),
          ...figures(`${count.toLocaleString('en-US')} endpoints`, PARTS, crowded[0]!, crowded[1]!, run),
          ...figures('without the shortcut', PARTS.map(withoutGoal), without[0]!, without[1]!, run),
          ...figuresFiltered(without[0]!, without[2]!),
        ];
      } finally {
        leave();
      }
    }),
};

/** Ours, ptp, and ptp with filters. */
async function pairs(lab: Lab): Promise<Pair[]> {
  for (const { octet, uplink } of PTP) {
    await lab.node('tor1').exec(['ip', 'route', 'add', `10.${octet}.0.0/16`, 'via', uplink]);
  }
  const [a, b, c, d] = PTP.map(({ node, octet }) => ptp(lab, node, octet));
  const made = [
    await pair(lab, 'slash32', slash32(lab, 'node1'), slash32(lab, 'node2')),
    await pair(lab, 'ptp', a!, b!),
    await pair(lab, 'filtered', c!, d!),
  ];
  for (const { node } of PTP.slice(2)) await filter(lab, node);
  return made;
}

/** Attaches two containers; when it resolves, packets go between them. */
async function pair(lab: Lab, name: string, here: Plugin, there: Plugin): Promise<Pair> {
  const [from, server] = [
    await lab.container(here.node, `${here.node}-${name}`),
    await lab.container(there.node, `${there.node}-${name}`),
  ];
  const source = addressIn(await execute(here, 'ADD', [from]));
  const to = addressIn(await execute(there, 'ADD', [server]));
  const answers = async () => (await from.attempt(['ping', '-c', '1', '-W', '1', to])).code === 0;
  await until(answers, { what: `${to} to answer a container of ${here.node}` });
  return { name, from, source, server, to };
}

/**
 * No forged source, connections tracked, a container's chain found by its link, both ways: with this the filters of a policy
 * engine such as Calico begin.
 */
async function filter(lab: Lab, node: string): Promise<void> {
  const links = JSON.parse(await lab.node(node).exec(['ip', '-j', 'link', 'show', 'type', 'veth']));
  const { ifname: link } = links.find(({ ifname }: { ifname: string }) => ifname.startsWith('veth'));
  const rules = `table inet s32-bench {
    map links { type ifname : verdict; elements = { "${link}" : goto container } }
    chain container {
      ct state established,related accept
      accept
    }
    chain prerouting {
      type filter hook prerouting priority raw
      iifname "${link}" fib saddr . iif oif missing drop
    }
    chain forward {
      type filter hook forward priority filter
      iifname vmap @links
      oifname vmap @links
    }
  }`;
  await execa('ip', ['netns', 'exec', lab.node(node).namespace, 'nft', '-f', '-'], { input: rules });
}

/** Once those who talk have their programs. Packets must have taken the shortcut, or something else has been measured. */
async function onShortcut<T>(nodes: LabNode[], talk: () => Promise<unknown>, work: () => Promise<T>): Promise<T> {
  const areThere = async () => {
    await talk();
    return (await Promise.all(nodes.map(standing))).every(({ is, endpoints }) => is === 'on' && endpoints > 0);
  };
  await until(areThere, { what: 'the shortcut of both nodes and both ends' });
  const before = await Promise.all(nodes.map(standing));
  const done = await work();
  for (const [at, node] of nodes.entries()) {
    const packets = (await standing(node)).packets - before[at]!.packets;
    if (packets < MEASURED) throw new Error(`packets did not take the shortcut of ${node.name}`);
  }
  return done;
}

async function standing(node: LabNode): Promise<{ is: string; packets: number; endpoints: number }> {
  const status = await slash32Cli(node, 'status', '-o', 'json');
  return JSON.parse(status).shortcut;
}

/** What ptp leaves on a node for so many containers: a link and a route each. Their other ends share one namespace. */
async function crowdOfPtp(lab: Lab, count: number): Promise<void> {
  const { namespace } = await lab.container('ptp1', 'crowd');
  const lines = Array.from({ length: count }, (_, i) => [
    `link add crowd${i} type veth peer name crowd${i} netns ${namespace}`,
    `link set crowd${i} up`,
    `route add 10.105.${i >> 8}.${i & 255} dev crowd${i} scope host`,
  ]);
  const argv = ['-n', lab.node('ptp1').namespace, '-batch', '-'];
  await execa('ip', argv, { input: `${lines.flat().join('\n')}\n` });
}

/** By pair and part, all rounds. Within a round the pairs take turns. */
async function measure(pairs: readonly Pair[], run: Pick<Run, 'rounds' | 'say'>): Promise<number[][][]> {
  const samples = pairs.map(() => PARTS.map((): number[] => []));
  const places = pairs.flatMap(({ from, server, to }) => [from.netns, server.netns, to]);
  for (let round = 0; round <= run.rounds; round++) {
    const { stdout } = await execa(tool('flow'), [TURNS, ...places]);
    if (round === 0) continue; // warms up
    for (const [i, line] of stdout.split('\n').entries()) {
      const values = line.split(' ').map((value, at) => PARTS[at]!.from(Number(value)));
      for (const [at, value] of values.entries()) samples[i]![at]!.push(value);
      const texts = values.map((value, at) => `${PARTS[at]!.part} ${value.toFixed(2)} ${PARTS[at]!.unit}`);
      run.say(`round ${round}: ${pairs[i]!.name} ${texts.join(', ')}`);
    }
  }
  return samples;
}

function withoutGoal({ part, unit, from }: Part): Part {
  return { part, unit, from };
}

function figures(
  among: string,
  parts: readonly Part[],
  ours: readonly number[][],
  peer: readonly number[][],
  run: Run,
): Figure[] {
  return parts.map(({ part, unit, goal }, at) => {
    const subject = { row: 'path', against: 'ptp, static routes', part: `${part}, ${among}`, unit } as const;
    const ratios = ours[at]!.map((value, round) => value / peer[at]![round]!);
    const [low, high] = [25, 75].map((percent) => percentile(ratios, percent).toFixed(3));
    run.say(`${subject.part}: half of the rounds have a ratio of ${low} to ${high}`);
    return compare({ ...subject, ...(goal && { goal }) }, ours[at]!, peer[at]!);
  });
}

function figuresFiltered(ours: readonly number[][], peer: readonly number[][]): Figure[] {
  return PARTS.map(({ part, unit }, at) => {
    const subject = {
      row: 'path',
      against: 'ptp with the least filters',
      part: `${part} among filters`,
      unit,
    } as const;
    return compare(subject, ours[at]!, peer[at]!);
  });
}
