import { expect } from 'chai';
import fc from 'fast-check';
import { median, percentile } from './statistics.js';

describe('statistics', () => {
  it('names the middle value, whatever the order', () => {
    expect(median([9, 1, 5])).to.equal(5);
    expect(median([4])).to.equal(4);
  });

  it('takes what lies between the two in the middle', () => {
    expect(median([9, 1])).to.equal(5);
    expect(median([4, 1, 100, 2])).to.equal(3);
  });

  it('compares numbers as numbers', () => {
    expect(median([10, 9, 100])).to.equal(10);
  });

  it('takes the largest of 100 values for p99, and of fewer too', () => {
    expect(percentile([...Array(100).keys()], 99)).to.equal(99);
    expect(percentile([3, 7], 99)).to.equal(7);
  });

  it('has nothing to say of no values', () => {
    expect(median([])).to.be.NaN;
  });

  it('always answers with one of the values, and leaves them as they were', () => {
    fc.assert(
      fc.property(fc.array(fc.integer(), { minLength: 1 }), fc.integer({ min: 0, max: 100 }), (values, percent) => {
        const before = [...values];
        expect(values).to.include(percentile(values, percent));
        expect(values).to.deep.equal(before);
      }),
    );
  });
});
