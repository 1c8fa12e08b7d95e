import { expect } from 'chai';
import { compare, type Goal } from './figure.js';
import { partOfGoal, picture } from './picture.js';

const figure = (goal: Goal | undefined, ours: number, peer: number) =>
  compare({ row: 'path', part: 'a & b', against: 'ptp', unit: 'ms', ...(goal && { goal }) }, [ours], [peer]);

describe('the picture', () => {
  it('measures in parts of the goal, so that less is better for every figure', () => {
    expect(partOfGoal(figure({ of: 'ratio', atMost: 0.5 }, 1, 4))).to.equal(0.5);
    expect(partOfGoal(figure({ of: 'ratio', atLeast: 0.97 }, 97, 100))).to.equal(1);
    expect(partOfGoal(figure({ of: 'ours', atMost: 2 }, 4, 1))).to.equal(2);
  });

  it('has a bar for each figure with a goal: green up to the goal, red beyond it', () => {
    const good = figure({ of: 'ratio', atMost: 0.5 }, 1, 4);
    const bad = figure({ of: 'ratio', atMost: 0.5 }, 3, 4);
    const svg = picture([good, bad, figure(undefined, 1, 1)]);
    expect(svg.match(/fill="#2e7d32"/g)).to.have.length(1);
    expect(svg.match(/fill="#c62828"/g)).to.have.length(1);
  });

  it('ends bars at the edge of the scale, whatever the value', () => {
    const widths = [
      ...picture([1e9, 1e-9, Number.NaN].map((ours) => figure({ of: 'ours', atMost: 1 }, ours, 1))).matchAll(
        /width="([\d.]+)" height="16"/g,
      ),
    ].map(([, width]) => Number(width));
    expect(widths[1]).to.equal(0);
    expect(widths[0]).to.be.greaterThan(100).and.equal(widths[2]);
  });

  it('is well-formed where names hold signs of markup', () => {
    const svg = picture([figure({ of: 'ratio', atMost: 0.5 }, 1, 4)]);
    expect(svg).to.contain('a &amp; b').and.contain('ratio &lt;= 0.5');
    expect(svg.replace(/<[^<>]*>/g, '')).not.to.match(/[<>]/);
  });
});
