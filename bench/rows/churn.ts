/**
 * `churn`: 1,000 updates a second for a minute, each of one prefix. Is there a backlog at the end, and what did it cost?
 *
 * The end is a prefix of its own, announced last: when it is in the kernel and nothing else of the churn is, all is done.
 */

import { until } from '../../e2e/lab/until.js';
import { processorSeconds } from '../accounting.js';
import { compare, type Figure } from '../figure.js';
import { interleave } from '../interleave.js';
import type { Measurement, Run } from '../measurement.js';
import { type Receiver, routesOf, withReceivers } from '../receivers.js';

const RATE = 1000;
const SECONDS = 60;
/** Beyond all that the churn announces. */
const MARKER = 1_000_000;

type Costs = Record<'backlog' | 'cpu', number[]>;

export const churn: Measurement = {
  rows: ['churn'],
  rounds: 1,
  measure: (run) =>
    withReceivers('churn', ['slash32', 'bird'], async (receivers) => {
      const costs = new Map(receivers.map(({ name }) => [name, { backlog: [], cpu: [] } as Costs]));
      await interleave(receivers, { rounds: run.rounds }, async (receiver) => {
        const { backlog, cpu } = await measure(receiver, run);
        costs.get(receiver.name)!.backlog.push(backlog);
        costs.get(receiver.name)!.cpu.push(cpu);
      });
      return toFigures(costs.get('slash32')!, costs.get('bird')!);
    }),
};

/** The backlog in milliseconds, and the processor time of all its processes in seconds. */
async function measure(receiver: Receiver, { quick, say }: Run): Promise<{ backlog: number; cpu: number }> {
  const pids = receiver.pids();
  const before = processorSeconds(pids);
  const seconds = quick ? SECONDS / 10 : SECONDS;
  const { begin } = await receiver.feed(`churn ${RATE} ${seconds}`);
  await receiver.feed(`announce ${MARKER} 1`);
  await until(async () => (await routesOf(receiver)) === 1, {
    what: `${receiver.name} to be done with the churn`,
    timeout: 120_000,
  });
  // From when the last update was due: one who reads slowly holds the feeder up.
  const backlog = (Number(process.hrtime.bigint()) - begin) / 1e6 - seconds * 1000;
  const cpu = processorSeconds(pids) - before;
  await receiver.feed(`withdraw ${MARKER} 1`);
  say(`${receiver.name}: done ${backlog.toFixed(0)} ms after the last update, ${cpu.toFixed(2)} s of processor time`);
  return { backlog, cpu };
}

function toFigures(ours: Costs, peer: Costs): Figure[] {
  const subject = { row: 'churn', against: 'BIRD' } as const;
  const backlog = { ...subject, part: 'backlog', unit: 'ms', goal: { of: 'ours', atMost: 1000 } } as const;
  const cpu = { ...subject, part: 'CPU', unit: 's', goal: { of: 'ratio', atMost: 1.5 } } as const;
  return [compare(backlog, ours.backlog, peer.backlog), compare(cpu, ours.cpu, peer.cpu)];
}
