import { expect } from 'chai';
import fc from 'fast-check';
import {
  type Address,
  address,
  addressFrom,
  contains,
  lengthOf,
  type Prefix,
  prefix,
  prefixAround,
} from '../model/address.js';
import type { HostAddress } from '../model/host.js';
import type { Network, Networks } from '../model/network.js';
import { type Peer, peerKey, type Speaker } from '../model/peer.js';
import { prefixRange } from '../model/prefix-range.js';
import { detourRefusal, guardOf, mayBeFar, nextHopRefusal } from './guard.js';
import { holds, prefixBytes } from './prefix-bytes.js';

const tor = address('192.0.2.0');
const eth0: HostAddress[] = [
  { device: 'eth0', address: address('192.0.2.1'), subnet: prefix('192.0.2.0/31'), carrier: true },
  { device: 'eth0', address: address('2001:db8:ffff::1'), subnet: prefix('2001:db8:ffff::/64'), carrier: true },
  { device: 'lo', address: address('198.51.100.1'), subnet: prefix('198.51.100.1/32'), carrier: true },
];
const blue = { pools: ['10.20.1.0/24', '2001:db8:20:1::/64'].map(prefix) } as Partial<Network> as Network;
const networks: Networks = { byName: new Map([['blue', blue]]), host: { imports: new Set() } };
const peer = (rules: Partial<Peer> = {}) => ({ address: tor, ...rules }) as Peer;
const ranges = (...texts: string[]) => texts.map(prefixRange);

function refusal(of: string, rules: Partial<Peer> = {}, guards: Partial<Speaker> = {}, from: Address = tor) {
  const speaker = { peers: [peer(rules), peer({ address: address('203.0.113.9') })], ...guards };
  return guardOf(speaker, networks, eth0)({ prefix: prefix(of), peer: from });
}

