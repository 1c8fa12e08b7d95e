/**
 * `import`: from the first byte that the feeder writes until the last route is in the kernel, and the same for their
 * withdrawal. gobgpd alone, which tells no kernel, is the floor of ours; BIRD and FRR do all of it.
 */
import { setTimeout as pause } from 'node:timers/promises';
import { commandOf } from '../../e2e/lab/process.js';
import { processorSeconds } from '../accounting.js';
import { compare, type Figure } from '../figure.js';
import { interleave } from '../interleave.js';
import type { Measurement, Run } from '../measurement.js';
import { pathsOf, type Receiver, type ReceiverName, routesOf, withReceivers } from '../receivers.js';
import { awaitRoutes, LONGEST } from '../route-times.js';

const SIZES = [10_000, 100_000];
/** Seconds, for each size. */
const BUDGET = 60;
const PEERS = { gobgp: 'gobgpd alone, no kernel', bird: 'BIRD', frr: 'FRR' } as const;

/** Seconds. */
type Times = Record<'arrival' | 'withdrawal', number[]>;

export const imports: Measurement = {
  rows: ['import'],
  rounds: 3,
  measure: (run) =>
    withReceivers('import', ['slash32', 'bird', 'frr', 'gobgp'], async (receivers) => {
      const figures: Figure[] = [];
      for (const size of SIZES.map((it) => (run.quick ? it / 10 : it)))
        figures.push(...toFigures(size, await measure(receivers, size, run)));
      return figures;
    }),
};

async function measure(
  receivers: readonly Receiver[],
  size: number,
  { rounds, say }: Run,
): Promise<Map<ReceiverName, Times>> {
  const times = new Map(receivers.map(({ name }) => [name, { arrival: [], withdrawal: [] } as Times]));
  await interleave(receivers, { rounds, budget: BUDGET }, async (receiver, round) => {
    const before = processorTimes(receiver);
    const arrival = await timeOf(receiver, 'announce', size);
    const used = processorTimes(receiver).map(
      ({ name, seconds }, i) => `${name} ${(seconds - before[i]!.seconds).toFixed(1)} s`,
    );
    const withdrawal = await timeOf(receiver, 'withdraw', size);
    times.get(receiver.name)!.arrival.push(arrival);
    times.get(receiver.name)!.withdrawal.push(withdrawal);
    const both = `in after ${arrival.toFixed(2)} s, out after ${withdrawal.toFixed(2)} s`;
    say(`round ${round}: ${receiver.name} has ${size} ${both}; processor time to get them in: ${used.join(', ')}`);
  });
  return times;
}

/** What each process of a receiver has used so far; it says where an import spends its time. */
function processorTimes({ node, pids }: Receiver): { readonly name: string; readonly seconds: number }[] {
  const controller = node.pid('slash32d');
  return pids().map((pid) => ({
    name: pid === controller ? 'slash32d' : (commandOf(pid) ?? 'ended'),
    seconds: processorSeconds([pid]),
  }));
}

/** Seconds until all of them are in, or gone. */
async function timeOf(receiver: Receiver, verb: 'announce' | 'withdraw', size: number): Promise<number> {
  if (receiver.table === undefined) return timeInGobgpd(receiver, verb, size);
  const change = verb === 'announce' ? '+' : '-';
  const awaited = await awaitRoutes(receiver.node, { table: receiver.table, change, count: size, timeout: LONGEST });
  const { begin } = await receiver.feed(`${verb} 0 ${size}`);
  const { last } = await awaited.done;
  const [there, expected] = [await routesOf(receiver), verb === 'announce' ? size : 0];
  if (there !== expected) throw new Error(`${receiver.name} should have ${expected} routes, the kernel lists ${there}`);
  return (last - begin) / 1e9;
}

/** gobgpd says only how many paths it has, so it is asked; each question costs it next to nothing. */
async function timeInGobgpd({ node, feed }: Receiver, verb: 'announce' | 'withdraw', size: number): Promise<number> {
  const { begin } = await feed(`${verb} 0 ${size}`);
  const wanted = verb === 'announce' ? size : 0;
  for (;;) {
    const seen = await pathsOf(node);
    const seconds = (Number(process.hrtime.bigint()) - begin) / 1e9;
    if (seen === wanted) return seconds;
    if (seconds > 60) throw new Error(`gobgpd has ${seen} paths after a minute, not ${wanted}`);
    await pause(10);
  }
}

function toFigures(size: number, times: ReadonlyMap<ReceiverName, Times>): Figure[] {
  const ours = times.get('slash32')!;
  const parts = (['arrival', 'withdrawal'] as const).flatMap((what) =>
    (['gobgp', 'bird', 'frr'] as const).map((peer) => ({ what, peer })),
  );
  return parts.map(({ what, peer }) => {
    const part = `${size / 1000}k ${what}, ${peer}`;
    const goal = peer === 'gobgp' && ({ goal: { of: 'ratio', atMost: 1.2 } } as const);
    return compare(
      { row: 'import', part, against: PEERS[peer], unit: 's', ...goal },
      ours[what],
      times.get(peer)![what],
    );
  });
}
