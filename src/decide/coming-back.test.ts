import { expect } from 'chai';
import { timeToComeBack } from './coming-back.js';

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
