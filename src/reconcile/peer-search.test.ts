import { expect } from 'chai';
import { address } from '../model/address.js';
import type { SoughtPeer, Speaker } from '../model/peer.js';
import type { Beside, Neighbours } from '../ports.js';
import { PeerSearch } from './peer-search.js';
import { HandClock } from './stories/stage.js';

const ON_ETH1: SoughtPeer = {
  name: 'tor1',
  where: { device: 'eth1' },
  asn: 65000,
  families: [4, 6],
  untagged: [],
  passive: false,
};
const TOR: Beside = { address: address('fe80::1'), device: 'eth1' };
const OTHER: Beside = { address: address('fe80::2'), device: 'eth1' };

function speaker(...sought: SoughtPeer[]): Speaker {
  const timers = { hold: 9, keepalive: 3, connectRetry: 5 };
  const own = { asn: 65001, routerId: address('192.0.2.1'), listenPort: 179, listenAddresses: [] };
  return { ...own, timers, restartTime: 60, peers: [], sought };
}

describe('a peer that is named by its place', () => {
  let clock: HandClock;
  let there: Beside | undefined;
  let changes: Speaker[];
  let search: PeerSearch;

  beforeEach(() => {
    clock = new HandClock();
    there = undefined;
    changes = [];
    const look = () => {
      if (!there) throw new Error('nobody on eth1');
      return there;
    };
    const neighbours: Neighbours = { onLink: look, gateway: look };
    search = new PeerSearch(neighbours, clock, (changed) => changes.push(changed));
  });

  function wait(milliseconds: number): void {
    const end = clock.now() + milliseconds;
    while (clock.step(end - clock.now()));
  }

  it('is missing with the reason until it is found, and then a peer like any other', () => {
    expect(search.begin(speaker(ON_ETH1))).to.deep.include({
      peers: [],
      sought: [{ ...ON_ETH1, reason: 'nobody on eth1' }],
    });
    there = TOR;
    wait(1_000);
    const { where: _, ...rest } = ON_ETH1;
    expect(changes).to.have.length(1);
    expect(changes[0]).to.deep.include({ peers: [{ ...rest, ...TOR }], sought: [] });
  });

  it('stays the one that was found while nobody is heard, so that its session is not touched', () => {
    there = TOR;
    expect(search.begin(speaker(ON_ETH1)).peers).to.have.length(1);
    there = undefined;
    wait(60_000);
    expect(changes).to.deep.equal([]);
  });

  it('is another one once another one is there', () => {
    there = TOR;
    search.begin(speaker(ON_ETH1));
    there = OTHER;
    wait(10_000);
    expect(changes.map(({ peers }) => peers[0]?.address)).to.deep.equal(['fe80::2']);
  });

  it('is no longer looked for when the configuration does not name it any more', () => {
    search.begin(speaker(ON_ETH1));
    expect(search.begin(speaker()).peers).to.deep.equal([]);
    there = TOR;
    wait(60_000);
    expect(changes).to.deep.equal([]);
  });
});
