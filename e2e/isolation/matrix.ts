/** The N x N matrix: what was seen of every pair, held against the plan. */
import { until } from '../lab/until.js';
import type { Fabric } from './fabric.js';
import { type Plan, reach } from './plan.js';
import { type Attempt, attempt, type Placed, PROTOCOLS, type Seen } from './prober.js';

/** Every pair but the hosts among themselves, which is the fabric's business. */
export function isPair(from: Placed, to: Placed): boolean {
  return from !== to && !(from.network === 'host' && to.network === 'host');
}

/** All pairs, in both directions. */
export function pairs(parties: readonly Placed[], among = isPair): [Placed, Placed][] {
  return parties.flatMap((from) => parties.filter((to) => among(from, to)).map((to): [Placed, Placed] => [from, to]));
}

/**
 * Lets everybody talk, and says where that is not as the plan wants; empty when all is.
 * @param real what the nodes do, where that is something else: its answers are waited for
 * @param patience in ms, for what should be answered
 */
export async function deviations(fabric: Fabric, plan: Plan, real = plan, patience?: number): Promise<string[]> {
  const all = pairs(fabric.parties);
  const due = all.filter(([from, to]) => reach(real, from, to)).flatMap(([from, to]) => attempts(from, to));
  const seen = await fabric.prober.round(isPair, ({ answered }) => due.every((one) => answered.has(one)), patience);
  return all.flatMap(([from, to]) => (reach(plan, from, to) ? unanswered(seen, from, to) : leaked(seen, from, to)));
}

/** Waits until the whole matrix is as the plan wants. Returns how many pairs may and how many may not. */
export async function matrix(fabric: Fabric, plan: Plan) {
  let wrong: string[] = [];
  // A packet that was sent before its route was there never comes: little patience at first, more on a slow machine.
  let patience = 0;
  const isAsPlanned = async () => (wrong = await deviations(fabric, plan, plan, (patience += 1000))).length === 0;
  const what = 'the matrix to be as the route targets say';
  await until(isAsPlanned, { what, timeout: 50_000 }).catch((e) => {
    throw new Error(`${e.message}; ${wrong.length} wrong: ${wrong.slice(0, 20).join(', ')}`);
  });
  const all = pairs(fabric.parties);
  const open = all.filter(([from, to]) => reach(plan, from, to)).length;
  return { open, shut: all.length - open };
}

function attempts(from: Placed, to: Placed): Attempt[] {
  return PROTOCOLS.map((protocol) => attempt(from, to, protocol));
}

function unanswered(seen: Seen, from: Placed, to: Placed): string[] {
  return attempts(from, to)
    .filter((one) => !seen.answered.has(one))
    .map((one) => `${one} has no answer`);
}

/** No container may even see a packet. Its own host is never kept out, and what reaches a host has passed no guard. */
function leaked(seen: Seen, from: Placed, to: Placed): string[] {
  const isGuarded = from.network !== 'host' && to.network !== 'host';
  return attempts(from, to)
    .filter((one) => seen.answered.has(one) || (isGuarded && seen.arrived.has(one)))
    .map((one) => `${one} is ${seen.answered.has(one) ? 'answered' : 'heard'}`);
}
