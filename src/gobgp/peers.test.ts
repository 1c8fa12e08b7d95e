import { expect } from 'chai';
import { address } from '../model/address.js';
import type { Peer, Speaker } from '../model/peer.js';
import { SEVERAL } from './decode.js';
import { contractSpeaker } from './gobgp.contract.js';
import { linksOf, peerChanges, peerDifferences, peerState, wirePeers } from './peers.js';

const speaker = contractSpeaker('192.0.2.1', '192.0.2.2');
const DOWN = {
  session: 1,
  tables: [],
  overLimit: false,
  since: 0,
  losses: 0,
  heard: 0,
  updates: 0,
  group: '',
};
const [wanted] = wirePeers(speaker, false) as [ReturnType<typeof wirePeers>[number]];

describe('the peers of gobgpd', () => {
  it('stay as they are when they are as wanted: nobody loses a session', () => {
    expect(peerChanges([wanted], [wanted])).to.deep.equal({ remove: [], add: [] });
  });

  it('keep their session over a new name, another order of families, and our own restart', () => {
    const same = { ...wanted, description: 'tor one', families: [6, 4] as const, localRestarting: true };
    expect(peerChanges([same], [wanted])).to.deep.equal({ remove: [], add: [] });
  });

  for (const [what, change] of Object.entries({
    'AS number': { asn: 65009 },
    password: { password: 'secret' },
    families: { families: [4] as const },
    'hold time': { hold: 30 },
    'restart time': { restartTime: 0 },
    passive: { passive: true },
    multihop: { multihop: 2 },
    'TTL security': { ttlSecurity: 1 },
    'limit of paths': { maxPrefixes: 10 },
    heartbeat: { bfd: { minTx: 100, minRx: 100, multiplier: 3 } },
  })) {
    it(`start a new session with another ${what}`, () => {
      const changed = { ...wanted, ...change };
      expect(peerChanges([changed], [wanted])).to.deep.equal({ remove: [wanted], add: [changed] });
    });
  }

  it('start a new session when our side of it is chosen, or no longer, and not because gobgpd tells where it is', () => {
    const [chosen] = wirePeers(over({ localAddress: address('192.0.2.1') }), false) as [typeof wanted];
    const listed = { ...wanted, localAddress: '192.0.2.1' };
    expect(peerChanges([wanted], [listed])).to.deep.equal({ remove: [], add: [] });
    expect(peerChanges([chosen], [listed])).to.deep.equal({ remove: [listed], add: [chosen] });
    expect(peerChanges([chosen], [chosen])).to.deep.equal({ remove: [], add: [] });
    expect(peerChanges([wanted], [chosen])).to.deep.equal({ remove: [chosen], add: [wanted] });
  });

  it('are named with their link when their address is link-local, and told apart again', () => {
    const [there] = wirePeers(over({ address: address('fe80::1'), device: 'eth1' }), false) as [typeof wanted];
    expect(there.address).to.equal('fe80::1%eth1');
    expect(peerState({ ...there, ...DOWN }, new Map())).to.include({ address: 'fe80::1', device: 'eth1' });
  });

  it('are on one link each, but for an address that there is on several', () => {
    const links = linksOf(
      ['192.0.2.0', 'fe80::1%eth1', 'fe80::2%eth1', 'fe80::1%eth2'].map((address) => ({ address })),
    );
    expect([...links]).to.eql([
      ['fe80::1', SEVERAL],
      ['fe80::2', 'eth1'],
    ]);
  });

  it('have their own timers where they have some', () => {
    const timers = { hold: 30, keepalive: 10, connectRetry: 7 };
    expect(wirePeers(over({ timers }), false)[0]).to.include(timers);
  });

  it('are removed when surplus, and added when missing', () => {
    const other = { ...wanted, address: '192.0.2.3' };
    expect(peerChanges([wanted], [other])).to.deep.equal({ remove: [other], add: [wanted] });
  });

  it('hear of a restart only where graceful restart is on', () => {
    expect(wirePeers(speaker, true)[0]?.localRestarting).to.equal(true);
    expect(wirePeers({ ...speaker, restartTime: 0 }, true)[0]?.localRestarting).to.equal(false);
  });

  it('of a file of its own are compared with ours, and only that', () => {
    const listed = { ...wanted, ...DOWN, session: 6 };
    expect(peerDifferences(speaker.peers, [listed])).to.deep.equal([]);
    expect(peerDifferences(speaker.peers, []).join()).to.match(
      /192\.0\.2\.2.*is not in gobgpd's own file: add it there/,
    );
    expect(peerDifferences(speaker.peers, [{ ...listed, asn: 65009 }]).join()).to.match(/AS 65009 in .*65000 in ours/);
    const more = [listed, { ...listed, address: '192.0.2.3' }];
    expect(peerDifferences(speaker.peers, more).join()).to.match(/192\.0\.2\.3: add it to bgp\.peers too/);
  });

  it('have said nothing once their session is gone, whatever they had said before', () => {
    const finished = new Map([['192.0.2.2', new Set([4, 6] as const)]]);
    const listed = { ...wanted, ...DOWN };
    expect(peerState({ ...listed, session: 6, since: 7 }, finished)).to.deep.include({
      address: address('192.0.2.2'),
      asn: 65000,
      session: 'established',
      endOfRib: [4, 6],
      since: 7,
    });
    expect(peerState({ ...listed, session: 3 }, finished)).to.deep.include({ session: 'active', endOfRib: [] });
    expect(peerState({ ...listed, session: 99 }, finished)).to.deep.include({ session: 'unknown' });
  });
});

function over(peer: Partial<Peer>): Speaker {
  return { ...speaker, peers: speaker.peers.map((one) => ({ ...one, ...peer })) };
}
