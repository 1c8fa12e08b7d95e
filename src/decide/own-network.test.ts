import { expect } from 'chai';
import fc from 'fast-check';
import type { OwnTargets, TargetWish } from '../model/endpoint.js';
import type { Network, Networks, TargetAllowance } from '../model/network.js';
import { type RouteTarget, routeTarget } from '../model/route-target.js';
import { matchesTarget, targetPattern } from '../model/target-pattern.js';
import { type Asked, asksForOwn, freeTable, targetRefusal, withOwnNetworks } from './own-network.js';

const allowance = (imports: string[], exports: string[]): TargetAllowance => ({
  imports: imports.map(targetPattern),
  exports: exports.map(targetPattern),
});
const place = { pools: [], prefixes: [], allow: [], egress: 'isolated' as const };
const network = (name: string, table: number, more: Partial<Network> = {}): Network => ({
  ...place,
  name,
  table,
  imports: new Set([routeTarget('1:1')]),
  exports: [routeTarget('1:1')],
  ...more,
});
const blue = network('blue', 1001, {
  allowTargets: allowance(['2:*'], ['2:1']),
  allowOverride: allowance(['3:*'], []),
});
const red = network('red', 1002);
const networks: Networks = {
  byName: new Map([blue, red].map((one) => [one.name, one])),
  host: { imports: new Set() },
  netConfNetworks: [{ ...place, name: 'tenant-*', allowTargets: allowance(['9:*'], ['9:*']), egress: 'host' }],
};
const wish = (imports?: string[], exports?: string[]): TargetWish => ({
  ...(imports && { imports: imports.map(routeTarget) }),
  ...(exports && { exports: exports.map(routeTarget) }),
});
const asked = (base: string, byNetConf: TargetWish = {}, byContainer: TargetWish = {}): Asked => ({
  base,
  byNetConf,
  byContainer,
});
const endpoint = (network: string, own: Asked, table = 5000) => ({
  network,
  own: { ...own, table } satisfies OwnTargets,
});
const made = (own: Asked, configured = networks) =>
  withOwnNetworks(configured, [endpoint('x~1', own)]).byName.get('x~1');

