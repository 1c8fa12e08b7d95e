/** The page that says where we differ from an oracle and why: written from a run, and read back to be compared with one. */
import type { Tried } from './matrix.js';

/** The page. Throws for a row that differs and does not say why we hold it. */
export function pageOf(name: string, tried: readonly Tried[]): string {
  const rows = tried.flatMap(({ row, verdict }) => {
    if (verdict.is !== 'differs') return [];
    if (!row.why) throw new Error(`${row.id} differs, and does not say why we hold it: add "why" to the row`);
    const how = [...new Set(verdict.how)].map(cell).join('<br>');
    return [`| ${row.id} | ${cell(row.promise)} | ${how} | ${cell(row.why)} |`];
  });
  return `${HEAD(name, tried.length, rows.length)}\n${rows.join('\n')}\n`;
}

/** The ids of the rows in a page. */
export function idsIn(page: string): string[] {
  return [...page.matchAll(/^\| ((?:[KV]\d+)|(?:shape \d\.\d\.\d)) \|/gm)].map(([, id]) => id!);
}

const HEAD = (name: string, count: number, different: number) => `# Conformance: where we differ from ${name}, and why

\`npm run conformance\` tries ${count} promises of a CNI plugin from outside: how it reads its input (K), what its verbs
do (V), and the shape of its result in every version. \`npm run conformance -- --plugin /usr/lib/cni/${name}\` tries the
same on ${name} with host-local. ${different} rows differ there; a row with several findings has one per line. This page is written by
\`npm run conformance -- --plugin /usr/lib/cni/${name} --write-table docs/conformance.md\`, and a test compares it with a run.

| row | what slash32 promises | what ${name} does | why we do not |
| --- | --- | --- | --- |`;

/** Text that does not end a cell, or begin markup. */
function cell(text: string): string {
  return text.replaceAll('|', '\\|').replaceAll('\n', ' ').replaceAll('<', '&lt;');
}
