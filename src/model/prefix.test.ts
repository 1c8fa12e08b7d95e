import { expect } from 'chai';
import fc from 'fast-check';
import { IPv4CidrRange, IPv6CidrRange } from 'ip-num';
import {
  type Address,
  addressFrom,
  baseOf,
  bitsOf,
  contains,
  familyOf,
  hostPrefix,
  isBlock,
  lengthOf,
  overlap,
  type Prefix,
  prefix,
  prefixAround,
} from './address.js';

const refuses = (text: string) => {
  try {
    prefix(text);
    return false;
  } catch (error) {
    return error instanceof RangeError;
  }
};

/** Few distinct bits, so that prefixes meet often. */
const near = fc.oneof(
  fc.tuple(fc.constant(10), fc.constantFrom(0, 128), fc.constantFrom(0, 1), fc.nat(255)).map((b) => Uint8Array.from(b)),
  fc
    .tuple(fc.constantFrom(0, 1, 128), fc.nat(255))
    .map(([a, b]) => Uint8Array.from([0x20, 1, 0xd, 0xb8, ...Array(10).fill(0), a, b])),
);
const addresses = near.map(addressFrom);
const prefixes = fc.tuple(addresses, fc.nat(128)).map(([of, length]) => prefixAround(of, Math.min(length, bitsOf(of))));
const cidr = (of: Prefix) => (familyOf(of) === 4 ? IPv4CidrRange.fromCidr(of) : IPv6CidrRange.fromCidr(of));

describe('a prefix', function () {
  this.timeout(20_000);
  it('comes back from its text', () => {
    fc.assert(
      fc.property(prefixes, (of) => {
        expect(prefix(of)).to.equal(of);
        expect(prefix(`${baseOf(of)}/${lengthOf(of)}`)).to.equal(of);
      }),
    );
  });

  it('around an address starts where ip-num says the range does', () => {
    fc.assert(
      fc.property(prefixes, addresses, (of, other) => {
        const around = prefixAround(other, Math.min(lengthOf(of), bitsOf(other)));
        expect(cidr(around).getFirst().value).to.equal(cidr(`${other}/${lengthOf(around)}` as Prefix).getFirst().value);
        expect(contains(around, other)).to.equal(true);
      }),
    );
  });

  it('contains what ip-num says it contains, and nothing of the other family', () => {
    fc.assert(
      fc.property(prefixes, prefixes, (outer, inner) => {
        const same = familyOf(outer) === familyOf(inner);
        const oracle = same && cidr(outer).contains(cidr(inner) as never);
        expect(contains(outer, inner)).to.equal(oracle);
        expect(contains(outer, hostPrefix(baseOf(inner)))).to.equal(contains(outer, baseOf(inner)));
      }),
      { numRuns: 1000 },
    );
  });

  it('overlaps another exactly when they share an address, from either side', () => {
    fc.assert(
      fc.property(prefixes, prefixes, (a, b) => {
        const range = (of: Prefix) => [cidr(of).getFirst().value, cidr(of).getLast().value] as const;
        const [[a0, a1], [b0, b1]] = [range(a), range(b)];
        expect(overlap(a, b)).to.equal(familyOf(a) === familyOf(b) && a0 <= b1 && b0 <= a1);
        expect(overlap(b, a)).to.equal(overlap(a, b));
      }),
      { numRuns: 1000 },
    );
  });

  it('of one address is its /32 or /128', () => {
    expect(hostPrefix('192.0.2.1' as Address)).to.equal('192.0.2.1/32');
    expect(hostPrefix('2001:db8::1' as Address)).to.equal('2001:db8::1/128');
    fc.assert(fc.property(prefixes, (of) => isBlock(of) === (of !== hostPrefix(baseOf(of)))));
  });

  it('may be everything', () => {
    for (const everything of ['0.0.0.0/0', '::/0']) expect(prefix(everything)).to.equal(everything);
    expect(contains('0.0.0.0/0' as Prefix, '255.255.255.255' as Address)).to.equal(true);
  });

  it('is refused with host bits, naming what may be meant', () => {
    expect(() => prefix('10.0.0.5/24')).to.throw(
      RangeError,
      '"10.0.0.5/24" has host bits set (did you mean 10.0.0.0/24?)',
    );
    expect(() => prefix('2001:db8::1/64')).to.throw(RangeError, '(did you mean 2001:db8::/64?)');
  });

  it('is refused where ip-num is generous: a zero before an IPv4 length, host bits, a zone', () => {
    for (const text of ['10.0.0.0/08', '10.0.0.5/24']) {
      expect(IPv4CidrRange.fromCidr(text)).to.be.instanceOf(IPv4CidrRange);
      expect(refuses(text), text).to.equal(true);
    }
    for (const text of ['2001:db8::1/64', 'fe80::%eth0/64']) {
      expect(IPv6CidrRange.fromCidr(text)).to.be.instanceOf(IPv6CidrRange);
      expect(refuses(text), text).to.equal(true);
    }
  });

  it('is refused without a length that fits', () => {
    const bad = [
      '10.0.0.0',
      '10.0.0.0/',
      '10.0.0.0/33',
      '::/129',
      '10.0.0.0/-1',
      '10.0.0.0/8/8',
      '10.0.0.0/8 ',
      '/8',
      '10.0/8',
      '10.0.0.0/1e1',
    ];
    for (const text of bad) expect(refuses(text), text).to.equal(true);
  });

  it('text of any kind is a prefix or a RangeError', () => {
    const text = fc.oneof(fc.string(), fc.string({ unit: fc.constantFrom(...'0129af:./') }));
    fc.assert(
      fc.property(text, (any) => {
        if (!refuses(any)) expect(prefix(prefix(any))).to.equal(prefix(any));
      }),
      { numRuns: 2000 },
    );
  });
});
