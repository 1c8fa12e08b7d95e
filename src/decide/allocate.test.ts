import { expect } from 'chai';
import fc from 'fast-check';
import { type Address, addressAt, contains, numberOf, prefix } from '../model/address.js';
import { nextFree, poolSize } from './allocate.js';

const pools = fc.oneof(
  fc.integer({ min: 22, max: 32 }).map((length) => prefix(`10.0.0.0/${length}`)),
  fc.integer({ min: 118, max: 128 }).map((length) => prefix(`2001:db8::/${length}`)),
);

describe('the next free address', () => {
  it('lies in the pool, and every address of the pool is given once before it is exhausted', () => {
    fc.assert(
      fc.property(pools, (pool) => {
        const taken = new Set<Address>();
        let last: Address | undefined;
        for (
          let next = nextFree(pool, (one) => taken.has(one));
          next;
          next = nextFree(pool, (one) => taken.has(one), last)
        ) {
          expect(contains(pool, next)).to.equal(true);
          expect(taken.has(next)).to.equal(false);
          taken.add((last = next));
        }
        expect(BigInt(taken.size)).to.equal(poolSize(pool));
      }),
      { numRuns: 40 },
    );
  });

  it('goes round: after the last address comes the first', () => {
    const pool = prefix('10.0.0.0/29');
    expect(nextFree(pool, () => false, addressAt(numberOf('10.0.0.6' as Address), 4))).to.equal('10.0.0.1');
  });

  it('spares the first and last address of an IPv4 pool, which too much software mistakes for something else', () => {
    expect(poolSize(prefix('10.0.0.0/24'))).to.equal(254n);
    expect(poolSize(prefix('10.0.0.0/31'))).to.equal(2n);
    expect(poolSize(prefix('10.0.0.1/32'))).to.equal(1n);
  });
});
