/**
 * `pass`: does one change cost more when 100,000 routes are known? The loop's time is the processor time of the controller's
 * first thread, as the kernel accounts it, for one path that comes or goes. And does an import keep ADD waiting?
 */

import { setTimeout as pause } from 'node:timers/promises';
import type { Lab } from '../../e2e/lab/lab.js';
import { loopMilliseconds } from '../accounting.js';
import { compare, type Figure } from '../figure.js';
import { interleave } from '../interleave.js';
import type { Measurement, Run } from '../measurement.js';
import { execute, slash32 } from '../plugin.js';
import { type Receiver, withReceivers } from '../receivers.js';
import { awaitRoutes, LONGEST } from '../route-times.js';
import { percentile } from '../statistics.js';

const ROUTES = 100_000;
const IDLE_ADDS = 200;
/** Some 40 ADDs fit into one: too few for a 99th of a hundred. The first one finds code that has never run, and counts. */
const IMPORTS = 5;
/** A prefix beyond those. */
const ONE = 1_000_000;
/** Milliseconds after which nobody is busy any more with one change. */
const REST = 50;

/** Milliseconds: from the feeder to the kernel, and of the loop for one of both. */
type Change = Record<'change' | 'loop', number[]>;

export const pass: Measurement = {
  rows: ['pass'],
  rounds: 40,
  measure: (run) => withReceivers('pass', ['slash32', 'bird'], (receivers, lab) => measure(lab, receivers, run)),
};

async function measure(lab: Lab, receivers: readonly Receiver[], run: Run): Promise<Figure[]> {
  const ours = receivers[0]!;
  const count = run.quick ? ROUTES / 10 : ROUTES;
  const [emptyOurs] = await changes(receivers, run);
  run.say('changes with no routes known are measured');
  const idle = await timeAdds(lab, async (add) => {
    for (let i = 0; i < IDLE_ADDS; i++) await add();
  });
  const during = await timeAdds(lab, (add) => addsUnderImport(ours, count, add));
  run.say(`${during.length} ADDs under ${IMPORTS} imports of ${count} are measured`);
  for (const receiver of receivers) if (receiver !== ours) await load(receiver, 'announce', count);
  const [fullOurs, fullBird] = await changes(receivers, run);
  const subject = { row: 'pass', unit: 'ms' } as const;
  const known = `${count / 1000}k known`;
  return [
    compare(
      { ...subject, part: `loop, ${known}`, against: 'ours with none known', goal: { of: 'ours', atMost: 5 } },
      fullOurs!.loop,
      emptyOurs!.loop,
    ),
    compare(
      { ...subject, part: `to kernel, ${known}`, against: 'ours with none known' },
      fullOurs!.change,
      emptyOurs!.change,
    ),
    compare({ ...subject, part: `to kernel, ${known}, BIRD`, against: 'BIRD' }, fullOurs!.change, fullBird!.change),
    {
      ...subject,
      part: 'ADD p99 under import',
      against: 'ADD p99 when idle',
      ours: percentile(during, 99),
      peer: percentile(idle, 99),
      rounds: during.length,
      goal: { of: 'ratio', atMost: 5 },
    },
  ];
}

/** One path comes and goes, again and again, for each receiver. */
async function changes(receivers: readonly Receiver[], { rounds }: Run): Promise<Change[]> {
  const measured = new Map(receivers.map((receiver) => [receiver, { change: [], loop: [] } as Change]));
  await interleave(receivers, { rounds, warm: 3 }, async (receiver, _, counts) => {
    const { change, loop } = measured.get(receiver)!;
    const pid = receiver.node.pid(receiver.name === 'slash32' ? 'slash32d' : receiver.name)!;
    const before = loopMilliseconds(pid);
    const milliseconds = await load(receiver, 'announce', 1, ONE);
    await load(receiver, 'withdraw', 1, ONE);
    // The kernel books a thread's time when it goes to sleep.
    await pause(REST);
    if (!counts) return;
    change.push(milliseconds);
    loop.push((loopMilliseconds(pid) - before) / 2);
  });
  return [...measured.values()];
}

/** Milliseconds until so many prefixes are in the kernel, or gone from it. */
async function load(receiver: Receiver, verb: 'announce' | 'withdraw', count: number, first = 0): Promise<number> {
  const change = verb === 'announce' ? '+' : '-';
  const awaited = await awaitRoutes(receiver.node, { table: receiver.table!, change, count, timeout: LONGEST });
  const { begin } = await receiver.feed(`${verb} ${first} ${count}`);
  return ((await awaited.done).last - begin) / 1e6;
}

/** ADDs for as long as routes come in, several times. The routes stay in the end. */
async function addsUnderImport(ours: Receiver, count: number, add: () => Promise<number>): Promise<void> {
  for (let i = 0; i < IMPORTS; i++) {
    if (i > 0) await load(ours, 'withdraw', count);
    let isOver = false;
    const importing = load(ours, 'announce', count).finally(() => (isOver = true));
    while (!isOver) await add();
    await importing;
  }
}

/** Milliseconds of each ADD that `work` makes; its DEL follows at once. */
async function timeAdds(lab: Lab, work: (add: () => Promise<number>) => Promise<void>): Promise<number[]> {
  const plugin = slash32(lab, 'slash32');
  const container = await lab.container('slash32', 'probe');
  const times: number[] = [];
  try {
    await work(async () => {
      const { milliseconds } = await execute(plugin, 'ADD', [container]);
      await execute(plugin, 'DEL', [container]);
      return times.push(milliseconds);
    });
    return times;
  } finally {
    await container.remove();
  }
}
