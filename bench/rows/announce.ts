/**
 * `tor` and `remote`: from the exec of ADD until the container's route is in another kernel. Both moments are CLOCK_MONOTONIC
 * of one machine: timed-exec reads it before it spawns the plugin, route-times when the kernel notifies it of the route.
 */
import type { Lab } from '../../e2e/lab/lab.js';
import { compare } from '../figure.js';
import { interleave } from '../interleave.js';
import { withHosts, withTors } from '../labs.js';
import type { Measurement, Run } from '../measurement.js';
import { execute, type Plugin, ptp, slash32 } from '../plugin.js';
import { awaitRoutes } from '../route-times.js';

const WARM = 3;
/**
 * Milliseconds in which a route may leave before the next one comes, so that it finds everybody at rest. BIRD takes longer,
 * up to the minute until it scans the kernel again: Linux deletes the routes of a link that goes without a word.
 */
const REST = 300;
/** The table of network blue on the nodes, and that of everybody else. */
const [BLUE, MAIN] = [1001, 254];

/** Who attaches, who announces, and the kernels in which the route is awaited. */
interface Contender {
  readonly plugin: Plugin;
  readonly name: string;
  readonly at: readonly string[];
  readonly table: number;
}

export const tor: Measurement = {
  rows: ['tor'],
  rounds: 50,
  measure: (run) =>
    withTors('tor', async (lab) => {
      const at = ['tor1', 'tor2'];
      const [ours, bird, frr] = await measure(lab, run, [
        { name: 'slash32', plugin: slash32(lab, 'node1'), at, table: MAIN },
        { name: 'ptp + BIRD', plugin: ptp(lab, 'bird1', 98), at, table: MAIN },
        { name: 'ptp + FRR', plugin: ptp(lab, 'frr1', 99), at, table: MAIN },
      ]);
      const subject = { row: 'tor', unit: 'ms', goal: { of: 'ratio', atMost: 0.5 } } as const;
      return [...['FRR', 'BIRD'].entries()].flatMap(([i, daemon]) => [
        compare({ ...subject, part: `${daemon} as ToR, BIRD`, against: 'ptp + BIRD' }, ours![i]!, bird![i]!),
        compare({ ...subject, part: `${daemon} as ToR, FRR`, against: 'ptp + FRR' }, ours![i]!, frr![i]!),
      ]);
    }),
};

export const remote: Measurement = {
  rows: ['remote'],
  rounds: 50,
  measure: (run) =>
    withHosts('remote', ['node1', 'node2', 'bird1', 'bird2'], async (lab) => {
      const [ours, bird] = await measure(lab, run, [
        { name: 'slash32', plugin: slash32(lab, 'node1'), at: ['node2'], table: BLUE },
        { name: 'ptp + BIRD', plugin: ptp(lab, 'bird1', 98), at: ['bird2'], table: MAIN },
      ]);
      const goal = { of: 'ratio', atMost: 0.6 } as const;
      return [
        compare({ row: 'remote', part: '', against: 'ptp + BIRD on both', unit: 'ms', goal }, ours![0]!, bird![0]!),
      ];
    }),
};

/** Milliseconds, for each contender and each of its kernels. */
async function measure(lab: Lab, run: Run, contenders: readonly Contender[]): Promise<number[][][]> {
  const times = new Map(contenders.map((contender) => [contender, contender.at.map((): number[] => [])]));
  await interleave(contenders, { rounds: run.rounds, warm: WARM }, async (contender, round, counts) => {
    const all = await attachOnce(lab, contender, `c${round}-${contender.plugin.node}`);
    if (counts) for (const [i, milliseconds] of all.entries()) times.get(contender)![i]!.push(milliseconds);
    if (round % 10 === 0) run.say(`round ${round}: ${contender.name} ${all.map((it) => it.toFixed(1)).join(' ')} ms`);
  });
  return [...times.values()];
}

/** Attaches, awaits the route in each kernel, detaches. */
async function attachOnce(lab: Lab, { plugin, at, table }: Contender, name: string): Promise<number[]> {
  const container = await lab.container(plugin.node, name);
  const awaitOne = (change: '+' | '-', timeout?: number) =>
    Promise.all(
      at.map((node) => awaitRoutes(lab.node(node), { table, change, count: 1, ...(timeout && { timeout }) })),
    );
  try {
    const arrivals = await awaitOne('+');
    const { begin } = await execute(plugin, 'ADD', [container]);
    const arrived = await Promise.all(arrivals.map(({ done }) => done));
    const departures = await awaitOne('-', REST);
    await execute(plugin, 'DEL', [container]);
    await Promise.allSettled(departures.map(({ done }) => done));
    return arrived.map(({ last }) => (last - begin) / 1e6);
  } finally {
    await container.remove();
  }
}
