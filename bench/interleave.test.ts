import { expect } from 'chai';
import { interleave } from './interleave.js';

describe('the order of measuring', () => {
  it('takes each contender once a round, and begins with another one each time', async () => {
    const seen: string[] = [];
    await interleave(['a', 'b'], { rounds: 3 }, async (name, round) => void seen.push(`${name}${round}`));
    expect(seen).to.deep.equal(['a0', 'b0', 'b1', 'a1', 'a2', 'b2']);
  });

  it('says which rounds only warm up', async () => {
    const counted: number[] = [];
    await interleave(['a'], { rounds: 2, warm: 3 }, async (_, round, counts) => {
      if (counts) counted.push(round);
    });
    expect(counted).to.deep.equal([3, 4]);
  });

  it('begins no round when the time is over, except for the first', async () => {
    let rounds = 0;
    await interleave(['a'], { rounds: 5, budget: 0 }, async () => void rounds++);
    expect(rounds).to.equal(1);
  });
});
