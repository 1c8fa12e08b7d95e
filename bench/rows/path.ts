/**
 * `path`: what a packet costs between containers on two nodes, through the ToR, with one endpoint on the sender's node and
 * with 2,000. The peer is ptp on the same fabric, with static routes in the ToR: two links and a routing table, no filters.
 */
import { createInterface } from 'node:readline';
import { execa } from 'execa';
import type { Container } from '../../e2e/lab/container.js';
import type { Lab } from '../../e2e/lab/lab.js';
import { until } from '../../e2e/lab/until.js';
import { gather } from '../crowd.js';
import { compare, type Figure } from '../figure.js';
import { interleave } from '../interleave.js';
import { withHosts } from '../labs.js';
import type { Measurement, Run } from '../measurement.js';
import { addressIn, execute, type Plugin, ptp, slash32, tool } from '../plugin.js';

const PORT = '7000';
const CROWD = 2000;
/** Short, and often: what else the machine does comes and goes. */
const SECONDS = '0.5';

/** A container here, and one there that serves. */
interface Pair {
  readonly name: string;
  readonly from: Container;
  readonly to: string;
}

type Samples = Record<'throughput' | 'requests' | 'ping', number[]>;

export const path: Measurement = {
  rows: ['path'],
  rounds: 15,
  measure: (run) =>
    withHosts('path', ['node1', 'node2', 'ptp1', 'ptp2'], async (lab) => {
      await lab.node('tor1').exec(['ip', 'route', 'add', '10.101.0.0/16', 'via', '192.0.2.11']);
      await lab.node('tor1').exec(['ip', 'route', 'add', '10.102.0.0/16', 'via', '192.0.2.13']);
      const ours = await pair(lab, slash32(lab, 'node1'), slash32(lab, 'node2'));
      const peer = await pair(lab, ptp(lab, 'ptp1', 101), ptp(lab, 'ptp2', 102));
      const alone = await measure([ours, peer], 1, run);
      const count = run.quick ? CROWD / 10 : CROWD;
      await crowdOfPtp(lab, count);
      const leave = await gather(lab.node('node1'), count);
      run.say(`${count} more endpoints are there`);
      try {
        return [...alone, ...(await measure([ours, peer], count, run))];
      } finally {
        leave();
      }
    }),
};

async function pair(lab: Lab, here: Plugin, there: Plugin): Promise<Pair> {
  const [from, server] = [
    await lab.container(here.node, `${here.node}-c`),
    await lab.container(there.node, `${there.node}-c`),
  ];
  await execute(here, 'ADD', [from]);
  const to = addressIn(await execute(there, 'ADD', [server]));
  const running = execa('ip', ['netns', 'exec', server.namespace, tool('flow'), 'serve', PORT], {
    reject: false,
    buffer: false,
  });
  await createInterface(running.stdout)[Symbol.asyncIterator]().next();
  const answers = async () => (await from.attempt(['ping', '-c', '1', '-W', '1', to])).code === 0;
  await until(answers, { what: `${to} to answer a container of ${here.node}` });
  return { name: here.name, from, to };
}

/** What ptp leaves on a node for so many containers: a link and a route each. Their other ends share one namespace. */
async function crowdOfPtp(lab: Lab, count: number): Promise<void> {
  const { namespace } = await lab.container('ptp1', 'crowd');
  const lines = Array.from({ length: count }, (_, i) => [
    `link add crowd${i} type veth peer name crowd${i} netns ${namespace}`,
    `link set crowd${i} up`,
    `route add 10.103.${i >> 8}.${i & 255} dev crowd${i} scope host`,
  ]);
  const argv = ['-n', lab.node('ptp1').namespace, '-batch', '-'];
  await execa('ip', argv, { input: `${lines.flat().join('\n')}\n` });
}

async function measure(pairs: readonly Pair[], endpoints: number, run: Run): Promise<Figure[]> {
  const samples = pairs.map((): Samples => ({ throughput: [], requests: [], ping: [] }));
  await interleave([...pairs.keys()], { rounds: run.rounds, warm: 1 }, async (i, round, counts) => {
    const { from, to, name } = pairs[i]!;
    const throughput = Number(await from.exec([tool('flow'), 'send', to, PORT, SECONDS])) / 1000;
    const requests = Number(await from.exec([tool('flow'), 'ask', to, PORT, SECONDS])) / 1000;
    const ping = averageOf(await from.exec(['ping', '-q', '-c', '200', '-i', '0.002', to]));
    run.say(
      `round ${round}, ${endpoints} endpoints: ${name} ${throughput.toFixed(2)} Gbit/s, ${requests.toFixed(1)}k requests/s, ping ${ping.toFixed(1)} µs`,
    );
    if (!counts) return;
    samples[i]!.throughput.push(throughput);
    samples[i]!.requests.push(requests);
    samples[i]!.ping.push(ping);
  });
  return figures(samples[0]!, samples[1]!, endpoints);
}

/** Microseconds, from the last line of ping: `rtt min/avg/max/mdev = 0.036/0.047/0.080/0.011 ms`. */
function averageOf(output: string): number {
  return Number(/ = [\d.]+\/([\d.]+)\//.exec(output)?.[1]) * 1000;
}

function figures(ours: Samples, peer: Samples, endpoints: number): Figure[] {
  const subject = { row: 'path', against: 'ptp, static routes' } as const;
  const [least, most] = [{ of: 'ratio', atLeast: 0.97 } as const, { of: 'ratio', atMost: 1.03 } as const];
  const among = `${endpoints.toLocaleString('en-US')} endpoint${endpoints === 1 ? '' : 's'}`;
  return [
    compare({ ...subject, part: `TCP, ${among}`, unit: 'Gbit/s', goal: least }, ours.throughput, peer.throughput),
    compare({ ...subject, part: `requests, ${among}`, unit: 'k/s', goal: least }, ours.requests, peer.requests),
    compare({ ...subject, part: `ping, ${among}`, unit: 'µs', goal: most }, ours.ping, peer.ping),
  ];
}
