/** What the figures were measured on, and whether anything else was running there. */
import { execFileSync } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { cpus, loadavg, release, totalmem } from 'node:os';
import { setTimeout as pause } from 'node:timers/promises';

/** A machine that does more than this besides, in parts of all its processors, is not quiet. */
const QUIET = 0.05;

export interface Machine {
  /** `2 x AMD EPYC`. */
  readonly processors: string;
  readonly memory: string;
  readonly kernel: string;
  readonly node: string;
  /** `gobgpd 3.10.0`: those that took part. */
  readonly daemons: readonly string[];
  /** The 1 minute load average when the run began. */
  readonly load: number;
  /** The part of all processors, 0 to 1, that others used in the second before the run. */
  readonly busy: number;
}

/** Debian's packages that ours is made of or compared with. */
const PACKAGES = ['gobgpd', 'frr', 'bird2', 'containernetworking-plugins'];

/** Looks at the machine for a second. */
export async function describeMachine(): Promise<Machine> {
  return {
    processors: `${cpus().length} x ${cpus()[0]?.model ?? 'unknown processor'}`,
    memory: `${Math.round(totalmem() / 2 ** 30)} GiB`,
    kernel: `Linux ${release()}`,
    node: `Node ${process.version}`,
    daemons: PACKAGES.map(versionOf),
    load: loadavg()[0]!,
    busy: await busyPart(1000),
  };
}

/** A line or two for people; the second one only when the figures cannot be trusted. */
export function machineText(machine: Machine): string[] {
  const { processors, memory, kernel, node, daemons, load, busy } = machine;
  return [
    `${processors}, ${memory}, ${kernel}, ${node}, ${daemons.join(', ')}; load ${load.toFixed(2)}, ${percent(busy)} busy`,
    ...(isQuiet(machine)
      ? []
      : [`NOT QUIET: ${percent(busy)} of the machine was busy before the run; do not keep these figures`]),
  ];
}

/** Nothing else of weight was running. */
export function isQuiet({ busy }: Pick<Machine, 'busy'>): boolean {
  return busy <= QUIET;
}

const percent = (part: number) => `${Math.round(part * 100)} %`;

function versionOf(name: string): string {
  try {
    // biome-ignore lint/suspicious/noTemplateCurlyInString: dpkg's own placeholder
    return `${name} ${execFileSync('dpkg-query', ['-W', '-f=${Version}', name], { encoding: 'utf8' })}`;
  } catch {
    return `${name} (not a package here)`;
  }
}

async function busyPart(milliseconds: number): Promise<number> {
  const before = processorTimes(readFileSync('/proc/stat', 'utf8'));
  await pause(milliseconds);
  const after = processorTimes(readFileSync('/proc/stat', 'utf8'));
  return 1 - (after.idle - before.idle) / (after.total - before.total);
}

/** The first line of proc_stat(5): ticks of all processors by what they did; idle and iowait are the fourth and fifth. */
export function processorTimes(stat: string): { readonly idle: number; readonly total: number } {
  const ticks = stat.slice(0, stat.indexOf('\n')).trim().split(/\s+/).slice(1, 9).map(Number);
  return { idle: ticks[3]! + ticks[4]!, total: ticks.reduce((sum, it) => sum + it, 0) };
}
