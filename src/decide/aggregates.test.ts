import { expect } from 'chai';
import { prefix } from '../model/address.js';
import type { Network, Networks } from '../model/network.js';
import { routeTarget } from '../model/route-target.js';
import { aggregateAround, aggregatesOf } from './aggregates.js';

const network = (name: string, over: Partial<Network>): Network => ({
  name,
  table: 1001,
  imports: new Set(),
  exports: [routeTarget('1:1')],
  pools: [prefix('10.20.1.0/24'), prefix('10.20.9.9/32')],
  prefixes: [],
  allow: [],
  egress: 'isolated',
  ...over,
});
const node = (...all: Network[]): Networks => ({
  byName: new Map(all.map((one) => [one.name, one])),
  host: { imports: new Set() },
});

describe('the blocks that a node announces', () => {
  it('are the pools of networks that say so and export something, but for pools of one address', () => {
    const announce = 'aggregate';
    expect([...aggregatesOf(node(network('blue', { announce }))).keys()]).to.eql(['10.20.1.0/24']);
    expect(aggregatesOf(node(network('blue', {}))).size).to.equal(0);
    expect(aggregatesOf(node(network('blue', { announce, exports: [] }))).size).to.equal(0);
  });

  it('carry the targets of every network that announces them', () => {
    const red = network('red', { announce: 'both', exports: [routeTarget('1:2'), routeTarget('1:1')] });
    const quiet = network('quiet', { exports: [routeTarget('1:3')] });
    const blocks = aggregatesOf(node(network('blue', { announce: 'aggregate' }), red, quiet));
    expect([...blocks.values()]).to.eql([
      { prefix: '10.20.1.0/24', networks: ['blue', 'red'], targets: ['1:1', '1:2'] },
    ]);
  });

  it('lie around an address: the smallest of them, and none around itself', () => {
    const pools = [prefix('10.20.0.0/16'), prefix('10.20.1.0/24')];
    const blocks = aggregatesOf(node(network('blue', { announce: 'both', pools })));
    expect(aggregateAround(blocks, prefix('10.20.1.7/32'))?.prefix).to.equal('10.20.1.0/24');
    expect(aggregateAround(blocks, prefix('10.20.1.0/24'))?.prefix).to.equal('10.20.0.0/16');
    expect(aggregateAround(blocks, prefix('10.20.0.0/16'))).to.equal(undefined);
    expect(aggregateAround(blocks, prefix('10.30.0.1/32'))).to.equal(undefined);
  });
});
