/** The interop table: what was tried with each ToR and how it went, printed by the run and kept in docs/interop.md. */
import type { TorKind } from './fabric.js';

/** What is tried with each ToR, in the words of the table. */
export const ASPECTS = [
  'eBGP IPv4',
  'eBGP IPv6',
  'targets kept',
  '4-byte AS',
  'MD5 password',
  'gobgpd killed: no route changes',
] as const;
export type Aspect = (typeof ASPECTS)[number];

/** The ToRs, as people call them. */
export const TORS: Record<TorKind, string> = { frr: 'FRR', bird: 'BIRD', gobgp: 'GoBGP' };

/** How each test went; one that did not run is not there. */
export type Results = Readonly<Record<TorKind, Readonly<Partial<Record<Aspect, 'works' | 'FAILS'>>>>>;

/** The table in Markdown. @param versions of each ToR, as it says itself */
export function interopTable(results: Results, versions: Readonly<Record<TorKind, string>>): string {
  const kinds = Object.keys(TORS) as TorKind[];
  const rows = [
    ['', ...kinds.map((kind) => `${TORS[kind]} ${versions[kind]}`)],
    ...ASPECTS.map((aspect) => [aspect, ...kinds.map((kind) => results[kind][aspect] ?? 'not run')]),
  ];
  const widths = rows[0]!.map((_, column) => Math.max(...rows.map((row) => row[column]!.length)));
  const line = (cells: readonly string[], filler = ' ') =>
    `| ${cells.map((cell, column) => cell.padEnd(widths[column]!, filler)).join(' | ')} |`;
  const [head, ...body] = rows;
  return [
    line(head!),
    line(
      head!.map(() => ''),
      '-',
    ),
    ...body.map((row) => line(row)),
  ].join('\n');
}
