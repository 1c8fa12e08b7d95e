/** All rows, in the order of the reference, and the ids that must be among them. */

import { judge, type Row, type Verdict } from './row.js';
import { ADD_ROWS } from './rows-add.js';
import { CONVENTION_ROWS } from './rows-conventions.js';
import { DEL_ROWS } from './rows-del.js';
import { INPUT_ROWS } from './rows-input.js';
import { SHAPE_ROWS } from './rows-shape.js';
import { VERB_ROWS } from './rows-verbs.js';
import type { Subject } from './subject.js';

const numbered = (letter: string, count: number) => Array.from({ length: count }, (_, i) => `${letter}${i + 1}`);

/** What the reference counts: K1 to K19, V1 to V18, and seven versions. */
export const REQUIRED: readonly string[] = [
  ...numbered('K', 19),
  ...numbered('V', 18),
  ...['0.1.0', '0.2.0', '0.3.0', '0.3.1', '0.4.0', '1.0.0', '1.1.0'].map((version) => `shape ${version}`),
];

const all = [...INPUT_ROWS, ...CONVENTION_ROWS, ...ADD_ROWS, ...DEL_ROWS, ...VERB_ROWS, ...SHAPE_ROWS];

/** Every row, in that order. */
export const MATRIX: readonly Row[] = [...all].sort((a, b) => REQUIRED.indexOf(a.id) - REQUIRED.indexOf(b.id));

/** A row and what came of it. */
export interface Tried {
  readonly row: Row;
  readonly verdict: Verdict;
}

/** Tries every row on a subject, one after the other, and tells of each as it goes. */
export async function tryAll(subject: Subject, tell: (tried: Tried) => void = () => {}): Promise<Tried[]> {
  const done: Tried[] = [];
  for (const row of MATRIX) {
    const tried = { row, verdict: await judge(row, subject) };
    done.push(tried);
    tell(tried);
  }
  return done;
}
