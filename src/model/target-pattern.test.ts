import { expect } from 'chai';
import fc from 'fast-check';
import { routeTarget } from './route-target.js';
import { matchesTarget, targetPattern } from './target-pattern.js';

const matches = (pattern: string, target: string) => matchesTarget(targetPattern(pattern), routeTarget(target));

describe('a pattern of route targets', () => {
  it('means one target, a range, all of an administrator, or any', () => {
    expect(matches('64512:100', '64512:100')).to.equal(true);
    expect(matches('64512:100', '64512:101')).to.equal(false);
    expect(matches('64512:100-199', '64512:199')).to.equal(true);
    expect(matches('64512:100-199', '64512:200')).to.equal(false);
    expect(matches('64512:*', '64512:4294967295')).to.equal(true);
    expect(matches('192.0.2.1:*', '192.0.2.1:7')).to.equal(true);
    expect(matches('*', '4200000000:7')).to.equal(true);
  });

  it('never means a target of another administrator, nor of another form of the same', () => {
    expect(matches('64512:*', '64513:1')).to.equal(false);
    expect(matches('64512:*', '64512L:1')).to.equal(false);
    expect(matches('6451:*', '64512:1')).to.equal(false);
    expect(matches('192.0.2.1:*', '192.0.2.10:1')).to.equal(false);
  });

  it('means a target exactly when its number lies in the range', () => {
    const number = fc.nat({ max: 0xffff_ffff });
    fc.assert(
      fc.property(number, number, number, (a, b, n) => {
        const [least, most] = [Math.min(a, b), Math.max(a, b)];
        return matches(`64512:${least}-${most}`, `64512:${n}`) === (n >= least && n <= most);
      }),
    );
  });

  it('that is none is refused with the reason', () => {
    for (const text of ['', '64512', '64512:', '64512:*-5', '*:*', '*:1', '64512:1-', '64512:1-2-3', 'x:1', '1.2.3:4'])
      expect(() => targetPattern(text), text).to.throw(
        RangeError,
        /not a (pattern of route targets|route target)|IPv4|address/,
      );
    expect(() => targetPattern('64512:9-1')).to.throw('ends before it begins');
    expect(() => targetPattern('192.0.2.1:1-65536')).to.throw('at most 65535');
  });
});
