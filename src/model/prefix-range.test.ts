import { expect } from 'chai';
import { prefixRange } from './prefix-range.js';

describe('a prefix range', () => {
  it('without bounds is that prefix and no other', () => {
    expect(prefixRange('10.0.0.0/8')).to.eql({ within: '10.0.0.0/8', ge: 8, le: 8 });
  });

  it('takes the bounds as FRR does: le from the prefix itself, ge up to the longest', () => {
    expect(prefixRange('10.0.0.0/8 le 24')).to.include({ ge: 8, le: 24 });
    expect(prefixRange('10.0.0.0/8 ge 24')).to.include({ ge: 24, le: 32 });
    expect(prefixRange('2001:db8::/32 ge 48')).to.include({ ge: 48, le: 128 });
    expect(prefixRange('10.0.0.0/8 ge 16 le 24')).to.eql(prefixRange('10.0.0.0/8 le 24 ge 16'));
    expect(prefixRange('0.0.0.0/0 le 32')).to.include({ ge: 0, le: 32 });
  });

  for (const [text, why] of [
    ['10.0.0.0', /expected address\/length/],
    ['10.0.0.1/8', /host bits/],
    ['10.0.0.0/8 lt 24', /not a prefix range/],
    ['10.0.0.0/8 le', /not a prefix range/],
    ['10.0.0.0/8  le 24', /not a prefix range/],
    ['10.0.0.0/8 le 24 le 32', /not a prefix range/],
    ['10.0.0.0/8 ge 4', /matches nothing: expected 8 <= ge <= le <= 32/],
    ['10.0.0.0/8 ge 24 le 16', /matches nothing/],
    ['10.0.0.0/8 le 33', /matches nothing/],
    ['::/0 le 129', /matches nothing: expected 0 <= ge <= le <= 128/],
    ['', /not a prefix range/],
  ] as const) {
    it(`refuses "${text}" with the reason`, () => {
      expect(() => prefixRange(text)).to.throw(RangeError, why);
    });
  }
});
