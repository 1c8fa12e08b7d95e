import { expect } from 'chai';
import { compare } from './figure.js';
import { resultJson } from './result.js';

const del = compare(
  { row: 'del', part: '', against: 'ptp', unit: 'ms', goal: { of: 'ratio', atMost: 1 } },
  [20.12345],
  [40],
);
const storm = (part: string) => compare({ row: 'storm', part, against: 'ptp', unit: 'ms' }, [1], [4]);

describe('the JSON of a run', () => {
  it('has a figure under the name of its row', () => {
    expect(resultJson([del])).to.deep.equal({
      del: {
        ours: 20.123,
        peer: 40,
        ratio: 0.503,
        unit: 'ms',
        goal: 'ratio <= 1',
        met: true,
        against: 'ptp',
        rounds: 1,
      },
    });
  });

  it('has a figure for each part where a row has several, and null where there is no goal', () => {
    const { storm: row } = resultJson([storm('ADD'), storm('DEL')]);
    expect(row).to.have.all.keys('ADD', 'DEL');
    expect(row).to.have.nested.include({ 'ADD.ratio': 0.25, 'ADD.goal': null, 'ADD.met': null });
  });

  it('has no key for a row that was not measured', () => {
    expect(resultJson([del])).to.have.all.keys('del');
  });

  it('names the rows in one order, whatever came first', () => {
    expect(Object.keys(resultJson([storm('ADD'), del]))).to.deep.equal(['del', 'storm']);
  });
});
