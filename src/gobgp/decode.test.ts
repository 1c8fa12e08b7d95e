import { expect } from 'chai';
import fc from 'fast-check';
import type { WirePath } from './codec.js';
import { SEVERAL, told } from './decode.js';

const HEARD: WirePath = {
  family: 4,
  base: '10.99.0.0',
  length: 24,
  nextHops: ['192.0.2.2'],
  targets: [],
  asPath: [65000],
  rank: {},
  neighbour: '192.0.2.2',
  withdrawn: false,
};
const NAME = { prefix: '10.99.0.0/24', peer: '192.0.2.2' };
const HEARD6 = { ...HEARD, family: 6, base: '2001:db8:99::', length: 64 } as const;

describe('what gobgpd tells', () => {
  it('is a path in canonical text, however it was written', () => {
    const meaning = told({
      ...HEARD6,
      base: '2001:0DB8:0099:0:0::',
      nextHops: ['2001:DB8::02'],
      neighbour: '2001:db8::2',
    });
    expect(meaning).to.deep.include({
      kind: 'heard',
      path: { prefix: '2001:db8:99::/64', nextHop: '2001:db8::2', targets: [], peer: '2001:db8::2', asPath: [65000] },
    });
  });

  it('keeps the three forms of targets apart, and each target once', () => {
    const targets = [
      { form: 'as2', administrator: '65000', number: 1 },
      { form: 'as4', administrator: '65000', number: 1 },
      { form: 'as4', administrator: '4200000000', number: 1 },
      { form: 'ip4', administrator: '192.0.2.1', number: 1 },
      { form: 'as2', administrator: '65000', number: 1 },
    ] as const;
    const meaning = told({ ...HEARD, targets });
    expect(meaning.kind === 'heard' && meaning.path.targets).to.deep.equal([
      '65000:1',
      '65000L:1',
      '4200000000:1',
      '192.0.2.1:1',
    ]);
  });

  it('prefers the global next hop to the link-local one, in either order', () => {
    for (const nextHops of [
      ['2001:db8::2', 'fe80::2'],
      ['fe80::2', '2001:db8::2'],
    ]) {
      const meaning = told({ ...HEARD6, nextHops });
      expect(meaning.kind === 'heard' && meaning.path.nextHop).to.equal('2001:db8::2');
    }
  });

  it('takes the link-local next hop where there is only "::" beside it, as BIRD says it', () => {
    const meaning = told({ ...HEARD, nextHops: ['::', 'fe80::2'], neighbour: 'fe80::2%eth1' });
    expect(meaning).to.have.nested.property('path.nextHop', 'fe80::2');
    expect(meaning).to.have.nested.property('path.device', 'eth1');
  });

  it('takes the link of a link-local next hop from the zone of the peer, and refuses it without one', () => {
    const meaning = told({ ...HEARD, nextHops: ['fe80::2'], neighbour: 'fe80::2%eth0' });
    expect(meaning).to.deep.nested.include({
      'path.nextHop': 'fe80::2',
      'path.device': 'eth0',
      'path.peer': 'fe80::2%eth0',
    });
    expect(refusal({ ...HEARD, nextHops: ['fe80::2'] })).to.match(/fe80::2 is link-local, and the link is not known/);
  });

  it('tells the same link-local address on two links apart, by what gobgpd says or by where the peer is known to be', () => {
    const on = (neighbour: string, links?: Map<string, string>) => {
      const meaning = told({ ...HEARD, nextHops: ['fe80::2'], neighbour }, links);
      return 'path' in meaning ? meaning.path?.peer : undefined;
    };
    expect([on('fe80::2%eth0'), on('fe80::2%eth1')]).to.eql(['fe80::2%eth0', 'fe80::2%eth1']);
    expect(on('fe80::2', new Map([['fe80::2', 'eth1']]))).to.equal('fe80::2%eth1');
    expect(on('192.0.2.0')).to.equal('192.0.2.0');
  });

  it('refuses a link-local next hop that several links have, where gobgpd does not say which, and names the remedy', () => {
    const meaning = told({ ...HEARD, nextHops: ['fe80::2'], neighbour: 'fe80::2' }, new Map([['fe80::2', SEVERAL]]));
    expect(meaning).to.have.property('kind', 'refused');
    expect((meaning as { reason: string }).reason).to.match(/fe80::2 is on several links.*run 3\.36 or later/);
  });

  it('refuses an IPv4 address dressed up as the next hop of an IPv6 prefix, which no kernel can route', () => {
    expect(refusal({ ...HEARD6, nextHops: ['::ffff:192.0.2.2'] })).to.match(/the peer has no IPv6 address/);
  });

  it('is ours when no peer sent it', () => {
    expect(told({ ...HEARD, neighbour: '' })).to.deep.equal({
      kind: 'ours',
      announcement: { prefix: '10.99.0.0/24', targets: [] },
    });
  });

  it('is gone when withdrawn, even without attributes', () => {
    const bare = { ...HEARD, nextHops: [], withdrawn: true };
    expect(told(bare)).to.deep.equal({ kind: 'gone', path: { prefix: '10.99.0.0/24', peer: '192.0.2.2' } });
  });

  it('ranks a path by what its senders said, and says nothing where they did not', () => {
    const rank = { origin: 2, med: 0, localPref: 0, communities: [0xffff0006], external: false };
    expect(told({ ...HEARD, rank })).to.deep.nested.include({
      'path.origin': 2,
      'path.med': 0,
      'path.localPref': 0,
      'path.communities': ['65535:6'],
      'path.internal': true,
    });
    expect(told({ ...HEARD, rank: { origin: 0, external: true } })).to.deep.equal(told(HEARD));
  });

  it('takes no local preference from another AS', () => {
    expect(told({ ...HEARD, rank: { localPref: 900, external: true } })).to.deep.equal(told(HEARD));
  });

  it('names the path that it refuses, because what stood there before stands no longer', () => {
    expect(told({ ...HEARD, nextHops: ['nonsense'] })).to.deep.include({ kind: 'refused', path: NAME });
    expect(told({ ...HEARD, nextHops: [] })).to.deep.include({ kind: 'refused', path: NAME });
    expect(told({ ...HEARD, length: 33 })).to.not.have.property('path');
  });

  it('never throws, whatever comes', () => {
    const text = fc.oneof(fc.string(), fc.constantFrom('10.0.0.0', '::', 'fe80::1', '::ffff:1.2.3.4', '<nil>', '%'));
    const target = fc.record({ form: fc.constantFrom('as2', 'as4', 'ip4'), administrator: text, number: fc.integer() });
    const wire = fc.record({
      family: fc.constantFrom(4, 6),
      base: text,
      length: fc.integer(),
      nextHops: fc.array(text),
      targets: fc.array(target),
      asPath: fc.array(fc.nat()),
      rank: fc.constant({}),
      neighbour: text,
      withdrawn: fc.boolean(),
    });
    fc.assert(fc.property(wire, (path) => ['ours', 'heard', 'gone', 'refused'].includes(told(path as WirePath).kind)));
  });
});

function refusal(path: WirePath): string {
  const meaning = told(path);
  return meaning.kind === 'refused' ? meaning.reason : `not refused: ${meaning.kind}`;
}
