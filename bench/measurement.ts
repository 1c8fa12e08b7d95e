/** What the frame (main.ts) and the measurements (rows/) know of each other. */
import type { Figure, RowName } from './figure.js';

/** How a run was asked for. */
export interface Run {
  /** How often each side is measured. */
  readonly rounds: number;
  /** A tenth of the load: to see that it works, not for figures. */
  readonly quick: boolean;
  /** Whether the figures of this row are wanted. */
  wants(row: RowName): boolean;
  /** A line of progress. */
  say(line: string): void;
}

/** One lab, and the rows that are measured in it. */
export interface Measurement {
  readonly rows: readonly RowName[];
  /** How often, unless asked otherwise. */
  readonly rounds: number;
  /** Figures in the order they are printed. Cleans up after itself, also when it fails. */
  measure(run: Run): Promise<readonly Figure[]>;
}
