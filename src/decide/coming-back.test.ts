import { expect } from 'chai';
import { address } from '../model/address.js';
import type { Peer } from '../model/peer.js';
import { heartbeatsMissed, timeToComeBack } from './coming-back.js';

const timers = { hold: 9, keepalive: 3, connectRetry: 5 };

describe('the time that peers have to come back', () => {
  it('is the restart time', () => {
    expect(timeToComeBack({ restartTime: 60, timers })).to.equal(60);
  });

  it('is never too short for gobgpd to connect and a peer to say its table', () => {
    expect(timeToComeBack({ restartTime: 4, timers })).to.equal(30);
    expect(timeToComeBack({ restartTime: 4, timers: { ...timers, hold: 90 } })).to.equal(90);
  });

  it('is the hold time without graceful restart: nobody keeps anything then', () => {
    expect(timeToComeBack({ restartTime: 0, timers })).to.equal(9);
  });
});

describe('the time in which peers notice that heartbeats have ended', () => {
  const tor: Peer = {
    name: 'tor1',
    address: address('192.0.2.0'),
    asn: 1,
    families: [4],
    untagged: [],
    passive: false,
  };
  const fast = { ...tor, bfd: { minTx: 100, minRx: 200, multiplier: 3 } };

  it('is that of the slowest, and a little more', () => {
    const slow = { ...tor, bfd: { minTx: 300, minRx: 300, multiplier: 5 } };
    expect(heartbeatsMissed({ peers: [fast, slow, tor], restartTime: 60 })).to.equal(1_750);
  });

  it('is none where there are no heartbeats, or nothing is kept', () => {
    expect(heartbeatsMissed({ peers: [tor], restartTime: 60 })).to.equal(0);
    expect(heartbeatsMissed({ peers: [fast], restartTime: 0 })).to.equal(0);
  });
});
