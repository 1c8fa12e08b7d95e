/**
 * Processes by identity: a process id alone may belong to somebody else tomorrow, so it always goes with the time the
 * process started (proc(5), field 22 of /proc/PID/stat, ticks since boot).
 */
import { spawn } from 'node:child_process';
import { closeSync, openSync, readdirSync, readFileSync, readlinkSync } from 'node:fs';
import { until } from './until.js';

/** One process, for as long as this machine runs. */
export interface Running {
  readonly pid: number;
  readonly startTime: string;
}

/** Starts a program that outlives us; what it prints is appended to `log`. */
export function launch(argv: readonly string[], log: string, env: NodeJS.ProcessEnv): Running {
  const [program = '', ...rest] = argv;
  const output = openSync(log, 'a');
  try {
    const child = spawn(program, rest, { detached: true, stdio: ['ignore', output, output], env, cwd: '/' });
    child.on('error', () => {}); // It shows as a process that is not alive.
    child.unref();
    return (child.pid !== undefined && identify(child.pid)) || { pid: 0, startTime: '' };
  } finally {
    closeSync(output);
  }
}

/** The identity of a live process; undefined when there is none, or only its exit code is left. */
export function identify(pid: number): Running | undefined {
  const fields = statOf(pid);
  return fields && !isOver(fields) ? { pid, startTime: fields.startTime } : undefined;
}

/** The process group that a live process belongs to. */
export function groupOf(pid: number): number | undefined {
  const fields = statOf(pid);
  return fields && !isOver(fields) ? fields.group : undefined;
}

/** Is it still that very process? */
export function isAlive({ pid, startTime }: Running): boolean {
  return identify(pid)?.startTime === startTime;
}

/**
 * Signals exactly this process, and waits until it is so: SIGSTOP has stopped every thread of it, what ends has ended it.
 * What is gone already is fine.
 */
export async function signalProcess(running: Running, signal: NodeJS.Signals): Promise<void> {
  if (!isAlive(running)) return;
  process.kill(running.pid, signal);
  if (signal === 'SIGCONT' || signal === 'SIGHUP') return;
  const isSo = () => !isAlive(running) || (signal === 'SIGSTOP' && standsStill(running.pid));
  await until(isSo, {
    what: `process ${running.pid} to ${signal === 'SIGSTOP' ? 'stand still' : 'end'} after ${signal}`,
  });
}

/** Is every thread stopped? One that runs on another processor may still take a request after the signal was sent. */
export function standsStill(pid: number | undefined): boolean {
  const threads = readdirSync(`/proc/${pid}/task`);
  return threads.every((thread) => /\) T /.test(readFileSync(`/proc/${pid}/task/${thread}/stat`, 'utf8')));
}

/** The name the kernel has for a process: the first 15 bytes of the program's. */
export function commandOf(pid: number): string | undefined {
  return statOf(pid)?.command;
}

/** All processes in a network namespace, given as nsfs inode. */
export function processesIn(namespaceInode: number): Running[] {
  return processIds()
    .filter((pid) => namespaceOf(pid) === namespaceInode)
    .flatMap((pid) => identify(pid) ?? []);
}

/** Every process id of this machine. */
export function processIds(): number[] {
  return readdirSync('/proc')
    .filter((entry) => /^\d+$/.test(entry))
    .map(Number);
}

/** The inode of a process's network namespace; undefined when it is gone or a zombie. */
export function namespaceOf(pid: number | 'self'): number | undefined {
  try {
    return Number(/\[(\d+)\]/.exec(readlinkSync(`/proc/${pid}/ns/net`))?.[1]);
  } catch {
    return undefined;
  }
}

/** What is needed of /proc/PID/stat. */
interface Stat {
  readonly command: string;
  readonly state: string;
  readonly group: number;
  readonly threads: number;
  readonly startTime: string;
}

/** The first thread may be dead already while others still end: until the last has, sockets and files stay open. */
function isOver({ state, threads }: Stat): boolean {
  return ['Z', 'X'].includes(state) && threads <= 1;
}

/** The command stands in parentheses and may hold anything, parentheses and spaces too: count fields from the last one. */
function statOf(pid: number): Stat | undefined {
  try {
    const stat = readFileSync(`/proc/${pid}/stat`, 'utf8');
    const end = stat.lastIndexOf(')');
    const rest = stat.slice(end + 2).split(' ');
    return {
      command: stat.slice(stat.indexOf('(') + 1, end),
      state: rest[0] ?? 'X',
      group: Number(rest[2]),
      threads: Number(rest[17]),
      startTime: rest[19] ?? '',
    };
  } catch {
    return undefined;
  }
}
