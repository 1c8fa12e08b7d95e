import { expect } from 'chai';
import fc from 'fast-check';
import { communityFrom, communityValue, GRACEFUL_SHUTDOWN, largeCommunity, standardCommunity } from './community.js';

describe('a community', () => {
  it('comes back from its 32 bits', () => {
    fc.assert(fc.property(fc.nat({ max: 0xffffffff }), (value) => communityValue(communityFrom(value)) === value));
    expect(communityValue(GRACEFUL_SHUTDOWN)).to.equal(0xffff0000);
  });

  it('is one text however it is written, also by its well-known name', () => {
    expect(standardCommunity('065000:00100')).to.equal('65000:100');
    expect(standardCommunity('graceful-shutdown')).to.equal(GRACEFUL_SHUTDOWN);
    expect(largeCommunity('4200000000:01:2')).to.equal('4200000000:1:2');
  });

  it('is refused with what was expected', () => {
    for (const text of ['65536:1', '1', '1:2:3', '-1:2', 'no-such', '1: 2', 'toString']) {
      expect(() => standardCommunity(text), text).to.throw(RangeError, 'expected two numbers up to 65535');
    }
    for (const text of ['4294967296:1:2', '1:2', '1:2:3:4', 'no-export']) {
      expect(() => largeCommunity(text), text).to.throw(RangeError, 'expected three numbers');
    }
  });
});
