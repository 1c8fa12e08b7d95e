/** docs/interop.md, which the run itself writes. */
import { readFileSync, writeFileSync } from 'node:fs';
import { expect } from 'chai';
import { inRepository } from '../lab/repository.js';

const FILE = inRepository('docs/interop.md');
const BEGIN = '<!-- the table -->\n\n';
const END = '\n\n<!-- end of the table -->';

/** A suite that moves on has another version, which is no change of ours: neither the number nor the width of its column. */
const unversioned = (table: string) =>
  table
    .replace(/\d+(\.\d+)+/g, '#')
    .replace(/ +/g, ' ')
    .replace(/-{2,}/g, '--');

/** Is this the table on the page, but for versions? With UPDATE_DOCS=1 it is put there. */
export function compareWithDocs(table: string): void {
  const page = readFileSync(FILE, 'utf8');
  const [from, to] = [page.indexOf(BEGIN) + BEGIN.length, page.indexOf(END)];
  if (process.env.UPDATE_DOCS === '1') writeFileSync(FILE, page.slice(0, from) + table + page.slice(to));
  else
    expect(unversioned(page.slice(from, to)), 'docs/interop.md (UPDATE_DOCS=1 writes it)').to.equal(unversioned(table));
}
