import { expect } from 'chai';
import { type Measured, renewed } from './document.js';
import { compare } from './figure.js';

const machine = {
  processors: '2 x AMD EPYC',
  memory: '23 GiB',
  kernel: 'Linux 6.18',
  node: 'Node v20.20.2',
  daemons: [],
};
const measured: Measured = {
  del: {
    figures: [
      compare({ row: 'del', part: '', against: 'ptp', unit: 'ms', goal: { of: 'ratio', atMost: 1 } }, [30], [20]),
    ],
    command: 'npm run bench -- --only del',
    at: '2026-11-21T12:00:00.000Z',
    machine,
    occupation: { load: 0, busy: 0 },
  },
};
const PAGE = 'before\n<!-- begin: npm run bench -- --docs -->\nold\n<!-- end: npm run bench -- --docs -->\nafter\n';

describe('the page of the figures', () => {
  it('says what was missed, and which command measured it on what', () => {
    const page = renewed(PAGE, measured);
    expect(page).to.contain('| del | 30 ms | - | 20 ms | - | 1.5 | ratio <= 1 | MISSED | ptp |');
    expect(page).to.contain('- `del`: 2026-11-21T12:00:00.000Z, `npm run bench -- --only del`');
    expect(page).to.contain('- 2 x AMD EPYC, 23 GiB, Linux 6.18, Node v20.20.2');
  });

  it('keeps what people wrote around it, and nothing of its own of before', () => {
    const page = renewed(PAGE, measured);
    expect(page)
      .to.match(/^before\n<!--/)
      .and.match(/-->\nafter\n$/);
    expect(page).not.to.contain('old');
    expect(renewed(page, measured)).to.equal(page);
  });

  it('keeps the warning that the machine was not quiet', () => {
    const noisy: Measured = { del: { ...measured.del!, occupation: { load: 3, busy: 0.5 } } };
    expect(renewed(PAGE, noisy)).to.contain('`npm run bench -- --only del`; NOT QUIET: load 3.00, 50 % busy');
  });

  it('refuses a page without its marks instead of overwriting it', () => {
    expect(() => renewed('mine\n', measured)).to.throw('has lost its marks');
  });
});
