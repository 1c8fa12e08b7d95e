import { expect } from 'chai';
import { compare } from './figure.js';
import { figureTable, shown } from './report.js';

describe('the table of a run', () => {
  it('has a line per figure, with goal and verdict', () => {
    const goal = { of: 'ratio', atMost: 0.3 } as const;
    const lines = figureTable([
      compare({ row: 'add', part: 'p50', against: 'ptp', unit: 'ms', goal }, [2], [8]),
      compare({ row: 'storm', part: 'ADD', against: 'ptp', unit: 'ms', goal }, [4], [8]),
      compare({ row: 'remote', part: '', against: 'BIRD', unit: 'ms' }, [4], [8]),
    ]).split('\n');
    expect(lines).to.have.length(4);
    expect(lines[1]).to.match(/^add p50 +2 ms .* 0\.25 +ratio <= 0\.3 +met +ptp$/);
    expect(lines[2]).to.match(/ 0\.5 .* MISSED /);
    expect(lines[3]).to.match(/^remote .* - +- +BIRD$/);
  });

  it('shows three digits, and no more of a large number than its whole part', () => {
    expect([0.123456, 12.3456, 123456.7, undefined, Number.NaN].map(shown)).to.deep.equal([
      '0.123',
      '12.3',
      '123,457',
      '-',
      '-',
    ]);
  });
});
