import { expect } from 'chai';
import { countPings } from './ping.js';

const answer = (seq: number, at: number) =>
  `[${at.toFixed(6)}] 64 bytes from 10.20.2.1: icmp_seq=${seq} ttl=61 time=0.05 ms`;
const summary = (sent: number, received: number) =>
  `${sent} packets transmitted, ${received} received, 0% packet loss, time 9ms`;

describe('a run of pings', () => {
  it('counts what was lost in between, and the longest time without an answer', () => {
    const lines = [answer(1, 100), answer(2, 100.01), answer(5, 100.04), answer(6, 100.05), summary(6, 4)];
    const { longestGap, ...counts } = countPings(lines);
    expect(counts).to.deep.equal({ sent: 6, received: 4, lost: 2 });
    expect(longestGap).to.be.closeTo(30, 0.01);
  });

  it('does not count the last ping when it was still under way', () => {
    expect(countPings([answer(1, 100), answer(2, 100.01), summary(3, 2)])).to.include({ sent: 2, lost: 0 });
  });

  it('does not count as many as were said to be under way, and counts all when it is more', () => {
    const lines = [answer(1, 100), answer(3, 100.02), summary(6, 2)];
    expect(countPings(lines, 3)).to.include({ sent: 3, lost: 1 });
    expect(countPings(lines, 2)).to.include({ sent: 5, lost: 3 });
  });

  it('counts pings that nothing answered', () => {
    expect(countPings([answer(1, 100), summary(9, 1)])).to.include({ sent: 8, lost: 7 });
    expect(countPings([summary(1, 0)])).to.include({ sent: 1, lost: 1 });
  });

  it('counts an answer once, however often it comes', () => {
    expect(countPings([answer(1, 100), `${answer(1, 100)} (DUP!)`, answer(2, 100.01), summary(2, 2)])).to.include({
      received: 2,
    });
  });

  it('is an error when ping printed no summary', () => {
    expect(() => countPings(['ping: connect: Network is unreachable'])).to.throw(/no summary.*unreachable/s);
  });
});
