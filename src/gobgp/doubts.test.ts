import { expect } from 'chai';
import type { Family } from '../model/address.js';
import { address } from '../model/address.js';
import { peerKey } from '../model/peer.js';
import type { ListedPeer } from './codec.js';
import { alwaysInDoubt, type Doubts, doubts } from './doubts.js';

const A = address('192.0.2.2');
const B = address('fe80::2');
const ON_LINK = peerKey({ address: B, device: 'eth1' });
const ESTABLISHED = 6;
const ACTIVE = 3;

function peer(name: string, since: number, session = ESTABLISHED): ListedPeer {
  return { address: name, session, since, tables: [{ family: 4 }] } as unknown as ListedPeer;
}

const finished = (...names: string[]) => new Map(names.map((name) => [name, new Set<Family>([4])]));

describe('what peers write is all that happens to their paths', () => {
  let inDoubt: Doubts;

  beforeEach(() => {
    inDoubt = doubts();
  });

  it('while their sessions stand, also before they have said everything', () => {
    expect(inDoubt([], finished(), [])).to.equal(false);
    expect(inDoubt([peer(A, 7)], finished(), [])).to.equal(false);
    expect(inDoubt([peer(A, 7)], finished(), [A])).to.equal(false);
    expect(inDoubt([peer(A, 7)], finished(A), [A])).to.equal(false);
  });

  it('not from the loss of a session with paths until its peer has said everything again', () => {
    inDoubt([peer(A, 7)], finished(A), [A]);
    expect(inDoubt([peer(A, 0, ACTIVE)], finished(), [A])).to.equal(true);
    expect(inDoubt([peer(A, 0, ACTIVE)], finished(), [A])).to.equal(true);
    expect(inDoubt([peer(A, 90)], finished(), [A])).to.equal(true);
    expect(inDoubt([peer(A, 90)], finished(A), [A])).to.equal(false);
  });

  it('not when a session was lost and came back between two listings', () => {
    inDoubt([peer(A, 7)], finished(A), [A]);
    expect(inDoubt([peer(A, 9)], finished(), [A])).to.equal(true);
  });

  it('not when a peer with paths is removed, until its paths are gone', () => {
    inDoubt([peer(A, 7)], finished(A), [A]);
    expect(inDoubt([], finished(), [A])).to.equal(true);
    expect(inDoubt([], finished(), [])).to.equal(false);
  });

  it('again when the lost paths are gone, and whoever comes back begins anew', () => {
    inDoubt([peer(A, 7)], finished(A), [A]);
    inDoubt([peer(A, 0, ACTIVE)], finished(), [A]);
    expect(inDoubt([peer(A, 0, ACTIVE)], finished(), [])).to.equal(false);
    expect(inDoubt([peer(A, 30)], finished(), [A])).to.equal(false);
  });

  it('not of paths that were there before we were, until their peer is known to have said everything', () => {
    expect(inDoubt([peer(A, 7)], finished(), [A])).to.equal(true);
    expect(inDoubt([peer(A, 7)], finished(A), [A])).to.equal(false);
    expect(doubts()([peer(A, 7)], finished(A), [A])).to.equal(false);
  });

  it('for a peer on a link as for any other: paths name it with the link', () => {
    inDoubt([peer(ON_LINK, 7)], finished(), []);
    expect(inDoubt([peer(ON_LINK, 7)], finished(), [ON_LINK])).to.equal(false);
    expect(inDoubt([peer(ON_LINK, 0, ACTIVE)], finished(), [ON_LINK])).to.equal(true);
    expect(inDoubt([peer(ON_LINK, 9)], finished(ON_LINK), [ON_LINK])).to.equal(false);
  });

  it('never where gobgpd has policies of its own', () => {
    expect(alwaysInDoubt([], finished(), [])).to.equal(true);
  });
});
