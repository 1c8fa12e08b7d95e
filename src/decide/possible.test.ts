import { expect } from 'chai';
import fc from 'fast-check';
import type { Network, Networks } from '../model/network.js';
import { routeTarget } from '../model/route-target.js';
import { targetPattern } from '../model/target-pattern.js';
import { targetRefusal, withOwnNetworks } from './own-network.js';
import { possibilities } from './possible.js';

const place = { pools: [], prefixes: [], allow: [], egress: 'isolated' as const };
const network = (name: string, imports: string[], exports: string[], more: Partial<Network> = {}): Network => ({
  ...place,
  name,
  table: 1001,
  imports: new Set(imports.map(routeTarget)),
  exports: exports.map(routeTarget),
  ...more,
});
const allowance = (imports: string[], exports: string[]) => ({
  imports: imports.map(targetPattern),
  exports: exports.map(targetPattern),
});
const worldOf = (list: readonly Network[], more: Partial<Networks> = {}): Networks => ({
  byName: new Map(list.map((one) => [one.name, one])),
  host: { imports: new Set() },
  ...more,
});

describe('what others may choose', () => {
  it('is nothing where the configuration allows nothing', () => {
    expect(possibilities(worldOf([network('a', ['1:1'], ['1:1']), network('b', ['1:2'], ['1:2'])]))).to.eql([]);
  });

  it('names who could hear whom by an allowance, from both ends, and not who does already', () => {
    const a = network('a', ['1:1'], ['1:1'], { allowTargets: allowance(['1:1-9'], []) });
    const world = worldOf([a, network('b', ['1:2'], ['1:2']), network('c', [], ['1:1'])]);
    expect(possibilities(world)).to.eql([
      { name: 'a', mayHear: ['b'], mayBeHeardBy: [] },
      { name: 'b', mayHear: [], mayBeHeardBy: ['a'] },
    ]);
  });

  it('names what networks of CNI configurations could hear, each other and the host among them', () => {
    const frame = { ...place, name: 'tenant-*', allowTargets: allowance(['9:*'], ['9:*', '1:1']) };
    const world = worldOf([network('a', ['1:1'], ['2:2'])], {
      netConfNetworks: [frame],
      host: { imports: new Set([routeTarget('9:5')]) },
    });
    expect(possibilities(world)).to.eql([
      { name: 'a', mayHear: ['tenant-*'], mayBeHeardBy: [] },
      { name: 'tenant-*', mayHear: ['tenant-*'], mayBeHeardBy: ['a', 'tenant-*', 'host'] },
      { name: 'host', mayHear: ['tenant-*'], mayBeHeardBy: [] },
    ]);
  });

  it('is all that an attachment which is not refused can come to hear', () => {
    const texts = ['1:1', '1:2', '2:1', '2:2'];
    const targets = fc.subarray(texts);
    const patterns = fc.subarray(['1:*', '2:1', '1:2-9', '*']);
    const world = fc.record({ imports: targets, exports: targets, others: targets, may: patterns, wish: targets });
    fc.assert(
      fc.property(world, ({ imports, exports, others, may, wish }) => {
        const a = network('a', imports, exports, { allowTargets: allowance(may, []) });
        const b = network('b', [], others);
        const networks = worldOf([a, b]);
        const asked = { base: 'a', byNetConf: { imports: wish.map(routeTarget) }, byContainer: {} };
        fc.pre(targetRefusal(networks, asked) === undefined);
        const made = withOwnNetworks(networks, [{ network: 'a~1', own: { ...asked, table: 5000 } }]).byName.get('a~1')!;
        const hears = (one: Network) => b.exports.some((target) => one.imports.has(target));
        const named = possibilities(networks).some(({ name, mayHear }) => name === 'a' && mayHear.includes('b'));
        return !hears(made) || hears(a) || named;
      }),
    );
  });
});
