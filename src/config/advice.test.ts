import { expect } from 'chai';
import { address } from '../model/address.js';
import type { Peer, Speaker } from '../model/peer.js';
import { advice } from './advice.js';

const TOR: Peer = {
  name: 'tor1',
  address: address('192.0.2.0'),
  asn: 65000,
  families: [4],
  untagged: [],
  passive: false,
};

function speaker(restartTime: number, peer: Partial<Peer> = {}): Speaker {
  return {
    asn: 65001,
    routerId: address('192.0.2.1'),
    listenPort: 179,
    listenAddresses: [],
    timers: { hold: 9, keepalive: 3, connectRetry: 5 },
    restartTime,
    peers: [{ ...TOR, ...peer }],
  };
}

describe('advice on a configuration', () => {
  it('is silent about the usual', () => {
    expect(advice(speaker(60))).to.eql([]);
    expect(advice(speaker(0))).to.eql([]);
  });

  it('says that a restart time is too short to come back in, unless long-lived graceful restart follows', () => {
    expect(advice(speaker(4))[0]).to.match(/^gracefulRestart of 4 s: .* tor1 will have dropped our routes by then/);
    expect(advice(speaker(4, { longLivedRestart: 60 }))).to.eql([]);
  });

  it('says that BFD makes a hang of gobgpd a loss where graceful restart keeps a crash unnoticed, and which BFD would not', () => {
    const [said] = advice(speaker(60, { bfd: { minTx: 100, minRx: 100, multiplier: 3 } }));
    expect(said).to.match(/^peer tor1: a gobgpd that hangs is lost for it after 300 ms of BFD, .* minTx: 1000 /);
    expect(advice(speaker(60, { bfd: { minTx: 1000, minRx: 100, multiplier: 3 } }))).to.eql([]);
    expect(advice(speaker(0, { bfd: { minTx: 100, minRx: 100, multiplier: 3 } }))).to.eql([]);
  });
});
