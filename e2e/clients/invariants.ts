/**
 * What must hold after any fault besides "nothing leaked" (leak-oracle.ts): I3 to I7 of the fault catalogue. Everything is
 * asked of witnesses other than the controller: ping, the host's own tools, the ToR's kernel, /proc, the log.
 */
import { readdirSync, readFileSync, readlinkSync } from 'node:fs';
import type { Container } from '../lab/container.js';
import { familyOption } from '../lab/family-option.js';
import type { Lab } from '../lab/lab.js';
import type { LabNode } from '../lab/node.js';
import { monitorRoutes, type RouteEvent } from '../lab/route-monitor.js';
import type { Attached } from '../lab/runtime.js';
import { until } from '../lab/until.js';

/** A container that lived through it all. */
export type Survivor = Container & Attached;

/** What the caller knows and the witnesses do not. */
export interface Circumstances {
  readonly survivors?: readonly Survivor[];
  /** Ids of the verbs that were refused since the beginning, each as often as it was. Absent: the caller does not know. */
  readonly refused?: readonly string[];
  /** What must not stand in the log. */
  readonly secrets?: readonly string[];
}

export interface Invariants {
  /** What is broken now, a line each; empty when all holds. */
  broken(circumstances?: Circumstances): Promise<string[]>;
  /** Waits until all holds. Throws with what does not. */
  hold(circumstances?: Circumstances): Promise<void>;
  /** Ends the witnesses. */
  end(): Promise<void>;
}

/** Memory that a busy controller may take and keep, in KiB. */
const MEMORY_ALLOWANCE = 64 * 1024;

/** Begins to watch a node. Have one ADD and DEL before: what the controller opens lazily belongs to the baseline. */
export async function watchInvariants(lab: Lab, nodeName: string): Promise<Invariants> {
  const [node, tor] = [lab.node(nodeName), lab.node('tor1')];
  const foreignBefore = await foreign(node);
  const controllerBefore = await settled(node);
  const logBefore = node.log('slash32d').length;
  const churn: RouteEvent[] = [];
  let monitor = await monitorRoutes(tor.namespace);

  const broken = async ({ survivors = [], refused, secrets = [] }: Circumstances = {}) => {
    churn.push(...(await monitor.stop()));
    monitor = await monitorRoutes(tor.namespace);
    return [
      ...(await unreachable(survivors)),
      ...differences('foreign', foreignBefore, await foreign(node)),
      ...churnOf(survivors, churn),
      ...grown(controllerBefore, controllerOf(node)),
      ...saidWrong(node.log('slash32d').slice(logBefore), refused, secrets),
    ];
  };
  return {
    broken,
    hold: async (circumstances) => {
      let last: string[] = [];
      const holds = async () => (last = await broken(circumstances)).length === 0;
      await until(holds, { what: 'every invariant to hold' }).catch((error: Error) => {
        throw new Error(`${error.message}\n  ${last.join('\n  ')}`);
      });
    },
    end: async () => void (await monitor.stop()),
  };
}

/**
 * I3: each survivor reaches the next one, and the last the first. One of them is on the far side of the ToR, if the caller
 * cares.
 */
async function unreachable(survivors: readonly Survivor[]): Promise<string[]> {
  const trips = survivors.flatMap((from, i) => {
    const other = survivors[(i + 1) % survivors.length]!;
    return other === from ? [] : [other.v4, other.v6].map((to) => ({ from, to }));
  });
  const failed = await Promise.all(
    trips.map(async ({ from, to }) => {
      const { code } = await from.attempt(['ping', '-n', '-q', '-c', '1', '-W', '2', familyOption(to), to]);
      return code === 0 ? [] : [`I3: ${from.name} does not reach ${to}`];
    }),
  );
  return failed.flat();
}

/** I4: links, routes, rules and filters of others, as text. */
async function foreign(node: LabNode): Promise<string[]> {
  const isOurs = /proto(col)? 32|\bs32[0-9a-f]{12}\b|^\s*(inet6? )?multicast/;
  const commands = [
    ['ip', '-o', 'link'],
    ...['-4', '-6'].flatMap((family) => [
      ['ip', family, 'route', 'show', 'table', 'all'],
      ['ip', family, 'rule'],
    ]),
  ];
  const texts = await Promise.all(commands.map((argv) => node.exec(argv)));
  const tables = (await node.exec(['nft', 'list', 'tables']))
    .split('\n')
    .filter((table) => table && table !== 'table inet slash32');
  const rules = await Promise.all(
    tables.map((table) => node.exec(['nft', '--stateless', 'list', ...table.split(' ')])),
  );
  return [
    ...texts
      .join('\n')
      .split('\n')
      .filter((line) => !isOurs.test(line)),
    ...rules,
  ];
}

