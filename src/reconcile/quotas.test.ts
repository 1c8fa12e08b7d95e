import { expect } from 'chai';
import fc from 'fast-check';
import { type Address, address, type Prefix } from '../model/address.js';
import type { Network, Networks } from '../model/network.js';
import type { ListenRange, Peer } from '../model/peer.js';
import { Quotas } from './quotas.js';

const [tor1, tor2] = [address('192.0.2.0'), address('192.0.2.64')];
const networks = (most: number): Networks => ({
  byName: new Map([['blue', { name: 'blue', table: 1001, maxRoutes: most } as Network]]),
  host: { imports: new Set() },
});
const speaker = (most: number) => ({
  peers: [{ name: 'tor1', address: tor1, maxRoutes: most } as Peer],
});

interface Wish {
  readonly prefix: Prefix;
  readonly peer: Address;
  readonly wants: boolean;
}
const prefixes = Array.from({ length: 8 }, (_, i) => `10.20.2.${i}/32` as Prefix);
const wishes: fc.Arbitrary<Wish> = fc.record({
  prefix: fc.constantFrom(...prefixes),
  peer: fc.constantFrom(tor1, tor2),
  wants: fc.boolean(),
});

/** Admits until nobody may try again, as passes do. */
function settle(quotas: Quotas, wanted: ReadonlyMap<Prefix, Wish>, first: Prefix): void {
  let due = [first];
  for (let pass = 0; due.length > 0; pass++) {
    expect(pass, 'passes that lead nowhere').to.be.lessThan(20);
    for (const prefix of due) {
      const wish = wanted.get(prefix);
      quotas.admit(prefix, wish?.wants ? [{ peer: wish.peer, tables: [1001, 254] }] : []);
    }
    due = quotas.next();
  }
}

describe('quotas', () => {
  it('without limits keep no book', () => {
    const quotas = new Quotas({ byName: new Map(), host: { imports: new Set() } }, { peers: [] });
    expect([quotas.areSet, quotas.over(prefixes[0]!), quotas.told()]).to.eql([false, undefined, []]);
  });

  it('never let in more than their limit, never push anybody out, and leave no place free while somebody waits', () => {
    fc.assert(
      fc.property(fc.array(wishes, { maxLength: 60 }), fc.nat(4), fc.nat(4), (script, ofBlue, ofPeer) => {
        const quotas = new Quotas(networks(ofBlue), speaker(ofPeer));
        const wanted = new Map<Prefix, Wish>();
        const inBlue = (prefix: Prefix) => !quotas.over(prefix)!.tables.has(1001);
        for (const wish of script) {
          const before = prefixes.filter(inBlue);
          wanted.set(wish.prefix, wish);
          settle(quotas, wanted, wish.prefix);
          const [blue, peer] = quotas.told();
          expect(blue!.routes).to.be.at.most(ofBlue);
          expect(peer!.routes).to.be.at.most(ofPeer);
          for (const prefix of before) if (prefix !== wish.prefix) expect(inBlue(prefix), prefix).to.equal(true);
          if (blue!.refused > 0) expect(blue!.routes).to.equal(ofBlue);
          if (peer!.refused > 0) expect(peer!.routes).to.equal(ofPeer);
        }
        for (const prefix of prefixes) if (!wanted.get(prefix)?.wants) expect(inBlue(prefix), prefix).to.equal(false);
      }),
    );
  });

  it('are for each who comes by a range with a limit, from when he says something, and outlast a reload', () => {
    const ranges = [{ name: 'tors', prefix: '192.0.2.0/24', maxRoutes: 1 } as unknown as ListenRange];
    const quotas = new Quotas(networks(9), { peers: [], ranges });
    expect([quotas.areSet, quotas.told().length]).to.eql([true, 1]);
    for (const [i, peer] of [tor1, tor1, tor2].entries()) quotas.admit(prefixes[i]!, [{ peer, tables: [1001] }]);
    const ofPeers = (all: Quotas) => all.told().slice(1);
    expect(ofPeers(quotas)).to.eql([
      { of: `peer tors ${tor1}`, maxRoutes: 1, routes: 1, refused: 1 },
      { of: `peer tors ${tor2}`, maxRoutes: 1, routes: 1, refused: 0 },
    ]);
    const renewed = new Quotas(networks(9), { peers: [], ranges }, quotas);
    renewed.admit(prefixes[1]!, [{ peer: tor1, tables: [1001] }]);
    expect(ofPeers(renewed)).to.eql([{ of: `peer tors ${tor1}`, maxRoutes: 1, routes: 1, refused: 1 }]);
  });

  it('keep what is installed, though it is more than a new limit', () => {
    const quotas = new Quotas(networks(1), speaker(1));
    for (const prefix of prefixes.slice(0, 3)) quotas.keep(prefix, 1001, tor1);
    quotas.admit(prefixes[0]!, [{ peer: tor1, tables: [1001] }]);
    quotas.admit(prefixes[7]!, [{ peer: tor2, tables: [1001] }]);
    expect(quotas.told()).to.eql([
      { of: 'network blue', maxRoutes: 1, routes: 3, refused: 1 },
      { of: 'peer tor1', maxRoutes: 1, routes: 3, refused: 0 },
    ]);
  });
});
