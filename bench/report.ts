/** The figures for people: a table without borders. */
import { table } from '../src/cli/table.js';
import { type Figure, goalText, isMet, ratio } from './figure.js';

/** In the order in which they are shown. */
export const COLUMNS = ['figure', 'ours', 'ours p99', 'peer', 'peer p99', 'ratio', 'goal', 'verdict', 'against'];

/** One line per figure. */
export function figureTable(figures: readonly Figure[]): string {
  return table(figures.map(cells), COLUMNS);
}

/** A figure as text, by column. */
export function cells(figure: Figure): Record<string, string> {
  const { row, part, unit, ours, peer, oursP99, peerP99, against } = figure;
  return {
    figure: part ? `${row} ${part}` : row,
    ours: `${shown(ours)} ${unit}`,
    'ours p99': shown(oursP99),
    peer: `${shown(peer)} ${unit}`,
    'peer p99': shown(peerP99),
    ratio: shown(ratio(figure)),
    goal: goalText(figure),
    verdict: verdict(figure),
    against,
  };
}

function verdict(figure: Figure): string {
  const met = isMet(figure);
  return met === undefined ? '-' : met ? 'met' : 'MISSED';
}

/** Three significant digits; whole numbers from a thousand on. */
export function shown(value: number | undefined): string {
  if (value === undefined || Number.isNaN(value)) return '-';
  return Math.abs(value) >= 1000 ? Math.round(value).toLocaleString('en-US') : String(Number(value.toPrecision(3)));
}
