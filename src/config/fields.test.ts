import { expect } from 'chai';
import fc from 'fast-check';
import { routeTargets, seconds } from './fields.js';

const targets = (given: unknown) => routeTargets.parse(given);

describe('route targets', () => {
  it('are read from one text, a comma list or a list alike', () => {
    expect(targets('64512:100')).to.deep.equal(['64512:100']);
    expect(targets('64512:100, 192.0.2.1:5')).to.deep.equal(['64512:100', '192.0.2.1:5']);
    expect(targets(['64512:100', '192.0.2.1:5'])).to.deep.equal(['64512:100', '192.0.2.1:5']);
  });

  it('count once however often and however they are written', () => {
    expect(targets('64512:100,064512:100, 64512:0100')).to.deep.equal(['64512:100']);
  });

  it('that are bad are each named, the good ones notwithstanding', () => {
    const issues = routeTargets.safeParse(['1:1', 'x', '1:2', 'y']).error?.issues ?? [];
    expect(issues.map(({ path }) => path)).to.deep.equal([[1], [3]]);
  });

  it('may be none, as an empty list but not as empty text', () => {
    expect(targets([])).to.deep.equal([]);
    expect(routeTargets.safeParse('').success).to.equal(false);
  });
});

describe('a time', () => {
  it('is whole seconds, minutes or hours', () => {
    const time = seconds(0, 86400);
    expect(['0s', '9s', '2m', '1h'].map((text) => time.parse(text))).to.deep.equal([0, 9, 120, 3600]);
    for (const text of ['9', 's', '1.5s', '-1s', '1 s', '9S', '1d', '500ms', '١s']) {
      expect(time.safeParse(text).success, text).to.equal(false);
    }
  });

  it('never comes out of its range', () => {
    const anyTime = fc.tuple(fc.nat(2_000_000_000), fc.constantFrom('s', 'm', 'h')).map(([n, unit]) => `${n}${unit}`);
    fc.assert(
      fc.property(anyTime, (text) => {
        const result = seconds(3, 65535).safeParse(text);
        if (result.success) expect(result.data).to.be.within(3, 65535);
      }),
    );
  });
});
