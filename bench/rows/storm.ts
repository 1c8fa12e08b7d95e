/** `storm`: a hundred containers at once, as when a node boots or is drained: until the last answer. */
import type { Container } from '../../e2e/lab/container.js';
import type { Lab } from '../../e2e/lab/lab.js';
import { compare, type Figure } from '../figure.js';
import { interleave } from '../interleave.js';
import { withHosts } from '../labs.js';
import type { Measurement, Run } from '../measurement.js';
import { execute, ptp, slash32 } from '../plugin.js';

const CONTAINERS = 100;

export const storm: Measurement = {
  rows: ['storm'],
  rounds: 7,
  measure: (run) => withHosts('storm', ['node1', 'ptp1'], (lab) => measure(lab, run)),
};

async function measure(lab: Lab, run: Run): Promise<Figure[]> {
  const contenders = [slash32(lab, 'node1'), ptp(lab, 'ptp1', 99)].map((plugin) => ({
    plugin,
    containers: [] as Container[],
    times: { ADD: [] as number[], DEL: [] as number[] },
  }));
  for (const { plugin, containers } of contenders)
    for (let i = 0; i < (run.quick ? 10 : CONTAINERS); i++)
      containers.push(await lab.container(plugin.node, `c${i}-${plugin.name}`));
  await interleave(
    contenders,
    { rounds: run.rounds, warm: 1 },
    async ({ plugin, containers, times }, round, counts) => {
      for (const verb of ['ADD', 'DEL'] as const) {
        const { milliseconds } = await execute(plugin, verb, containers);
        if (counts) times[verb].push(milliseconds);
        run.say(`round ${round}: ${containers.length} ${verb}s by ${plugin.name} in ${milliseconds.toFixed(0)} ms`);
      }
    },
  );
  const [ours, peer] = contenders.map(({ times }) => times);
  const subject = { row: 'storm', against: 'ptp + host-local', unit: 'ms' } as const;
  return [
    compare({ ...subject, part: 'ADD', goal: { of: 'ratio', atMost: 0.3 } }, ours!.ADD, peer!.ADD),
    compare({ ...subject, part: 'DEL', goal: { of: 'ratio', atMost: 0.15 } }, ours!.DEL, peer!.DEL),
  ];
}
