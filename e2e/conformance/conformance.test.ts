/** The matrix as tests: each row of ours by its id, and the page about ptp against a run. */
import { existsSync, readFileSync } from 'node:fs';
import { expect } from 'chai';
import { inRepository } from '../lab/repository.js';
import { FORWARDER } from '../lab/runtime.js';
import { execute, OPEN } from './execute.js';
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

describe('slash32 with the deadlines that it has in production', () => {
  it('K10, V8: gives up on a stdin that stays open after 10 s with code 5, and on a controller that is away with code 11', async () => {
    const forward = (stdin: typeof OPEN | string) => {
      const env = { CNI_COMMAND: 'ADD', CNI_CONTAINERID: 'c', CNI_NETNS: '/run/netns/s32-none', CNI_IFNAME: 'eth0' };
      const nobody = { ...env, CNI_PATH: '/usr/lib/cni', SLASH32_SOCKET: '/run/s32-nobody-listens/cni.sock' };
      return execute([FORWARDER], nobody, stdin, { killAfter: 45_000 });
    };
    const conf = JSON.stringify({ cniVersion: '1.0.0', name: 'blue', type: 'slash32' });
    const [open, away] = await Promise.all([forward(OPEN), forward(conf)]);
    expect([open.json.code, away.json.code]).to.eql([5, 11]);
    expect(open.milliseconds).to.be.within(10_000, 20_000);
    expect(away.milliseconds).to.be.below(20_000);
  }).timeout(90_000);
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
  }).timeout(400_000);
});
