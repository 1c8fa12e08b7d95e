import { isIP } from 'node:net';
import { expect } from 'chai';
import fc from 'fast-check';
import { IPv4, IPv6 } from 'ip-num';
import { type Address, address, addressAt, addressFrom, bytesOf, familyOf, numberOf } from './address.js';

const accepts = (parse: (text: string) => unknown, text: string) => {
  try {
    parse(text);
    return true;
  } catch {
    return false;
  }
};

const bytes = (length: number) => fc.uint8Array({ minLength: length, maxLength: length });
/** Addresses as a library writes them, and what comes of them by a few typos. */
const written = fc.oneof(fc.ipV4(), fc.ipV6(), fc.ipV4Extended());
const typo = fc.tuple(fc.nat(40), fc.nat(2), fc.string({ unit: fc.constantFrom(...'0:.fg/%-+ '), maxLength: 2 }));
const mistyped = fc
  .tuple(written, fc.array(typo, { maxLength: 3 }))
  .map(([text, typos]) =>
    typos.reduce((before, [at, drop, insert]) => before.slice(0, at) + insert + before.slice(at + drop), text),
  );
const addresses = fc.oneof(bytes(4), bytes(16)).map(addressFrom);

describe('an address', function () {
  this.timeout(20_000);
  it('is accepted exactly when node:net accepts it, zones left out', () => {
    fc.assert(
      fc.property(fc.oneof(mistyped, fc.string()), (text) => {
        expect(accepts(address, text)).to.equal(isIP(text) !== 0 && !text.includes('%'));
      }),
      { numRuns: 5000 },
    );
  });

  it('is the number that ip-num reads, wherever both accept it', () => {
    fc.assert(
      fc.property(written, (text) => {
        if (!accepts(address, text)) return;
        const oracle = text.includes(':') ? IPv6.fromString(text) : IPv4.fromString(text);
        expect(numberOf(address(text))).to.equal(oracle.value);
      }),
    );
  });

  it('is never one that ip-num refuses', () => {
    const oracle = (text: string) => (text.includes(':') ? IPv6.fromString(text) : IPv4.fromString(text));
    fc.assert(
      fc.property(mistyped, (text) => {
        if (accepts(address, text)) expect(accepts(oracle, text), text).to.equal(true);
      }),
      { numRuns: 2000 },
    );
  });

  it('is refused with a zone, although ip-num takes it', () => {
    expect(accepts(IPv6.fromString, 'fe80::1%eth0')).to.equal(true);
    expect(accepts(address, 'fe80::1%eth0')).to.equal(false);
  });

  it('comes back from its bytes and from its number', () => {
    fc.assert(
      fc.property(addresses, (of) => {
        expect(addressFrom(bytesOf(of))).to.equal(of);
        expect(addressAt(numberOf(of), familyOf(of))).to.equal(of);
        expect(address(of)).to.equal(of);
      }),
    );
  });

  it('is printed as URLs print it (RFC 5952), so that equal addresses are equal text', () => {
    const sparse = fc.array(fc.oneof(fc.constant(0), fc.nat(0xffff)), { minLength: 8, maxLength: 8 });
    fc.assert(
      fc.property(sparse, (groups) => {
        const full = groups.map((group) => group.toString(16).padStart(4, '0').toUpperCase()).join(':');
        expect(`[${address(full)}]`).to.equal(new URL(`http://[${full}]/`).hostname);
      }),
      { numRuns: 2000 },
    );
  });

  const RFC_5952: Record<string, string> = {
    '2001:0db8::0001': '2001:db8::1',
    '2001:db8:0:0:0:0:2:1': '2001:db8::2:1',
    '2001:db8:0:1:1:1:1:1': '2001:db8:0:1:1:1:1:1',
    '2001:db8::1:1:1:1:1': '2001:db8:0:1:1:1:1:1',
    '2001:0:0:1:0:0:0:1': '2001:0:0:1::1',
    '2001:db8:0:0:1:0:0:1': '2001:db8::1:0:0:1',
    '2001:DB8:AAAA:BBBB:CCCC:DDDD:EEEE:AAAA': '2001:db8:aaaa:bbbb:cccc:dddd:eeee:aaaa',
    '0:0:0:0:0:0:0:0': '::',
    '0:0:0:0:0:0:0:1': '::1',
    '1:0:0:0:0:0:0:0': '1::',
    '1:2:3:4:5:6:7::': '1:2:3:4:5:6:7:0',
    '::ffff:192.0.2.1': '::ffff:c000:201',
  };
  for (const [text, canonical] of Object.entries(RFC_5952)) {
    it(`written ${text} is ${canonical}`, () => expect(address(text)).to.equal(canonical));
  }

  it('that libraries read differently is refused', () => {
    const doubtful = [
      '010.1.1.1',
      '10.1',
      '1',
      '0x7f.1',
      '1.2.3.4.5',
      '1.2.3.256',
      ' 1.2.3.4',
      '1.2.3.4\n',
      '１.2.3.4',
    ];
    const broken = [
      '',
      ':',
      ':::',
      '1::2::3',
      '1:2:3:4:5:6:7',
      '1:2:3:4:5:6:7:8:9',
      '12345::',
      '::1.2.3',
      '1.2.3.4::',
      '::g',
    ];
    for (const text of [...doubtful, ...broken, '1.2.3.4/32']) expect(accepts(address, text), text).to.equal(false);
  });

  it('that is refused is named, cut, and without control characters', () => {
    expect(() => address('1.2.3\n\x1b[2J')).to.throw(RangeError, 'not an IP address: "1.2.3\\n\\u001b[2J"');
    expect(() => address('x'.repeat(1_000_000))).to.throw(RangeError, /^.{1,200}$/);
  });

  it('of either family is told by its text', () => {
    expect([familyOf('192.0.2.1' as Address), familyOf('::' as Address)]).to.deep.equal([4, 6]);
  });
});