describe('targets that an endpoint brings along', () => {
  it('may be those of its network, and those that the configuration allows besides', () => {
    expect(targetRefusal(networks, asked('blue', wish(['1:1', '2:77'], ['2:1'])))).to.equal(undefined);
    expect(targetRefusal(networks, asked('red', wish([], ['1:1'])))).to.equal(undefined);
    expect(targetRefusal(networks, asked('tenant-a', wish(['9:1'], ['9:2'])))).to.equal(undefined);
    expect(targetRefusal(networks, asked('blue', {}, wish(['3:5', '1:1'])))).to.equal(undefined);
  });

  it('are refused with what, why and a remedy where it does not', () => {
    const cases: [Asked, RegExp, RegExp][] = [
      [asked('blue', wish(['3:1'])), /"blue" may not import 3:1.*its own import targets are 1:1.*2:\*/, /allowTargets/],
      [asked('blue', wish(undefined, ['2:2'])), /may not export 2:2/, /allowTargets/],
      [
        asked('blue', {}, wish(undefined, ['3:1'])),
        /may not export 3:1.*"allowOverride" adds nothing/,
        /allowOverride/,
      ],
      [asked('red', {}, wish(['1:1'])), /containers of network "red" may not name targets/, /SLASH32_IMPORT/],
      [asked('red', wish(['2:1'])), /"allowTargets" adds nothing/, /allowTargets/],
      [asked('tenant-a', wish(['1:1'])), /"tenant-a" may not import 1:1/, /allowTargets/],
      [asked('tenant-a'), /names no targets/, /importrt/],
      [asked('green', wish(['9:1'])), /"green" is not configured on this node/, /blue, red, tenant-\*/],
    ];
    for (const [own, reason, remedy] of cases) {
      expect(targetRefusal(networks, own)?.reason).to.match(reason);
      expect(targetRefusal(networks, own)?.remedy).to.match(remedy);
    }
  });

  it('need no network of their own when they are the same as its network’s', () => {
    expect(asksForOwn(networks, asked('blue'))).to.equal(false);
    expect(asksForOwn(networks, asked('blue', wish(['1:1'], ['1:1'])))).to.equal(false);
    expect(asksForOwn(networks, asked('blue', wish(['1:1', '2:1'])))).to.equal(true);
    expect(asksForOwn(networks, asked('blue', wish([])))).to.equal(true);
    expect(asksForOwn(networks, asked('tenant-a', wish([])))).to.equal(true);
  });

  it('make a network: what is asked for in one direction, the base’s in the other, its prefixes and its way out', () => {
    expect(made(asked('blue', wish(undefined, ['2:1'])))).to.deep.include({
      name: 'x~1',
      table: 5000,
      imports: blue.imports,
      exports: ['2:1'],
    });
    expect(made(asked('blue', wish(['2:1']), wish(['3:1'])))?.imports).to.eql(new Set(['3:1']));
    expect(made(asked('tenant-a', wish(['9:1'])))).to.deep.include({ egress: 'host', exports: [] });
  });

  it('follow the configuration: what is not allowed any more is gone, and without its base the network is', () => {
    const narrower = { ...networks, byName: new Map([['blue', { ...blue, allowTargets: allowance(['2:1'], []) }]]) };
    expect(made(asked('blue', wish(['2:1', '2:2', '1:1'], ['2:1'])), narrower)).to.deep.include({
      imports: new Set(['2:1', '1:1']),
      exports: [],
    });
    expect(made(asked('red', wish([])), narrower)).to.equal(undefined);
    expect(withOwnNetworks(networks, [{ network: 'blue' }])).to.equal(networks);
  });

  it('never give a network a target that the configuration names neither in the base nor in an allowance', () => {
    const target = fc.constantFrom('1:1', '2:1', '2:2', '3:1', '9:1').map(routeTarget);
    const list = fc.option(fc.uniqueArray(target), { nil: undefined });
    const wishes = fc.record({ imports: list, exports: list }).map(({ imports, exports }) => ({
      ...(imports && { imports }),
      ...(exports && { exports }),
    }));
    const allows = (one: TargetAllowance | undefined, direction: keyof TargetAllowance, of: RouteTarget) =>
      one?.[direction].some((pattern) => matchesTarget(pattern, of)) === true;
    fc.assert(
      fc.property(wishes, wishes, (byNetConf, byContainer) => {
        const { imports, exports } = made(asked('blue', byNetConf, byContainer))!;
        const fits = (direction: 'imports' | 'exports', one: RouteTarget) =>
          [...blue[direction]].includes(one) ||
          allows(blue.allowTargets, direction, one) ||
          allows(blue.allowOverride, direction, one);
        return [...imports].every((one) => fits('imports', one)) && exports.every((one) => fits('exports', one));
      }),
    );
  });

  it('get another table when the configuration has given theirs away, and keep it otherwise, whatever the order', () => {
    const [a, b] = [endpoint('a~1', asked('blue', wish([]))), endpoint('b~1', asked('blue', wish(['2:1'])))];
    const tables = (list: (typeof a)[]) =>
      [...withOwnNetworks(networks, list).byName.values()].map(({ table }) => table);
    expect(tables([a, b])).to.eql([1001, 1002, 5000, 5001]);
    expect(tables([b, a])).to.eql([1001, 1002, 5000, 5001]);
    expect(tables([{ ...a, own: { ...a.own, table: 1001 } }])).to.eql([1001, 1002, 1003]);
    expect(freeTable(8191, new Set([8191]))).to.equal(1000);
    expect(() => freeTable(1000, new Set(Array.from({ length: 7192 }, (_, i) => 1000 + i)))).to.throw('in use');
  });
});
