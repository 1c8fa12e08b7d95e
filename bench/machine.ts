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
  /** `gobgpd 3.10.0`: those that take part. */
  readonly daemons: readonly string[];
}

/** How much others do. */
export interface Occupation {
  /** The 1 minute load average. */
  readonly load: number;
  /** The part of all processors, 0 to 1, that was in use for a second. */
  readonly busy: number;
}

/** Debian's packages that ours is made of or compared with. */
const PACKAGES = ['gobgpd', 'frr', 'bird2', 'containernetworking-plugins'];

/** What does not change while it runs. */
export function describeMachine(): Machine {
  return {
    processors: `${cpus().length} x ${cpus()[0]?.model ?? 'unknown processor'}`,
    memory: `${Math.round(totalmem() / 2 ** 30)} GiB`,
    kernel: `Linux ${release()}`,
    node: `Node ${process.version}`,
    daemons: PACKAGES.map(versionOf),
  };
}

/** Looks for a second, in which the caller does nothing. */
export async function occupation(): Promise<Occupation> {
  return { load: loadavg()[0]!, busy: await busyPart(1000) };
}

/** A line for people. */
export function machineText({ processors, memory, kernel, node, daemons }: Machine): string {
  return [processors, memory, kernel, node, ...daemons].join(', ');
}

/** Says what else was going on, and loudly when figures cannot be trusted. */
export function occupationText({ load, busy }: Occupation): string {
  const seen = `load ${load.toFixed(2)}, ${percent(busy)} busy`;
  return isQuiet({ busy }) ? seen : `NOT QUIET: ${seen} before it began; do not keep these figures`;
}

/** Nothing else of weight was running. */
export function isQuiet({ busy }: Pick<Occupation, 'busy'>): boolean {
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
