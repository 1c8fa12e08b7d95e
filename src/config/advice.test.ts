import { expect } from 'chai';
import { EXAMPLE_PEER, EXAMPLE_SPEAKER } from '../model/example-peer.js';
import type { Peer, Speaker } from '../model/peer.js';
import { advice } from './advice.js';

function speaker(restartTime: number, peer: Partial<Peer> = {}): Speaker {
  return { ...EXAMPLE_SPEAKER, restartTime, peers: [{ ...EXAMPLE_PEER, ...peer }] };
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
