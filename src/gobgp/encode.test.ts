import { expect } from 'chai';
import { type Address, type Prefix, prefix } from '../model/address.js';
import type { Announcement } from '../model/announcement.js';
import type { Speaker } from '../model/peer.js';
import { type RouteTarget, routeTarget } from '../model/route-target.js';
import { audienceMarks } from './audience-marks.js';
import { told } from './decode.js';
import { wirePath } from './encode.js';
import { contractSpeaker } from './gobgp.contract.js';
import { checkSpeaker } from './validate.js';

const NEXT_HOPS = { 4: '0.0.0.0' as Address, 6: '::' as Address };
const MARKS = audienceMarks({ peers: [] });
const GOOD: Announcement = { prefix: prefix('10.20.1.10/32'), targets: [routeTarget('64512:100')] };

describe('an announcement on its way to gobgpd', () => {
  it('carries the next hop of its family, and each target once', () => {
    const twice = { ...GOOD, targets: [...GOOD.targets, ...GOOD.targets] };
    expect(wirePath(twice, NEXT_HOPS, MARKS, false)).to.deep.include({
      family: 4,
      base: '10.20.1.10',
      length: 32,
      nextHops: ['0.0.0.0'],
      targets: [{ form: 'as2', administrator: '64512', number: 100 }],
    });
    expect(wirePath({ ...GOOD, prefix: prefix('2001:db8::/64') }, NEXT_HOPS, MARKS, false).nextHops).to.deep.equal([
      '::',
    ]);
  });

  it('says who hears it by a community, and what is read back is the same, also beside graceful shutdown', () => {
    for (const audience of ['hosts', 'blocks', 'hosts-asked', 'blocks-asked'] as const) {
      for (const more of [{}, { leaving: true as const }]) {
        const announcement = { ...GOOD, ...more, audience };
        expect(told(wirePath(announcement, NEXT_HOPS, MARKS, false))).to.deep.equal({ kind: 'ours', announcement });
      }
    }
  });

  for (const [what, wrong] of Object.entries({
    'an address out of range': { prefix: '10.1.0.300/32' },
    'a length out of range': { prefix: '10.1.0.0/33' },
    'host bits': { prefix: '10.1.0.5/24' },
    'text that is not canonical': { prefix: '2001:DB8::/32' },
    'a prefix that is no text': { prefix: 7 },
    'a target out of range': { targets: ['64512:4294967296'] },
    'a target that is not canonical': { targets: ['064512:1'] },
    'more targets than a BGP message holds': { targets: Array.from({ length: 257 }, (_, i) => `64512:${i}`) },
  })) {
    it(`is refused with ${what}`, () => {
      expect(() => wirePath({ ...GOOD, ...wrong } as unknown as Announcement, NEXT_HOPS, MARKS, false)).to.throw(Error);
    });
  }

  it('names what is wrong', () => {
    const wrong = { ...GOOD, targets: ['64512:1', '1:2:3'] as RouteTarget[] };
    expect(() => wirePath(wrong, NEXT_HOPS, MARKS, false)).to.throw('"1:2:3"');
    expect(() => wirePath({ ...GOOD, prefix: '10.0.0.1/8' as Prefix }, NEXT_HOPS, MARKS, false)).to.throw('10.0.0.0/8');
  });
});

describe('a speaker on its way to gobgpd', () => {
  const good = contractSpeaker('192.0.2.1', '192.0.2.2');
  const [peer] = good.peers;

  it('is taken when every value is in range', () => {
    expect(() => checkSpeaker(good)).to.not.throw();
  });

  for (const [what, wrong] of Object.entries({
    'AS number 0': { asn: 0 },
    'an IPv6 router id': { routerId: '2001:db8::1' },
    'a hold time of 2 s': { timers: { ...good.timers, hold: 2 } },
    'a keepalive time above the hold time': { timers: { ...good.timers, keepalive: 10 } },
    'a restart time beyond its 12 bits': { restartTime: 4096 },
    'a port beyond 16 bits': { listenPort: 65_536 },
    'an IPv4 address as IPv6 next hop': { nextHop6: '192.0.2.1' },
    'a peer that is a name, which gobgpd would look up in the DNS': { peers: [{ ...peer, address: 'tor1' }] },
    'a peer without a family': { peers: [{ ...peer, families: [] }] },
    'a peer named twice': { peers: [peer, peer] },
    'a multihop of 256': { peers: [{ ...peer, multihop: 256 }] },
    'a password longer than the kernel takes': { peers: [{ ...peer, password: 'x'.repeat(81) }] },
  })) {
    it(`is refused with ${what}`, () => {
      expect(() => checkSpeaker({ ...good, ...wrong } as unknown as Speaker)).to.throw(RangeError);
    });
  }

  it('keeps a password out of the error', () => {
    const wrong = { ...good, peers: [{ ...peer, password: 'hunter2'.repeat(20) }] } as Speaker;
    expect(() => checkSpeaker(wrong)).to.throw(RangeError, /^(?!.*hunter2)/);
  });
});
