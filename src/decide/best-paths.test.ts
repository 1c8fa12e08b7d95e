import { expect } from 'chai';
import fc from 'fast-check';
import { address, prefix } from '../model/address.js';
import { GRACEFUL_SHUTDOWN, LLGR_STALE } from '../model/community.js';
import type { Path } from '../model/path.js';
import { bestPaths, whyNotBest } from './best-paths.js';

const path = (last: number, over: Partial<Path> = {}): Path => ({
  prefix: prefix('10.20.2.10/32'),
  nextHop: address(`192.0.2.${last}`),
  peer: address(`192.0.2.${last}`),
  targets: [],
  asPath: [65000, 65002],
  ...over,
});
/** Which of these carry traffic, by their peers' last numbers. */
const best = (...paths: Path[]) => bestPaths(paths).map(({ peer }) => Number(peer.split('.').at(-1)));

describe('best paths', () => {
  it('are all that tie, also through ToRs of different AS numbers', () => {
    expect(best(path(1), path(2), path(3, { asPath: [65009, 65002] }))).to.eql([1, 2, 3]);
  });

  it('are chosen by each step of RFC 4271, and by the earlier one first', () => {
    expect(best(path(1), path(2, { localPref: 101, asPath: [1, 2, 3, 4] }))).to.eql([2]);
    expect(best(path(1, { origin: 2 }), path(2, { asPath: [65000, 65001, 65002] }))).to.eql([1]);
    expect(best(path(1, { origin: 2 }), path(2, { origin: 1, med: 9 }))).to.eql([2]);
    expect(best(path(1, { med: 2 }), path(2, { med: 1, internal: true }))).to.eql([2]);
    expect(best(path(1, { internal: true }), path(2))).to.eql([2]);
  });

  it('take an absent local preference for 100, and an absent MED for 0', () => {
    expect(best(path(1), path(2, { localPref: 100, med: 0 }))).to.eql([1, 2]);
  });

  it('compare MEDs only between paths of one neighbouring AS', () => {
    expect(best(path(1, { med: 5 }), path(2, { asPath: [65009, 65002], med: 7 }))).to.eql([1, 2]);
    expect(best(path(1, { med: 5 }), path(2, { asPath: [65009, 65002], med: 7 }), path(3, { med: 4 }))).to.eql([2, 3]);
  });

  it('are not those whose sender is about to leave, whatever they prefer, while there are others (RFC 8326)', () => {
    const leaving = path(1, { localPref: 900, communities: [GRACEFUL_SHUTDOWN] });
    expect(best(leaving, path(2, { asPath: [1, 2, 3] }))).to.eql([2]);
    expect(best(leaving)).to.eql([1]);
  });

  it('are not those that are kept beyond their time, while there are others, even leaving ones (RFC 9494)', () => {
    const stale = path(1, { communities: [LLGR_STALE] });
    expect(best(stale, path(2, { communities: [GRACEFUL_SHUTDOWN] }))).to.eql([2]);
  });

  it('do not depend on the order in which paths were heard, and there is always one', () => {
    const some = fc.record({
      localPref: fc.constantFrom(0, 100, 200),
      med: fc.constantFrom(0, 1),
      origin: fc.constantFrom(0, 2),
      asPath: fc.constantFrom([1, 9], [2, 9], [1, 2, 9]),
    });
    fc.assert(
      fc.property(fc.array(some, { minLength: 1, maxLength: 6 }), (ranks) => {
        const paths = ranks.map((rank, i) => path(i + 1, rank));
        const forth = best(...paths);
        expect(forth).to.have.length.greaterThan(0);
        expect(best(...[...paths].reverse()).sort()).to.eql([...forth].sort());
        const withReason = paths.filter((one) => whyNotBest(one, paths) !== undefined);
        expect(withReason, 'the others, and no one else, have a reason').to.eql(
          paths.filter((one) => !bestPaths(paths).includes(one)),
        );
      }),
    );
  });

  it('leave the others out for the reason that decided, in words', () => {
    const why = (over: Partial<Path>, rival: Partial<Path> = {}) => {
      const loser = path(1, over);
      return whyNotBest(loser, [loser, path(2, rival)]);
    };
    expect(why({ communities: [LLGR_STALE] })).to.include('last resort');
    expect(why({ asPath: [] }, { localPref: 101 })).to.include('lower local preference');
    expect(why({ asPath: [1, 2, 3] }, { origin: 2 })).to.equal('has a longer AS path');
    expect(why({ origin: 2 })).to.equal('has a worse origin');
    expect(why({ med: 1 })).to.equal('has a higher MED');
    expect(why({ internal: true })).to.equal('comes from a peer of our own AS');
  });
});
