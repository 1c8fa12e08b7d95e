import { expect } from 'chai';
import fc from 'fast-check';
import { aliasOf, parseAlias } from './alias.js';

const ID_CHARS = 'ABCabcxyz0189_.-'.split('');
const ids = fc
  .tuple(fc.constantFrom(...'aZ9'), fc.string({ unit: fc.constantFrom(...ID_CHARS), maxLength: 299 }))
  .map(([first, rest]) => first + rest);
const names = fc.string({ unit: 'grapheme', minLength: 1, maxLength: 15 });

describe('the alias of a host end', () => {
  it('reads as a person would write it', () => {
    expect(aliasOf({ network: 'blue', containerId: '3f2a90c1', ifname: 'eth0' })).to.equal(
      'slash32 blue 3f2a90c1 eth0',
    );
  });

  it('fits into what Linux takes, and gives network, id and interface back, however odd they are', () => {
    fc.assert(
      fc.property(
        names,
        ids,
        names.filter((name) => Buffer.byteLength(name) <= 15),
        (network, containerId, ifname) => {
          const alias = aliasOf({ network, containerId, ifname });
          expect(Buffer.byteLength(alias)).to.be.at.most(255);
          const parsed = parseAlias(alias);
          expect(parsed?.ifname).to.equal(ifname);
          if (containerId.length <= 64) expect(parsed?.containerId).to.equal(containerId);
        },
      ),
    );
  });

  it('keeps an id readable beside a network whose name is too long for it', () => {
    const alias = aliasOf({ network: '\u{10000}'.repeat(15), containerId: '3f2a90c1', ifname: '\u{10000}'.repeat(3) });
    expect(parseAlias(alias)).to.deep.include({ containerId: '3f2a90c1', ifname: '\u{10000}'.repeat(3) });
  });

  it('tells ids apart that are too long for it', () => {
    const long = 'c'.repeat(299);
    const of = (containerId: string) => aliasOf({ network: 'blue', containerId, ifname: 'eth0' });
    expect(of(`${long}1`)).to.not.equal(of(`${long}2`));
    expect(parseAlias(of(`${long}1`))?.containerId).to.match(/^sha256:[0-9a-f]{64}$/);
  });

  it('is not read into what others have written', () => {
    for (const text of ['', 'uplink to tor1', 'slash32', 'slash32 a b', 'slash32 a b c d', 'slash32 % b c']) {
      expect(parseAlias(text), text).to.equal(undefined);
    }
  });
});
