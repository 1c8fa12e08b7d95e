/**
 * The figures as a picture: a bar for each that has a goal, as long as its value is in parts of the goal, on a logarithmic
 * scale. One line is the goal of all; bars that end before it are good.
 */
import { type Figure, goalText, isMet, ratio } from './figure.js';
import { shown } from './report.js';

const [WIDTH, LINE, LEFT, RIGHT, TOP] = [1000, 22, 220, 330, 44];
/** The scale goes from a tenth of the goal to ten times it. */
const DECADES = 1;

/** An SVG document. */
export function picture(figures: readonly Figure[]): string {
  const withGoal = figures.filter((figure) => figure.goal);
  const height = TOP + withGoal.length * LINE + 16;
  const middle = x(1);
  return [
    `<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 ${WIDTH} ${height}" font-family="sans-serif" font-size="12">`,
    '<title>Every figure as a part of its goal</title>',
    `<rect width="${WIDTH}" height="${height}" fill="#ffffff"/>`,
    `<text x="${middle}" y="18" text-anchor="middle" font-weight="bold">goal</text>`,
    ...[0.1, 0.3, 3, 10].map((part) => grid(part, height)),
    ...withGoal.map(bar),
    `<line x1="${middle}" x2="${middle}" y1="24" y2="${height - 10}" stroke="#222222" stroke-width="1.5"/>`,
    '</svg>',
    '',
  ].join('\n');
}

/** How much of its goal a figure is: 1 or less is good, also where more is better. */
export function partOfGoal(figure: Figure): number {
  const goal = figure.goal!;
  const value = goal.of === 'ratio' ? ratio(figure) : figure.ours;
  return 'atMost' in goal ? value / goal.atMost : goal.atLeast / value;
}

function bar(figure: Figure, i: number): string {
  const y = TOP + i * LINE;
  const name = figure.part ? `${figure.row} ${figure.part}` : figure.row;
  const value =
    figure.goal!.of === 'ratio'
      ? `${shown(ratio(figure))} of ${figure.against}`
      : `${shown(figure.ours)} ${figure.unit}`;
  const color = isMet(figure) ? '#2e7d32' : '#c62828';
  return [
    `<text x="${LEFT - 8}" y="${y + 12}" text-anchor="end">${escaped(name)}</text>`,
    `<rect x="${LEFT}" y="${y}" width="${(x(partOfGoal(figure)) - LEFT).toFixed(1)}" height="${LINE - 6}" fill="${color}"/>`,
    `<text x="${WIDTH - RIGHT + 8}" y="${y + 12}">${escaped(`${value} (${goalText(figure)})`)}</text>`,
  ].join('\n');
}

function grid(part: number, height: number): string {
  const at = x(part);
  return [
    `<line x1="${at}" x2="${at}" y1="28" y2="${height - 10}" stroke="#dddddd"/>`,
    `<text x="${at}" y="18" text-anchor="middle" fill="#777777">${part} x</text>`,
  ].join('\n');
}

/** Where a part of the goal is; what lies outside of the scale, or was not measured, ends at its edge. */
function x(part: number): number {
  const place = Math.min(DECADES, Math.max(-DECADES, Math.log10(Number.isFinite(part) ? part : 10)));
  return Math.round(LEFT + ((place + DECADES) / (2 * DECADES)) * (WIDTH - LEFT - RIGHT));
}

function escaped(text: string): string {
  return text.replaceAll('&', '&amp;').replaceAll('<', '&lt;').replaceAll('>', '&gt;');
}