describe('the guard over what peers say', () => {
  it('asks the lists of the range that a peer has come by, unless the peer has its own', () => {
    const range = { ...peer({ deny: ranges('10.66.0.0/16 le 32') }), prefix: prefix('192.0.2.0/24'), asn: 65000 };
    const from = address('192.0.2.77');
    expect(refusal('10.66.1.1/32', {}, { ranges: [range] }, from)).to.equal('denied');
    expect(refusal('10.67.1.1/32', {}, { ranges: [range] }, from)).to.equal(undefined);
    expect(refusal('10.66.1.1/32', {}, { ranges: [range] }, tor)).to.equal(undefined);
  });

  it('asks the lists of the peer on that link, where two links have a peer of the same address', () => {
    const onLink = (device: string, deny: string) => peer({ address: address('fe80::1'), device, deny: ranges(deny) });
    const peers = [onLink('eth1', '10.66.0.0/16 le 32'), onLink('eth2', '10.67.0.0/16 le 32')];
    const guard = guardOf({ peers }, networks, eth0);
    const says = (from: Peer, of: string) => guard({ prefix: prefix(of), peer: peerKey(from) });
    expect([says(peers[0]!, '10.66.1.1/32'), says(peers[1]!, '10.66.1.1/32')]).to.eql(['denied', undefined]);
    expect([says(peers[0]!, '10.67.1.1/32'), says(peers[1]!, '10.67.1.1/32')]).to.eql([undefined, 'denied']);
  });

  for (const [why, prefixes] of Object.entries({
    martian: [
      ...[
        '0.0.0.0/8',
        '0.1.0.0/16',
        '127.0.0.1/32',
        '127.0.0.0/8',
        '169.254.1.1/32',
        '224.0.0.0/24',
        '255.255.255.255/32',
      ],
      ...['::/128', '::1/128', '::10.0.0.1/128', '::ffff:10.0.0.0/104', 'fe80::/64', 'fec0::/16', 'ff02::1/128'],
    ],
    length: ['128.0.0.0/1', '0.0.0.0/1', '10.0.0.0/7', '2000::/3', '::/1', '::/15'],
    'own-address': ['192.0.2.1/32', '198.51.100.1/32', '2001:db8:ffff::1/128'],
    connected: ['192.0.2.0/31', '192.0.2.0/32', '2001:db8:ffff::/64', '2001:db8:ffff::99/128'],
    'peer-address': ['203.0.113.9/32'],
    'inside-own-pool': ['10.20.1.0/25', '10.20.1.8/31', '2001:db8:20:1::/65', '2001:db8:20:1::2/127'],
    'default-from-peer': ['0.0.0.0/0', '::/0'],
  })) {
    for (const of of prefixes) it(`says of ${of}: ${why}`, () => void expect(refusal(of)).to.equal(why));
  }

  for (const of of [
    ...['10.20.2.1/32', '10.20.0.0/16', '203.0.113.0/24', '192.0.2.0/24', '198.51.100.0/24', '100.64.0.0/10'],
    ...['2001:db8:20:2::1/128', '2001:db8:ffff::/48', '64:ff9b::/96', 'fd00::/16'],
  ]) {
    it(`has nothing against ${of}`, () => void expect(refusal(of)).to.equal(undefined));
  }

  it('lets a pool of ours come back whole, and an address of it that may have moved, but no part of it', () => {
    expect(['10.20.1.0/24', '10.20.0.0/23', '10.20.1.77/32'].map((of) => refusal(of))).to.eql([
      undefined,
      undefined,
      undefined,
    ]);
    expect(refusal('10.20.1.64/30')).to.equal('inside-own-pool');
  });

  it('takes a default route only from a peer that may say one, and no list names it by accident', () => {
    expect(refusal('0.0.0.0/0', { allow: ranges('0.0.0.0/0 le 32') })).to.equal('default-from-peer');
    expect(refusal('::/0', { allowDefault: true, allow: ranges('10.0.0.0/8 le 32') })).to.equal(undefined);
    expect(refusal('0.0.0.0/0', { allowDefault: true }, {}, address('203.0.113.9'))).to.equal('default-from-peer');
  });

  it('keeps to the lists of the peer, of which deny is the stronger', () => {
    const lists = { allow: ranges('10.20.0.0/16 ge 24', '2001:db8::/32 le 128'), deny: ranges('10.20.9.0/24 le 32') };
    expect(refusal('10.20.2.1/32', lists)).to.equal(undefined);
    expect(refusal('10.20.0.0/16', lists)).to.equal('not-allowed');
    expect(refusal('10.21.0.0/24', lists)).to.equal('not-allowed');
    expect(refusal('10.20.9.1/32', lists)).to.equal('denied');
    expect(refusal('10.20.9.1/32', lists, {}, address('203.0.113.9'))).to.equal(undefined);
  });

  it('does not let a list allow what nobody may say', () => {
    const open = { allow: ranges('0.0.0.0/0 le 32', '::/0 le 128') };
    expect(refusal('127.0.0.1/32', open)).to.equal('martian');
    expect(refusal('192.0.2.1/32', open)).to.equal('own-address');
  });

  it('knows what else is protected, and other lengths, from the configuration', () => {
    const lengths = { 4: { ge: 24, le: 32 }, 6: { ge: 16, le: 64 } };
    const guards = { guards: { protected: [prefix('203.0.113.0/24')], lengths } };
    expect(refusal('203.0.113.7/32', {}, guards)).to.equal('protected');
    expect(refusal('203.0.113.0/24', {}, guards)).to.equal('protected');
    expect(refusal('10.20.0.0/16', {}, guards)).to.equal('length');
    expect(refusal('2001:db8:20:2::1/128', {}, guards)).to.equal('length');
  });

  it('wants a next hop that is on a link, and is not this node', () => {
    expect(nextHopRefusal('on-link')).to.equal(undefined);
    expect(nextHopRefusal('self')).to.equal('next-hop-self');
    for (const way of ['none', undefined] as const) expect(nextHopRefusal(way)).to.equal('next-hop-unreachable');
    expect(nextHopRefusal(detour('10.0.0.0/8'))).to.equal('next-hop-too-far');
  });

  it('lets peers of our own AS, and those that are hops away, name one that is not, unless told otherwise', () => {
    const peer = { asn: 65000 } as Peer;
    const may = (over: Partial<Peer>) => mayBeFar({ ...peer, ...over }, 65001);
    expect([may({}), may({ ttlSecurity: 1 }), may({ asn: 65001, nextHops: 'on-link' })]).to.eql([false, false, false]);
    const far = [{ asn: 65001 }, { multihop: 2 }, { ttlSecurity: 2 }, { nextHops: 'recursive' as const }];
    expect(far.map(may)).to.eql([true, true, true, true]);
  });

  it('follows a route to it, but no default route, none that it would take, and none that was resolved itself', () => {
    const refused = (of: string, by: string, isOurs = false) =>
      detourRefusal(
        { prefix: prefix(of), nextHop: address('10.9.0.1') },
        detour(by, isOurs),
        (one) => one === '10.9.0.0/24',
      );
    expect(refused('10.20.1.1/32', '10.9.0.0/24')).to.equal(undefined);
    expect(refused('10.20.1.1/32', '0.0.0.0/0')).to.equal('next-hop-by-default');
    expect(refused('10.20.1.1/32', '10.9.0.0/16', true)).to.equal(undefined);
    expect(refused('10.20.1.1/32', '10.9.0.0/24', true)).to.equal('next-hop-by-itself');
    expect(refused('10.9.0.0/24', '10.9.0.0/16')).to.equal('next-hop-by-itself');
    expect(refused('10.9.0.0/24', '10.9.0.1/32')).to.equal(undefined);
  });
});

