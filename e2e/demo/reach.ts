/** Who reaches whom: what must work works, and what must not does not. */
import { familyOption } from '../lab/family-option.js';
import { until } from '../lab/until.js';
import type { Attached } from './containers.js';
import { paint } from './paint.js';

/** One ping between two containers. */
interface Probe {
  readonly from: Attached;
  readonly to: Attached;
  readonly address: string;
}

/** What the ping said: the round trip, or undefined when nothing came back. */
interface Outcome extends Probe {
  readonly milliseconds: number | undefined;
}

/** Pings each pair in both families. Throws when one that shares a network gets no answer, or one that does not gets one. */
export async function checkReach(attached: readonly Attached[]): Promise<string[]> {
  const probes = pairs(attached).flatMap(([from, to]) => [to.v4, to.v6].map((address) => ({ from, to, address })));
  const friends = probes.filter(sharesNetwork);
  const strangers = probes.filter((probe) => !sharesNetwork(probe));
  // Friends first: only when these answer does silence of the others mean anything.
  const answered = await Promise.all(friends.map(untilAnswered));
  const silent = await Promise.all(strangers.map(ping));
  const leak = silent.find((outcome) => outcome.milliseconds !== undefined);
  if (leak) {
    throw new Error(
      `ISOLATION IS BROKEN: ${leak.from.container.name} reaches ${leak.to.container.name} at ${leak.address}, though they share no route target`,
    );
  }
  return [...answered, ...silent].map(asLine);
}

/** Each with each other one, on the same node and across. */
function pairs(attached: readonly Attached[]): [Attached, Attached][] {
  return attached.flatMap((from, i) => attached.slice(i + 1).map((to): [Attached, Attached] => [from, to]));
}

function sharesNetwork({ from, to }: Probe): boolean {
  return from.network === to.network;
}

/** The route may be on its way still. */
function untilAnswered(probe: Probe): Promise<Outcome> {
  const what = `${probe.from.container.name} to reach ${probe.to.container.name} at ${probe.address}`;
  return until(
    async () => {
      const outcome = await ping(probe);
      return outcome.milliseconds !== undefined && outcome;
    },
    { what, timeout: 20_000 },
  );
}

async function ping(probe: Probe): Promise<Outcome> {
  const { address } = probe;
  const { stdout } = await probe.from.container.attempt([
    'ping',
    '-n',
    familyOption(address),
    '-c',
    '1',
    '-W',
    '1',
    address,
  ]);
  const time = /time=([\d.]+) ms/.exec(stdout)?.[1];
  return { ...probe, milliseconds: time === undefined ? undefined : Number(time) };
}

function asLine({ from, to, address, milliseconds }: Outcome): string {
  const who = `${from.container.name.padEnd(6)} -> ${to.container.name.padEnd(6)}  ${address.padEnd(18)}`;
  return milliseconds === undefined
    ? `${who}  ${paint('green', 'no route')}  as intended: no shared route target`
    : `${who}  ${paint('green', 'ok')}  ${milliseconds.toFixed(2)} ms`;
}
