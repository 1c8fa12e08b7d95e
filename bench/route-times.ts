/** When routes come into a kernel, or go, as its own notifications tell (route-times.c). */
import { createInterface } from 'node:readline';
import { execa } from 'execa';
import type { LabNode } from '../e2e/lab/node.js';
import { tool } from './plugin.js';

/** Milliseconds after which nobody awaits 100,000 routes any more. */
export const LONGEST = 200_000;

/** Routes of single hosts (/32). */
export interface Awaited {
  readonly table: number;
  readonly change: '+' | '-';
  readonly count: number;
  /** Milliseconds; a minute, unless said otherwise. */
  readonly timeout?: number;
}

/** CLOCK_MONOTONIC, ns: the first route and the last one. */
export interface RouteTimes {
  readonly first: number;
  readonly last: number;
}

/** When it resolves, nothing will be missed any more; `done` resolves when all have been there. It must be awaited. */
export async function awaitRoutes(
  node: LabNode,
  { table, change, count, timeout = 60_000 }: Awaited,
): Promise<{ readonly done: Promise<RouteTimes> }> {
  const argv = ['netns', 'exec', node.namespace, tool('route-times'), String(table), change, String(count)];
  const running = execa('ip', argv, { timeout, reject: false, buffer: false });
  const lines = createInterface(running.stdout)[Symbol.asyncIterator]();
  const what = `${count} routes ${change} in table ${table} of ${node.name}`;
  if ((await lines.next()).value !== 'listening') throw new Error(`cannot listen for ${what}`);
  const done = (async () => {
    const { value } = await lines.next();
    if (value === undefined) throw new Error(`gave up waiting for ${what} after ${timeout / 1000} s`);
    const [first = 0, last = 0] = (value as string).split(' ').map(Number);
    return { first, last };
  })();
  // Whoever fails in between does not come to await it.
  done.catch(() => {});
  return { done };
}
