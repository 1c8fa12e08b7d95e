import { expect } from 'chai';
import { type Figures, scale } from './scale.js';

const MANY = 300;

describe('a node with 200 networks', () => {
  it(`forwards a packet and attaches a container at the same cost with 2 and with ${MANY} endpoints`, async () => {
    // With few before and after: what the machine itself became slower by meanwhile is no cost of ours.
    const figures = await scale([2, MANY, 2], (line) => console.log(`      ${line}`));
    const [before, many, after] = figures as [Figures, Figures, Figures];
    expect(figures.map(({ endpoints }) => endpoints)).to.eql([2, MANY, 2]);
    expect(figures.map(({ lost }) => lost)).to.eql([0, 0, 0]);
    for (const family of [4, 6] as const) {
      const few = Math.max(before.packet[family], after.packet[family]);
      expect(many.packet[family], `IPv${family}`).to.be.lessThan(few * 1.5);
    }
    expect(many.add.fast).to.be.lessThan(Math.max(before.add.fast, after.add.fast) * 1.5);
  }).timeout(300_000);
});
