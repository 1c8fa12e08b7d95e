import { expect } from 'chai';
import { compare, type Goal, goalText, isMet, ratio } from './figure.js';

const subject = { row: 'add', part: 'p50', against: 'ptp', unit: 'ms' } as const;
const half: Goal = { of: 'ratio', atMost: 0.5 };

describe('figure', () => {
  it('is the medians and their ratio', () => {
    const figure = compare({ ...subject, goal: half }, [1, 2, 3], [8, 4, 6]);
    expect(figure).to.include({ ours: 2, peer: 6, rounds: 3 });
    expect(ratio(figure)).to.be.closeTo(1 / 3, 1e-9);
    expect(isMet(figure)).to.equal(true);
  });

  it('has a p99 only where there are enough values', () => {
    const many = Array.from({ length: 100 }, (_, i) => i);
    expect(compare(subject, [1, 2], [1, 2])).not.to.have.property('oursP99');
    expect(compare(subject, many, many)).to.include({ oursP99: 99, peerP99: 99 });
  });

  it('misses a goal that it does not reach, on the ratio or on ours alone', () => {
    expect(isMet(compare({ ...subject, goal: half }, [4], [6]))).to.equal(false);
    expect(isMet(compare({ ...subject, goal: { of: 'ours', atMost: 5 } }, [5.1], [100]))).to.equal(false);
    expect(isMet(compare({ ...subject, goal: { of: 'ratio', atLeast: 0.97 } }, [96], [100]))).to.equal(false);
    expect(isMet(compare({ ...subject, goal: { of: 'ratio', atLeast: 0.97 } }, [97], [100]))).to.equal(true);
  });

  it('has not reached a goal when nothing was measured', () => {
    expect(isMet(compare({ ...subject, goal: half }, [], []))).to.equal(false);
  });

  it('says its goal in words, with the unit where the goal has one', () => {
    expect(goalText({ unit: 'ms', goal: half })).to.equal('ratio <= 0.5');
    expect(goalText({ unit: 'ms', goal: { of: 'ours', atMost: 5 } })).to.equal('ours <= 5 ms');
    expect(goalText({ unit: 'ms' })).to.equal('-');
    expect(isMet(compare(subject, [1], [1]))).to.equal(undefined);
  });
});
