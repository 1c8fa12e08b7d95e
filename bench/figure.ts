/**
 * One figure of the benchmark: what ours costs, what its peer costs in the same run, and whether that is what was aimed at.
 *
 * Every row of the table has one or more. A goal is on the ratio (ours / peer) or, where no peer could say what is good
 * enough, on ours alone; a row that is only printed has none.
 */
import { median, percentile } from './statistics.js';

/** The rows, in the order they are printed. */
export const ROWS = [
  'add',
  'del',
  'storm',
  'tor',
  'remote',
  'import',
  'pass',
  'churn',
  'memory',
  'path',
  'start',
] as const;
export type RowName = (typeof ROWS)[number];

/** What is aimed at: `{ of: 'ratio', atMost: 0.3 }`. */
export type Goal = { readonly of: 'ratio' | 'ours' } & ({ readonly atMost: number } | { readonly atLeast: number });

export interface Figure {
  readonly row: RowName;
  /** Tells the figures of a row apart; empty where a row has one. */
  readonly part: string;
  /** What ours is compared with. */
  readonly against: string;
  readonly unit: string;
  readonly ours: number;
  readonly peer: number;
  readonly oursP99?: number;
  readonly peerP99?: number;
  /** How many times each was measured. */
  readonly rounds: number;
  readonly goal?: Goal;
}

/** What a figure is besides its numbers. */
export type Subject = Pick<Figure, 'row' | 'part' | 'against' | 'unit' | 'goal'>;

/** A figure from what was measured: the medians, and p99 where there are enough values to speak of one. */
export function compare(subject: Subject, ours: readonly number[], peer: readonly number[]): Figure {
  const tails = Math.min(ours.length, peer.length) >= 20 && {
    oursP99: percentile(ours, 99),
    peerP99: percentile(peer, 99),
  };
  return { ...subject, ours: median(ours), peer: median(peer), rounds: ours.length, ...tails };
}

/** Ours by its peer. */
export function ratio({ ours, peer }: Figure): number {
  return ours / peer;
}

/** Whether the goal is reached; undefined without one. What could not be measured has not reached it. */
export function isMet(figure: Figure): boolean | undefined {
  const { goal } = figure;
  if (!goal) return undefined;
  const value = goal.of === 'ratio' ? ratio(figure) : figure.ours;
  return 'atMost' in goal ? value <= goal.atMost : value >= goal.atLeast;
}

/** `ratio <= 0.3`, `ours <= 5 ms`; a dash without a goal. */
export function goalText({ goal, unit }: Pick<Figure, 'goal' | 'unit'>): string {
  if (!goal) return '-';
  const [sense, value] = 'atMost' in goal ? ['<=', goal.atMost] : ['>=', goal.atLeast];
  return `${goal.of} ${sense} ${value}${goal.of === 'ours' ? ` ${unit}` : ''}`;
}
