import { expect } from 'chai';
import { readiness } from '../decide/readiness.js';
import { address, prefix } from '../model/address.js';
import { EXAMPLE_PEER, EXAMPLE_SPEAKER } from '../model/example-peer.js';
import type { PeerState } from '../model/peer.js';
import { standingOf } from './standing.js';

const { passive: _, address: __, ...ofRange } = EXAMPLE_PEER;
const speaker = {
  ...EXAMPLE_SPEAKER,
  peers: [{ ...EXAMPLE_PEER, address: address('198.51.100.1') }],
  ranges: [{ ...ofRange, name: 'tors', prefix: prefix('198.51.100.0/24') }],
};
const state = (host: number, over: Partial<PeerState> = {}): PeerState => ({
  ...{ address: address(`198.51.100.${host}`), asn: 65000, session: 'established', endOfRib: [] },
  ...over,
});
const standing = (...states: PeerState[]) =>
  standingOf({ away: undefined, admitted: true, speaker, states, reason: () => undefined }, 'on');
const established = (...states: PeerState[]) =>
  standing(...states)
    .peers.filter((peer) => peer.established)
    .map(({ name }) => name);

describe('the standing of a listen range', () => {
  it('is made by who came by it, not by a named peer whose address lies in it', () => {
    expect(established(state(1))).to.eql(['tor1']);
    expect(established(state(2, { cameByRange: true }))).to.eql(['tors']);
    expect(established(state(2, { cameByRange: true, session: 'active' }))).to.eql([]);
  });

  it('and that of the named peer are enough for STATUS, each alone; with neither it names both', () => {
    expect(readiness(standing(state(1)), []).cutOff).to.eql([]);
    expect(readiness(standing(state(2, { cameByRange: true })), []).cutOff).to.eql([]);
    expect(readiness(standing(), []).cutOff).to.eql([
      'no BGP session is established (tor1; tors: nobody has come from 198.51.100.0/24); see "slash32 status"',
    ]);
  });
});
