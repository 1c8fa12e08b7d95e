import { expect } from 'chai';
import { deathsInARow, restartDelay } from './restart-delay.js';

describe('gobgpd is started again', () => {
  it('at once after a single death, then later and later, but never later than after 5 s', () => {
    const delays = Array.from({ length: 10 }, (_, i) => restartDelay(i + 1));
    expect(delays).to.deep.equal([0, 100, 200, 400, 800, 1600, 3200, 5000, 5000, 5000]);
  });

  it('at once again when it has lived for a while', () => {
    expect(deathsInARow(9, 29_999)).to.equal(10);
    expect(restartDelay(deathsInARow(9, 30_000))).to.equal(0);
  });
});
