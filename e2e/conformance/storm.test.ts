/** Many at once, in any order, with repeats, and with runtimes that lose patience: addresses stay unique, nothing stays. */
import { expect } from 'chai';
import { type Invariants, watchInvariants } from '../clients/invariants.js';
import { until } from '../lab/until.js';
import { NOTHING } from '../main-job/fabric.js';
import type { Outcome } from './execute.js';
import { type OnLab, slash32OnLab } from './on-lab.js';
import { Trial } from './row.js';
import type { Box } from './subject.js';

const COUNT = 200;

describe('200 containers at once', () => {
  let subject: OnLab;
  let invariants: Invariants;
  let trial: Trial;
  const boxes: Box[] = [];

  before(async function () {
    this.timeout(180_000);
    subject = await slash32OnLab('conformance-storm');
    trial = new Trial(subject);
    const first = await subject.box();
    await trial.add(first);
    await trial.call('DEL', first);
    invariants = await watchInvariants(subject.lab, subject.node.name);
    while (boxes.length < COUNT) boxes.push(await subject.box());
  });
  after(async () => {
    await invariants?.end();
    await subject?.down();
  });

  const addresses = (outcome: Outcome) =>
    outcome.json.ips.map(({ address }: { address: string }) => address) as string[];
  /** Every nth in another order: 7 and 200 have no common divisor. */
  const shuffled = () => boxes.map((_, i) => boxes[(i * 7) % COUNT]!);

  it('get an address each, and no two the same', async () => {
    const outcomes = await Promise.all(boxes.map((box) => trial.call('ADD', box)));
    expect(outcomes.filter(({ exitCode }) => exitCode !== 0).map(({ json }) => json)).to.eql([]);
    const given = outcomes.flatMap(addresses);
    expect(given).to.have.lengthOf(2 * COUNT);
    expect(new Set(given).size).to.equal(2 * COUNT);
  }).timeout(240_000);

  it('leave nothing when they are deleted in another order, a third of them twice at the same moment', async () => {
    const dels = shuffled().flatMap((box, i) => (i % 3 === 0 ? [box, box] : [box]));
    const outcomes = await Promise.all(dels.map((box) => trial.call('DEL', box)));
    expect(outcomes.filter(({ exitCode }) => exitCode !== 0).map(({ json }) => json)).to.eql([]);
    expect(await subject.holdings()).to.eql(NOTHING);
  }).timeout(240_000);

  it('leave nothing when ADDs of the same id overlap, and runtimes kill them and send DEL', async () => {
    await Promise.all(
      shuffled().map(async (box, i) => {
        if (i % 4 === 0) await Promise.all([trial.call('ADD', box), trial.call('ADD', box)]);
        else if (i % 4 === 1) await trial.call('ADD', box, { killAfter: 1 + (i % 50) * 20 });
        else if (i % 4 === 2) await Promise.all([trial.call('ADD', box), trial.call('DEL', box)]);
        else await trial.call('ADD', box);
        const { exitCode, json } = await trial.call('DEL', box);
        expect(exitCode, JSON.stringify(json)).to.equal(0);
      }),
    );
    await until(async () => expect(await subject.holdings()).to.eql(NOTHING), { what: 'nothing to be left' });
    for (const box of boxes) expect((await box.attempt(['ip', 'link', 'show', 'eth0'])).code).not.to.equal(0);
  }).timeout(240_000);

  it('leave what is not ours as it was, and the controller with no more descriptors, processes or memory than before', async () => {
    await invariants.hold();
  }).timeout(120_000);
});
