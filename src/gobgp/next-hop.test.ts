import { expect } from 'chai';
import { address, type Family } from '../model/address.js';
import type { Speaker } from '../model/peer.js';
import { contractSpeaker } from './gobgp.contract.js';
import { type Links, nextHopsFor } from './next-hop.js';

const LINKS = {
  lo: [{ address: '127.0.0.1', cidr: '127.0.0.1/8', family: 'IPv4', internal: true }],
  swp1: [
    { address: '192.0.2.1', cidr: '192.0.2.1/31', family: 'IPv4', internal: false },
    { address: 'fe80::1', cidr: 'fe80::1/64', family: 'IPv6', internal: false, scopeid: 2 },
    { address: '2001:db8::1', cidr: '2001:db8::1/64', family: 'IPv6', internal: false, scopeid: 0 },
  ],
} as unknown as Links;

function speaker(peers: readonly (readonly [string, readonly Family[]])[], over: Partial<Speaker> = {}): Speaker {
  const base = contractSpeaker('192.0.2.1', '192.0.2.0');
  const [peer] = base.peers as [Speaker['peers'][number]];
  return { ...base, peers: peers.map(([of, families]) => ({ ...peer, address: address(of), families })), ...over };
}

describe('the next hop of an announcement', () => {
  it("is each session's own where every peer speaks a family over that family", () => {
    const both = speaker([
      ['192.0.2.0', [4]],
      ['2001:db8::', [6]],
    ]);
    expect(nextHopsFor(both, LINKS)).to.deep.equal({ nextHops: { 4: '0.0.0.0', 6: '::' }, useless: [] });
  });

  it('is the IPv6 address on the link of a peer that speaks IPv6 over IPv4', () => {
    expect(nextHopsFor(speaker([['192.0.2.0', [4, 6]]]), LINKS).nextHops[6]).to.equal('2001:db8::1');
  });

  it('is the one that the configuration names, before any other', () => {
    const named = speaker([['192.0.2.0', [4, 6]]], { nextHop6: address('2001:db8:ffff::1') });
    expect(nextHopsFor(named, LINKS).nextHops).to.deep.equal({ 4: '0.0.0.0', 6: '2001:db8:ffff::1' });
  });

  it('is of no use to a peer on a link without a global IPv6 address, and that peer is named', () => {
    const far = speaker([['198.51.100.2', [4, 6]]]);
    expect(nextHopsFor(far, LINKS).useless.map((peer) => peer.address)).to.deep.equal(['198.51.100.2']);
  });
});
