/** `add` and `del`: one container after the other, exec to answer. */
import type { Lab } from '../../e2e/lab/lab.js';
import { compare, type Figure, type Subject } from '../figure.js';
import { interleave } from '../interleave.js';
import { withHosts } from '../labs.js';
import type { Measurement, Run } from '../measurement.js';
import { execute, type Plugin, ptp, slash32 } from '../plugin.js';
import { percentile } from '../statistics.js';

const WARM = 5;
const AGAINST = 'ptp + host-local';

type Times = Record<'ADD' | 'DEL', number[]>;

export const attach: Measurement = {
  rows: ['add', 'del'],
  rounds: 100,
  measure: (run) => withHosts('attach', ['node1', 'ptp1'], (lab) => measure(lab, run)),
};

async function measure(lab: Lab, run: Run): Promise<Figure[]> {
  const [ours, peer] = [slash32(lab, 'node1'), ptp(lab, 'ptp1', 99)];
  const times = new Map<Plugin, Times>([
    [ours, { ADD: [], DEL: [] }],
    [peer, { ADD: [], DEL: [] }],
  ]);
  await interleave([ours, peer], { rounds: run.rounds, warm: WARM }, async (plugin, round, counts) => {
    const { added, deleted } = await attachOnce(lab, plugin, `c${round}-${plugin.name}`);
    if (counts) {
      times.get(plugin)!.ADD.push(added);
      times.get(plugin)!.DEL.push(deleted);
    }
    if (round % 20 === 0 && plugin === ours) run.say(`round ${round} of ${run.rounds + WARM}`);
  });
  return figures(times.get(ours)!, times.get(peer)!);
}

async function attachOnce(lab: Lab, plugin: Plugin, name: string): Promise<{ added: number; deleted: number }> {
  const container = await lab.container(plugin.node, name);
  try {
    const { milliseconds: added } = await execute(plugin, 'ADD', [container]);
    const { milliseconds: deleted } = await execute(plugin, 'DEL', [container]);
    return { added, deleted };
  } finally {
    await container.remove();
  }
}

function figures(ours: Times, peer: Times): Figure[] {
  const subject = { row: 'add', against: AGAINST, unit: 'ms' } as const;
  return [
    compare({ ...subject, part: 'p50', goal: { of: 'ratio', atMost: 0.3 } }, ours.ADD, peer.ADD),
    tail({ ...subject, part: 'p99', goal: { of: 'ratio', atMost: 0.5 } }, ours.ADD, peer.ADD),
    compare({ ...subject, row: 'del', part: '', goal: { of: 'ratio', atMost: 1 } }, ours.DEL, peer.DEL),
  ];
}

function tail(subject: Subject, ours: readonly number[], peer: readonly number[]): Figure {
  return { ...subject, ours: percentile(ours, 99), peer: percentile(peer, 99), rounds: ours.length };
}
