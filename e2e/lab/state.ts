/**
 * What a lab has made, on disk: `/run/s32-<lab>/state.json`.
 *
 * Written before anything is made, so that after any kill another process can remove exactly that and nothing else.
 * The directory itself is the lock: whoever makes it owns the name.
 */
import { mkdirSync, readFileSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import type { Running } from './process.js';

/** A process the lab started in a node. */
export interface StartedProcess extends Running {
  readonly node: string;
  readonly name: string;
}

/** Everything that is needed to use or to remove a lab. */
export interface LabState {
  readonly name: string;
  /** A copy of the topology file, because tests make theirs for the occasion. */
  readonly topology: string;
  /** ISO 8601. */
  readonly since: string;
  /** Who brings it up, or did: when `starting` and this process is gone, the lab is a wreck. */
  readonly runner: Running;
  phase: 'starting' | 'up';
  /** Network namespaces of nodes and containers: the lab's alone, with all that runs in them. */
  namespaces: string[];
  processes: StartedProcess[];
}

/** The directory of a lab: a directory per node, and the state. */
export function labDirectory(name: string): string {
  return `/run/s32-${name}`;
}

/** Makes the lab's directory with the state in it, in one step. Returns false when another lab has the name. */
export function claim(state: LabState): boolean {
  const made = `${labDirectory(state.name)}.${process.pid}`;
  mkdirSync(made, { mode: 0o755 });
  try {
    writeFileSync(`${made}/state.json`, print(state));
    renameSync(made, labDirectory(state.name)); // Refused when the target holds anything (rename(2), ENOTEMPTY).
    return true;
  } catch (error) {
    rmSync(made, { recursive: true });
    if ((error as NodeJS.ErrnoException).code === 'ENOTEMPTY') return false;
    throw error;
  }
}

/** Writes the state; readers see the old or the new one, never half. */
export function save(state: LabState): void {
  const file = `${labDirectory(state.name)}/state.json`;
  writeFileSync(`${file}.new`, print(state));
  renameSync(`${file}.new`, file);
}

/** The state of a lab; undefined when there is none of that name. */
export function load(name: string): LabState | undefined {
  try {
    return JSON.parse(readFileSync(`${labDirectory(name)}/state.json`, 'utf8')) as LabState;
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return undefined;
    throw error;
  }
}

function print(state: LabState): string {
  return `${JSON.stringify(state, null, 2)}\n`;
}
