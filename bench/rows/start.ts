/**
 * `start`: from the start of the controller until STATUS is fine, as after an upgrade: gobgpd and the endpoints live on. The
 * peer is the same controller without endpoints: what the start itself costs.
 */
import { setTimeout as pause } from 'node:timers/promises';
import { callController } from '../../e2e/lab/direct-call.js';
import type { Lab } from '../../e2e/lab/lab.js';
import type { LabNode } from '../../e2e/lab/node.js';
import { gather } from '../crowd.js';
import { compare, type Figure } from '../figure.js';
import { interleave } from '../interleave.js';
import { withHosts } from '../labs.js';
import type { Measurement, Run } from '../measurement.js';

const ENDPOINTS = 1000;

export const start: Measurement = {
  rows: ['start'],
  rounds: 5,
  measure: (run) => withHosts('start', ['node1', 'node2'], (lab) => measure(lab, run)),
};

async function measure(lab: Lab, run: Run): Promise<Figure[]> {
  const [full, empty] = [lab.node('node1'), lab.node('node2')];
  const times = new Map<LabNode, number[]>([
    [full, []],
    [empty, []],
  ]);
  const leave = await gather(full, run.quick ? ENDPOINTS / 10 : ENDPOINTS);
  try {
    await interleave([full, empty], { rounds: run.rounds }, async (node, round) => {
      const seconds = await timeToReady(node);
      times.get(node)!.push(seconds);
      run.say(`round ${round}: ${node === full ? 'with' : 'without'} endpoints ready after ${seconds.toFixed(2)} s`);
    });
  } finally {
    leave();
  }
  const subject = { row: 'start', part: '', against: 'ours without endpoints', unit: 's' } as const;
  return [compare({ ...subject, goal: { of: 'ours', atMost: 2 } }, times.get(full)!, times.get(empty)!)];
}

/** Seconds. Includes the few milliseconds that the lab needs to enter the node. */
async function timeToReady(node: LabNode): Promise<number> {
  await node.kill('slash32d');
  const begin = performance.now();
  const started = node.start('slash32d');
  while (!(await isReady(node))) {
    if (performance.now() - begin > 60_000)
      throw new Error(`slash32d is not ready after 60 s:\n${node.log('slash32d', 20)}`);
    await pause(2);
  }
  const seconds = (performance.now() - begin) / 1000;
  await started;
  return seconds;
}

async function isReady(node: LabNode): Promise<boolean> {
  try {
    return (await callController(node.cniSocket, { verb: 'STATUS', network: 'blue' })).exitCode === 0;
  } catch {
    return false;
  }
}
