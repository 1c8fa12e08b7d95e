/**
 * docs/performance.{json,md,svg}: what the committed figures are. The JSON holds them row by row, each with the run that
 * measured it, so that a run of some rows renews only those; the other two are made of it. In the page, what is between the
 * two marks is ours, the rest is people's.
 */
import { existsSync, readFileSync, writeFileSync } from 'node:fs';
import { inRepository } from '../e2e/lab/repository.js';
import { type Figure, ROWS, type RowName } from './figure.js';
import { isQuiet, type Machine, machineText, type Occupation, occupationText } from './machine.js';
import { picture } from './picture.js';
import { COLUMNS, cells } from './report.js';

/** A row as it was measured last. */
export interface MeasuredRow {
  readonly figures: readonly Figure[];
  /** What made it: `npm run bench -- --only add`. */
  readonly command: string;
  /** ISO 8601. */
  readonly at: string;
  readonly machine: Machine;
  /** Before it began. */
  readonly occupation: Occupation;
}

export type Measured = Partial<Record<RowName, MeasuredRow>>;

const BEGIN = '<!-- begin: npm run bench -- --docs -->';
const END = '<!-- end: npm run bench -- --docs -->';
const [JSON_FILE, PAGE, PICTURE] = ['json', 'md', 'svg'].map((it) => inRepository(`docs/performance.${it}`)) as [
  string,
  string,
  string,
];

/** Renews these rows in the three files. */
export function renew(rows: Measured): void {
  const before = existsSync(JSON_FILE) ? (JSON.parse(readFileSync(JSON_FILE, 'utf8')) as Measured) : {};
  const measured = inOrder({ ...before, ...rows });
  writeFileSync(JSON_FILE, `${JSON.stringify(measured, null, 2)}\n`);
  writeFileSync(PAGE, renewed(existsSync(PAGE) ? readFileSync(PAGE, 'utf8') : `${BEGIN}\n${END}\n`, measured));
  writeFileSync(PICTURE, picture(allFigures(measured)));
}

/** The page with everything between the marks made anew. Throws when it has no marks. */
export function renewed(page: string, measured: Measured): string {
  const [begin, end] = [page.indexOf(BEGIN), page.indexOf(END)];
  if (begin < 0 || end < begin) throw new Error(`docs/performance.md has lost its marks "${BEGIN}" and "${END}"`);
  return `${page.slice(0, begin)}${BEGIN}\n\n${content(measured)}\n\n${page.slice(end)}`;
}

function content(measured: Measured): string {
  const rows = Object.entries(measured) as [RowName, MeasuredRow][];
  return [
    '![every figure as a part of its goal](performance.svg)',
    markdownTable(allFigures(measured)),
    'What made it:',
    rows.map(([name, row]) => origin(name, row)).join('\n'),
    'The machine:',
    [...new Set(rows.map(([, { machine }]) => machineText(machine)))].map((line) => `- ${line}`).join('\n'),
  ].join('\n\n');
}

function origin(name: RowName, { at, command, occupation }: MeasuredRow): string {
  const noise = isQuiet(occupation) ? '' : `; ${occupationText(occupation)}`;
  return `- \`${name}\`: ${at}, \`${command}\`${noise}`;
}

function markdownTable(figures: readonly Figure[]): string {
  const line = (texts: readonly string[]) => `| ${texts.join(' | ')} |`;
  const rows = figures.map((figure) => {
    const texts = cells(figure);
    return line(COLUMNS.map((column) => texts[column] ?? '-'));
  });
  return [line(COLUMNS), line(COLUMNS.map(() => '---')), ...rows].join('\n');
}

function inOrder(measured: Measured): Measured {
  return Object.fromEntries(ROWS.filter((row) => measured[row]).map((row) => [row, measured[row]]));
}

/** All figures, in the order of the rows. */
export function allFigures(measured: Measured): Figure[] {
  return ROWS.flatMap((row) => measured[row]?.figures ?? []);
}
