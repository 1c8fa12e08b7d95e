/** The matrix as tests: each row of ours by its id, and the page about ptp against a run. */
import { existsSync, readFileSync } from 'node:fs';
import { expect } from 'chai';
import { inRepository } from '../lab/repository.js';
import { MATRIX, REQUIRED, tryAll } from './matrix.js';
import { slash32OnLab } from './on-lab.js';
import { onOracle } from './on-oracle.js';
import { judge } from './row.js';
import type { Subject } from './subject.js';
import { idsIn } from './table.js';

describe('slash32 as a CNI plugin', () => {
  let subject: Subject;

  before(async function () {
    this.timeout(90_000);
    subject = await slash32OnLab('conformance');
  });
  after(() => subject?.down());

  it('is tried in every row of the reference, and in each once', () => {
    expect(MATRIX.map(({ id }) => id)).to.eql(REQUIRED);
  });

  for (const row of MATRIX) {
    it(`${row.id}: ${row.promise}`, async function () {
      const verdict = await judge(row, subject);
      if (verdict.is === 'not applicable') this.skip();
      expect(verdict).to.eql({ is: 'ok' });
    });
  }
});

describe("Debian's ptp as an oracle", () => {
  const PTP = '/usr/lib/cni/ptp';
  let oracle: Subject;

  before(async function () {
    if (!existsSync(PTP)) this.skip();
    oracle = await onOracle(PTP, 'conformance-ptp');
  });
  after(() => oracle?.down());

  it('differs in exactly the rows that docs/conformance.md explains', async () => {
    const tried = await tryAll(oracle);
    const differing = tried.filter(({ verdict }) => verdict.is === 'differs').map(({ row }) => row.id);
    expect(differing).to.eql(idsIn(readFileSync(inRepository('docs/conformance.md'), 'utf8')));
  }).timeout(180_000);
});
