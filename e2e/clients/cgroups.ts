/** Control groups: a node's fresh /sys shows none, and what a runtime made there outlives every namespace. */
import { existsSync, readdirSync, readFileSync, rmdirSync } from 'node:fs';
import { identify, processIds, signalProcess } from '../lab/process.js';
import { until } from '../lab/until.js';

/** Options that every mount has, which say nothing of what is mounted. */
const GENERAL = /^(rw|ro|relatime|nosuid|nodev|noexec)$/;

/** The commands that mount in a node what this machine has below /sys/fs/cgroup: version 1, version 2, or both. */
export function cgroupMounts(): string[][] {
  return mountsBelow('/sys/fs/cgroup').flatMap(({ path, type, options }) => {
    const particular = options.split(',').filter((option) => !GENERAL.test(option));
    const withOptions = particular.length > 0 ? ['-o', particular.join(',')] : [];
    return [
      ['mkdir', '-p', path],
      ['mount', '-n', '-t', type, ...withOptions, type, path],
    ];
  });
}

/** Kills every process of a cgroup and removes it in every hierarchy, with those below it. */
export async function endCgroup(cgroup: string): Promise<void> {
  for (const pid of processIds().filter((it) => isIn(it, cgroup))) {
    const running = identify(pid);
    if (running) await signalProcess(running, 'SIGKILL');
  }
  const places = mountsBelow('/sys/fs/cgroup')
    .map(({ path }) => path + cgroup)
    .filter(existsSync);
  for (const place of places) await until(() => removed(place), { what: `cgroup ${place} to be empty` });
}

interface Mounted {
  readonly path: string;
  readonly type: string;
  readonly options: string;
}

function mountsBelow(root: string): Mounted[] {
  const lines = readFileSync('/proc/self/mounts', 'utf8').trim().split('\n');
  return lines
    .map((line) => line.split(' '))
    .map(([, path = '', type = '', options = '']) => ({ path, type, options }))
    .filter(({ path }) => path === root || path.startsWith(`${root}/`));
}

function isIn(pid: number, cgroup: string): boolean {
  try {
    return readFileSync(`/proc/${pid}/cgroup`, 'utf8')
      .split('\n')
      .some((line) => line.split(':')[2]?.split('/')[1] === cgroup.slice(1));
  } catch {
    return false; // It has just ended.
  }
}

/** Depth first: the kernel removes only what has nothing below. Throws EBUSY while something runs in it. */
function removed(place: string): true {
  for (const entry of readdirSync(place, { withFileTypes: true })) {
    if (entry.isDirectory()) removed(`${place}/${entry.name}`);
  }
  rmdirSync(place);
  return true;
}