function differences(what: string, before: readonly string[], now: readonly string[]): string[] {
  return [
    ...before.filter((line) => !now.includes(line)).map((line) => `I4: ${what} gone: ${line}`),
    ...now.filter((line) => !before.includes(line)).map((line) => `I4: ${what} new: ${line}`),
  ];
}

/** I5: whatever happened to a survivor's route at the ToR after it was there. */
function churnOf(survivors: readonly Survivor[], events: readonly RouteEvent[]): string[] {
  const own = new Set(survivors.flatMap(({ v4, v6 }) => [v4, v6]));
  const concerned = events.filter(({ route }) => own.has(route.split(' ')[0] ?? ''));
  return concerned.map(({ at, deleted, route }) => `I5: ${at} at the ToR: ${deleted ? 'deleted' : 'changed'} ${route}`);
}

/** I6: what the controller's process holds. */
interface Held {
  readonly descriptors: readonly string[];
  readonly children: number;
  readonly memory: number;
}

function controllerOf(node: LabNode): Held {
  const pid = node.pid('slash32d');
  if (pid === undefined) throw new Error(`slash32d does not run on ${node.name}`);
  const descriptors = readdirSync(`/proc/${pid}/fd`).flatMap((fd) => {
    try {
      return [readlinkSync(`/proc/${pid}/fd/${fd}`).replace(/\d+/g, 'N')];
    } catch {
      return []; // closed meanwhile
    }
  });
  const children = readFileSync(`/proc/${pid}/task/${pid}/children`, 'utf8').split(' ').filter(Boolean).length;
  const memory = Number(/^VmRSS:\s+(\d+)/m.exec(readFileSync(`/proc/${pid}/status`, 'utf8'))?.[1]);
  return { descriptors, children, memory };
}

/** The baseline: the same twice in a row, since a verb may be through before its descriptors are. */
async function settled(node: LabNode): Promise<Held> {
  const twice = async () => {
    const first = controllerOf(node);
    await node.exec(['true']);
    const second = controllerOf(node);
    return first.descriptors.length === second.descriptors.length && second.children === 0 ? second : undefined;
  };
  return until(twice, { what: 'the controller to be at rest' });
}

function grown(before: Held, now: Held): string[] {
  const count = ({ descriptors }: Held, kind: string) => descriptors.filter((one) => one === kind).length;
  const kinds = [...new Set(now.descriptors)].filter((kind) => count(now, kind) > count(before, kind));
  return [
    ...kinds.map((kind) => `I6: ${count(now, kind) - count(before, kind)} more descriptors ${kind}`),
    ...(now.children > before.children ? [`I6: ${now.children - before.children} more child processes`] : []),
    ...(now.memory > before.memory + MEMORY_ALLOWANCE ? [`I6: ${now.memory - before.memory} KiB more memory`] : []),
  ];
}

/** I7: one warning per refused verb, with its id, and no secret anywhere. */
function saidWrong(log: string, refused: readonly string[] | undefined, secrets: readonly string[]): string[] {
  const lines = log.split('\n').flatMap((line) => {
    try {
      return [JSON.parse(line) as { level?: string; containerId?: string; verb?: string }];
    } catch {
      return [];
    }
  });
  const told = lines.flatMap(({ level, verb, containerId }) =>
    verb && containerId && (level === 'warn' || level === 'error') ? [containerId] : [],
  );
  const times = (ids: readonly string[], id: string) => ids.filter((one) => one === id).length;
  const wrong = (expected: readonly string[]) =>
    [...new Set([...told, ...expected])]
      .filter((id) => times(told, id) !== times(expected, id))
      .map((id) => `I7: ${times(told, id)} warnings about ${id}, expected ${times(expected, id)}`);
  return [
    ...(refused ? wrong(refused) : []),
    ...secrets.filter((secret) => log.includes(secret)).map(() => 'I7: a secret stands in the log'),
  ];
}
