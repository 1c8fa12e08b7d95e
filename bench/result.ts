/**
 * The figures for programs: a key per row, and below it either the figure itself or, where the row has several, one for
 * each part. Numbers keep three digits after the point: nothing here is known better.
 */
import { type Figure, goalText, isMet, ROWS, type RowName, ratio } from './figure.js';

export interface FigureJson {
  readonly ours: number;
  readonly peer: number;
  readonly ratio: number;
  readonly unit: string;
  /** As text: `ratio <= 0.3`. Null where a figure is only printed. */
  readonly goal: string | null;
  readonly met: boolean | null;
  readonly against: string;
  readonly rounds: number;
  readonly oursP99?: number;
  readonly peerP99?: number;
}

export type RowJson = FigureJson | Readonly<Record<string, FigureJson>>;
export type ResultJson = Partial<Record<RowName, RowJson>>;

/** The object that `--json` writes. */
export function resultJson(figures: readonly Figure[]): ResultJson {
  const rows = ROWS.map((row) => [row, figures.filter((figure) => figure.row === row)] as const);
  return Object.fromEntries(rows.filter(([, all]) => all.length > 0).map(([row, all]) => [row, rowJson(all)]));
}

function rowJson(figures: readonly Figure[]): RowJson {
  const [first] = figures;
  if (first?.part === '') return figureJson(first);
  return Object.fromEntries(figures.map((figure) => [figure.part, figureJson(figure)]));
}

function figureJson(figure: Figure): FigureJson {
  const { ours, peer, oursP99, peerP99, unit, against, rounds } = figure;
  return {
    ours: rounded(ours),
    peer: rounded(peer),
    ratio: rounded(ratio(figure)),
    unit,
    goal: figure.goal ? goalText(figure) : null,
    met: isMet(figure) ?? null,
    against,
    rounds,
    ...(oursP99 !== undefined && { oursP99: rounded(oursP99) }),
    ...(peerP99 !== undefined && { peerP99: rounded(peerP99) }),
  };
}

const rounded = (value: number) => Math.round(value * 1000) / 1000;
