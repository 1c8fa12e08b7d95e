import { expect } from 'chai';
import { address, type Prefix, prefix } from '../model/address.js';
import type { Path } from '../model/path.js';
import { Refusals } from './refusals.js';

const tor = address('192.0.2.0');
const path = (of: Prefix): Path => ({ prefix: of, nextHop: tor, targets: [], peer: tor, asPath: [65000] });
const martian = (of: string) => ({ path: path(prefix(of)), refusal: 'martian' as const });

describe('what the guards refuse', () => {
  let now = 0;
  let told: string[];
  let refusals: Refusals;
  beforeEach(() => {
    told = [];
    refusals = new Refusals({ now: () => now, after: () => () => {} }, (_, sentence) => told.push(sentence));
  });
  const note = (...of: string[]) => {
    for (const one of of) refusals.note(prefix(one), [martian(one)]);
    refusals.tell();
  };

  it('is told in one line for all of a kind, and not told again while it stays', () => {
    note('127.0.0.0/8', '127.0.0.1/32', '240.0.0.0/8');
    note('127.0.0.0/8', '127.0.0.1/32', '240.0.0.0/8');
    expect(told).to.eql(['refused: 240.0.0.0/8 is reserved and never routed (RFC 6890), and 2 more like it']);
  });

  it('is told at most once in ten seconds, however it comes and goes', () => {
    note('127.0.0.0/8');
    for (let i = 0; i < 100; i++) {
      refusals.note(prefix('127.0.0.0/8'), []);
      note('127.0.0.0/8');
    }
    expect(told).to.have.length(1);
    now += 10_000;
    refusals.tell();
    expect(told[1]).to.match(/and 99 more like it/);
  });

  it('is counted: what is refused now, and all that ever was', () => {
    note('127.0.0.0/8', '240.0.0.0/8');
    refusals.note(prefix('127.0.0.0/8'), []);
    refusals.note(prefix('10.0.0.0/7'), [{ path: path(prefix('10.0.0.0/7')), refusal: 'length' }]);
    expect(refusals.counts().map(({ peer, reason, now: at, total }) => [peer, reason, at, total])).to.eql([
      [tor, 'martian', 1, 2],
      [tor, 'length', 1, 1],
    ]);
  });
});
