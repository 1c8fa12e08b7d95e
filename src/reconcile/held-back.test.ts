import { expect } from 'chai';
import { address } from '../model/address.js';
import { EXAMPLE_PEER, EXAMPLE_SPEAKER } from '../model/example-peer.js';
import type { Peer, PeerState, Speaker } from '../model/peer.js';
import type { Bgp } from '../ports.js';
import { HeldBack } from './held-back.js';

const PEERS = ['192.0.2.0', '192.0.2.2'].map(
  (at, i): Peer => ({ ...EXAMPLE_PEER, name: `tor${i + 1}`, address: address(at) }),
);
const SPEAKER: Speaker = { ...EXAMPLE_SPEAKER, peers: PEERS };

const states = (...standing: readonly string[]): PeerState[] =>
  PEERS.map(({ address, asn, name }) => ({
    address,
    asn,
    session: standing.includes(name) ? ('established' as const) : ('active' as const),
    endOfRib: [],
  }));

describe('what gobgpd holds back after a restart', () => {
  let released: string[];
  let troubles: string[];
  let heldBack: HeldBack;
  beforeEach(() => {
    [released, troubles] = [[], []];
    const bgp: Pick<Bgp, 'release'> = { release: async ({ name }) => void released.push(name) };
    heldBack = new HeldBack(bgp, ({ name }, { message }) => troubles.push(`${name}: ${message}`));
  });

  it('is released for each peer as it comes, once', () => {
    heldBack.hear(SPEAKER, states());
    expect(released).to.eql([]);
    heldBack.hear(SPEAKER, states('tor2'));
    heldBack.hear(SPEAKER, states('tor1', 'tor2'));
    expect(released).to.eql(['tor2', 'tor1']);
  });

  it('is released anew by another gobgpd', () => {
    heldBack.hear(SPEAKER, states('tor1'));
    heldBack.forget();
    heldBack.hear(SPEAKER, states('tor1'));
    expect(released).to.eql(['tor1', 'tor1']);
  });

  it('stays where this node is a route reflector: it has to hear first what it reflects', () => {
    heldBack.hear({ ...SPEAKER, reflector: { clusterId: SPEAKER.routerId } }, states('tor1', 'tor2'));
    expect(released).to.eql([]);
  });

  it('is told of when gobgpd does not release it', async () => {
    const bgp: Pick<Bgp, 'release'> = { release: () => Promise.reject(new Error('gone')) };
    new HeldBack(bgp, ({ name }, { message }) => troubles.push(`${name}: ${message}`)).hear(SPEAKER, states('tor1'));
    await new Promise(setImmediate);
    expect(troubles).to.eql(['tor1: gone']);
  });
});