const detour = (by: string, isOurs = false) => ({ by: prefix(by), isOurs, hops: [] });

const anyPrefix: fc.Arbitrary<Prefix> = fc
  .oneof(
    fc.tuple(fc.uint8Array({ minLength: 4, maxLength: 4 }), fc.integer({ min: 0, max: 32 })),
    fc.tuple(fc.uint8Array({ minLength: 16, maxLength: 16 }), fc.integer({ min: 0, max: 128 })),
    // Near each other, or hardly any would lie in another.
    fc.tuple(fc.constantFrom(...eth0.map(({ subnet }) => prefixBytes(subnet).bytes)), fc.integer({ min: 0, max: 32 })),
  )
  .map(([bytes, length]) => prefixAround(addressFrom(bytes), length));

describe('prefixes taken apart', () => {
  it('lie in each other exactly when the model says so', () => {
    fc.assert(
      fc.property(anyPrefix, anyPrefix, (outer, inner) => {
        expect(holds(prefixBytes(outer), prefixBytes(inner))).to.equal(contains(outer, inner));
      }),
    );
  });
});

describe('whatever a peer says', () => {
  it('nothing inside of a connected subnet or a protected prefix passes, and with an empty allow list nothing at all', () => {
    const guards = { protected: [prefix('10.0.0.0/8')], lengths: { 4: { ge: 0, le: 32 }, 6: { ge: 0, le: 128 } } };
    const guard = guardOf({ peers: [peer()], guards }, networks, eth0);
    const shut = guardOf({ peers: [peer({ allow: [] })], guards }, networks, eth0);
    const kept = [...eth0.map(({ subnet }) => subnet), ...guards.protected];
    fc.assert(
      fc.property(anyPrefix, (heard) => {
        const said = guard({ prefix: heard, peer: tor });
        if (kept.some((one) => contains(one, heard))) expect(said).not.to.equal(undefined);
        if (lengthOf(heard) === 0) expect(said).to.equal('default-from-peer');
        expect(shut({ prefix: heard, peer: tor })).not.to.equal(undefined);
      }),
    );
  });
});
