import { expect } from 'chai';
import fc from 'fast-check';
import { prefix } from '../model/address.js';
import type { Network, Networks } from '../model/network.js';
import { routeTarget } from '../model/route-target.js';
import { type Pair, type Relation, reachability } from './reachability.js';
import { wantedRoutes } from './routes.js';

const targets = fc.subarray(['1:1', '1:2', '1:3'].map(routeTarget));
const spaces = fc.subarray(['10.1.0.0/16', '10.2.0.0/16', '2001:db8::/48'].map(prefix));
const aNetwork = fc.record({
  imports: targets.map((list) => new Set(list)),
  exports: targets,
  prefixes: spaces,
  egress: fc.constantFrom('isolated' as const, 'host' as const),
});
const worlds = fc.record({ list: fc.array(aNetwork, { maxLength: 5 }), host: targets }).map(({ list, host }) => {
  const named = list.map((one, i): Network => ({ ...one, name: `n${i}`, table: 1001 + i, pools: [], allow: [] }));
  return worldOf(named, host);
});

function worldOf(list: readonly Network[], host: ReturnType<typeof routeTarget>[] = []): Networks {
  return { byName: new Map(list.map((one) => [one.name, one])), host: { imports: new Set(host) } };
}

const network = (name: string, imports: string[], exports: string[], more: Partial<Network> = {}): Network => ({
  ...{ name, table: 1001, pools: [], prefixes: [], allow: [], egress: 'isolated' },
  imports: new Set(imports.map(routeTarget)),
  exports: exports.map(routeTarget),
  ...more,
});
const pairOf = (pairs: readonly Pair[], from: string, to: string) =>
  pairs.find((pair) => pair.from === from && pair.to === to)!;
const TURNED: Record<Relation, Relation> = { both: 'both', none: 'none', forth: 'back', back: 'forth' };

describe('who may reach whom', () => {
  it('is seen alike from both ends of every pair', () => {
    fc.assert(
      fc.property(worlds, (world) => {
        const pairs = reachability(world);
        for (const { from, to, here, elsewhere } of pairs) {
          const turned = pairOf(pairs, to, from);
          expect([turned.here, turned.elsewhere]).to.eql([TURNED[here], TURNED[elsewhere]]);
        }
      }),
    );
  });

  it('on one node is what the routes to an endpoint say', () => {
    fc.assert(
      fc.property(worlds, (world) => {
        const pairs = reachability(world);
        for (const to of world.byName.values()) {
          const endpoint = { network: to.name, link: { name: 's32x' } } as never;
          const known = { prefix: prefix('10.1.0.1/32'), endpoint, paths: [] };
          const tables = new Set(wantedRoutes(known, world).map(({ table }) => table));
          for (const from of world.byName.values()) {
            const { here } = pairOf(pairs, from.name, to.name);
            expect(here === 'both' || here === 'forth').to.equal(tables.has(from.table));
          }
        }
      }),
    );
  });

  it('grows only, when a target is added to an import list', () => {
    const isForth = (relation: Relation) => relation === 'both' || relation === 'forth';
    fc.assert(
      fc.property(worlds, fc.nat(4), (world, which) => {
        const list = [...world.byName.values()];
        const changed = list.map((one, i) =>
          i === which ? { ...one, imports: new Set([...one.imports, routeTarget('1:1')]) } : one,
        );
        const after = reachability(worldOf(changed, [...world.host.imports]));
        for (const { from, to, here, elsewhere } of reachability(world)) {
          const now = pairOf(after, from, to);
          expect([isForth(here) && !isForth(now.here), isForth(elsewhere) && !isForth(now.elsewhere)]).to.eql([
            false,
            false,
          ]);
        }
      }),
    );
  });

  it('includes every network itself and the host on this node, whatever the targets', () => {
    fc.assert(
      fc.property(worlds, (world) => {
        for (const { from, to, here } of reachability(world)) {
          if (from === to || from === 'host' || to === 'host') expect(here).to.equal('both');
        }
      }),
    );
  });

  it('marks a pair with one import only as one way', () => {
    const pairs = reachability(worldOf([network('blue', ['1:1'], ['1:1']), network('spy', ['1:1'], ['1:9'])]));
    expect(pairOf(pairs, 'spy', 'blue')).to.deep.include({ here: 'forth', elsewhere: 'forth' });
    expect(pairOf(pairs, 'blue', 'spy')).to.deep.include({ here: 'back', elsewhere: 'back' });
  });

  it('ends between nodes where the prefixes of a network do', () => {
    const fence = (of: string) => ({ prefixes: [prefix(of)] });
    const blue = network('blue', ['1:1', '1:2'], ['1:1'], fence('10.20.0.0/16'));
    const red = network('red', ['1:1', '1:2'], ['1:2'], fence('10.30.0.0/16'));
    expect(pairOf(reachability(worldOf([blue, red])), 'blue', 'red')).to.deep.include({
      here: 'both',
      elsewhere: 'none',
    });
  });

  it('does not lead through the host from one endpoint of the node to another', () => {
    const list = [network('blue', [], ['1:1'], { egress: 'host' }), network('red', [], ['1:2'], { egress: 'host' })];
    expect(pairOf(reachability(worldOf(list)), 'blue', 'red').here).to.equal('none');
    const heard = reachability(worldOf(list, [routeTarget('1:2')]));
    expect(pairOf(heard, 'blue', 'red')).to.deep.include({ here: 'none', elsewhere: 'forth' });
  });
});
