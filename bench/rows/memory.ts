/** `memory`: what is resident without routes and with 100,000, of the controller and of all processes together. */
import { setTimeout as pause } from 'node:timers/promises';
import { residentMegabytes } from '../accounting.js';
import { compare, type Figure } from '../figure.js';
import type { Measurement, Run } from '../measurement.js';
import { type Receiver, withReceivers } from '../receivers.js';
import { awaitRoutes, LONGEST } from '../route-times.js';

const routes = ({ quick }: Run) => (quick ? 10_000 : 100_000);
/** Milliseconds after which nobody is busy any more with what came in; garbage collectors have their own mind. */
const REST = 5000;

type Samples = Record<'idle' | 'full', number[]>;

export const memory: Measurement = {
  rows: ['memory'],
  rounds: 5,
  measure: (run) =>
    withReceivers('memory', ['slash32', 'bird', 'frr'], async (receivers) => {
      const figures: Figure[] = [];
      const measured = new Map<string, { controller: Samples; all: Samples }>();
      for (const receiver of receivers) measured.set(receiver.name, await measure(receiver, run));
      const ours = measured.get('slash32')!;
      for (const [state, load, goal] of [
        ['idle', 'no routes', 90],
        ['full', `${routes(run) / 1000}k`, 200],
      ] as const) {
        const of = (name: string) => measured.get(name)!.all[state];
        const subject = { row: 'memory', unit: 'MB' } as const;
        const controller = {
          part: `controller, ${load}`,
          against: 'BIRD',
          goal: { of: 'ours', atMost: goal },
        } as const;
        figures.push(
          compare({ ...subject, ...controller }, ours.controller[state], of('bird')),
          compare({ ...subject, part: `all, ${load}, BIRD`, against: 'BIRD' }, ours.all[state], of('bird')),
          compare({ ...subject, part: `all, ${load}, FRR`, against: 'zebra + bgpd' }, ours.all[state], of('frr')),
        );
      }
      return figures;
    }),
};

/** MB, each sampled a few times. */
async function measure(receiver: Receiver, run: Run): Promise<{ controller: Samples; all: Samples }> {
  const { rounds, say } = run;
  const samples = { controller: { idle: [], full: [] } as Samples, all: { idle: [], full: [] } as Samples };
  const controller = receiver.name === 'slash32' ? [receiver.node.pid('slash32d')!] : [];
  const sample = async (state: 'idle' | 'full') => {
    await pause(REST);
    for (let i = 0; i < rounds; i++) {
      samples.controller[state].push(residentMegabytes(controller));
      samples.all[state].push(residentMegabytes(receiver.pids()));
      await pause(200);
    }
    say(`${receiver.name} ${state}: ${samples.all[state].map((it) => it.toFixed(0)).join(' ')} MB`);
  };
  await sample('idle');
  const count = routes(run);
  const awaited = await awaitRoutes(receiver.node, { table: receiver.table!, change: '+', count, timeout: LONGEST });
  await receiver.feed(`announce 0 ${count}`);
  await awaited.done;
  await sample('full');
  return samples;
}
