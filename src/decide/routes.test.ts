import { expect } from 'chai';
import { address, prefix } from '../model/address.js';
import type { Endpoint } from '../model/endpoint.js';
import type { Network, Networks } from '../model/network.js';
import type { Path } from '../model/path.js';
import { MAIN_TABLE, type Route } from '../model/route.js';
import { routeTarget } from '../model/route-target.js';
import { announceVerdict, wantedAnnouncement } from './announcements.js';
import { type Candidate, routesToPut, routesToRemove, wantedRoutes } from './routes.js';

const network = (name: string, table: number, imports: string[], exports: string[]): Network => ({
  name,
  table,
  imports: new Set(imports.map(routeTarget)),
  exports: exports.map(routeTarget),
  pools: [],
  prefixes: [],
  allow: [],
  egress: 'isolated',
});
const networks: Networks = {
  byName: new Map(
    [
      network('blue', 1001, ['1:1'], ['1:1']),
      network('red', 1002, ['1:2'], ['1:2']),
      network('monitor', 1003, ['1:1', '1:2'], []),
    ].map((one) => [one.name, one]),
  ),
  host: { imports: new Set() },
};
const own = prefix('10.20.1.10/32');
const endpoint = {
  network: 'blue',
  link: { name: 's32abc', index: 7, mac: '' },
  addresses: [address('10.20.1.10')],
} as unknown as Endpoint;
const path: Path = {
  prefix: own,
  nextHop: address('192.0.2.0'),
  targets: [routeTarget('1:2')],
  peer: address('192.0.2.0'),
  asPath: [],
};
const candidate = (of: Path, linkDown = false): Candidate => ({ path: of, refusal: undefined, linkDown });
const tables = (routes: readonly Route[]) => routes.map(({ table }) => table);
const everything = { endpoints: true, paths: true };

describe('wanted routes', () => {
  it('lead to an endpoint from the host, its own network and every network that imports its targets', () => {
    const routes = wantedRoutes({ prefix: own, endpoint, paths: [] }, networks);
    expect(tables(routes)).to.eql([MAIN_TABLE, 1001, 1003]);
    expect(routes[0]?.nextHops).to.eql([{ device: 's32abc' }]);
  });

  it('keep leading to the endpoint when a peer announces the same prefix', () => {
    const alone = wantedRoutes({ prefix: own, endpoint, paths: [] }, networks);
    expect(wantedRoutes({ prefix: own, endpoint, paths: [candidate(path)] }, networks)).to.eql(alone);
  });

  it('follow a path into the networks that import one of its targets, and nowhere else', () => {
    expect(tables(wantedRoutes({ prefix: own, endpoint: undefined, paths: [candidate(path)] }, networks))).to.eql([
      1002, 1003,
    ]);
  });

  it('reach the main table only when the host imports the target', () => {
    const host = { imports: new Set([routeTarget('1:2')]) };
    expect(
      tables(wantedRoutes({ prefix: own, endpoint: undefined, paths: [candidate(path)] }, { ...networks, host })),
    ).to.include(MAIN_TABLE);
  });
});

describe('the ways of a route', () => {
  const other = { ...path, nextHop: address('192.0.2.2'), peer: address('192.0.2.2') };
  const gateways = (...paths: Candidate[]) =>
    wantedRoutes({ prefix: own, endpoint: undefined, paths }, networks).map(({ nextHops }) =>
      nextHops.map(({ gateway }) => gateway),
    );

  it('are those of all best paths that the network imports, each once', () => {
    const both = ['192.0.2.0', '192.0.2.2'];
    expect(gateways(candidate(path), candidate(other))).to.eql([both, both]);
    expect(gateways(candidate(path), candidate({ ...other, nextHop: path.nextHop }))).to.eql([[both[0]], [both[0]]]);
  });

  it('are chosen among what the network imports: a better path without its target does not count', () => {
    const better = { ...other, targets: [routeTarget('1:1')], localPref: 900 };
    expect(gateways(candidate(path), candidate(better))).to.eql([['192.0.2.2'], ['192.0.2.0'], ['192.0.2.2']]);
  });

  it('lead over no link that is down while there is another, be it a worse one', () => {
    const worse = { ...other, asPath: [1, 2, 3] };
    expect(gateways(candidate(path, true), candidate(worse))).to.eql([['192.0.2.2'], ['192.0.2.2']]);
    expect(gateways(candidate(path, true), candidate(worse, true))).to.eql([['192.0.2.0'], ['192.0.2.0']]);
  });
});

describe('the difference', () => {
  const wanted = wantedRoutes({ prefix: own, endpoint: undefined, paths: [candidate(path)] }, networks);

  it('puts what the kernel lacks or holds otherwise, and nothing else', () => {
    const other = { ...wanted[0]!, nextHops: [{ gateway: address('192.0.2.9') }] };
    expect(routesToPut(wanted, [other, wanted[1]!])).to.eql([wanted[0]]);
    const withDevice = { ...wanted[0]!, nextHops: [{ gateway: path.nextHop, device: 'eth0' }] };
    expect(routesToPut(wanted, [withDevice, wanted[1]!])).to.eql([]);
  });

  it('removes a route that no path asks for only once all paths are heard', () => {
    expect(routesToRemove([], wanted, { endpoints: true, paths: false }, false)).to.eql([]);
    expect(routesToRemove([], wanted, everything, false)).to.eql(wanted);
  });

  it('keeps the route to an endpoint while its prefix is announced', () => {
    const routes = wantedRoutes({ prefix: own, endpoint, paths: [] }, networks);
    expect(tables(routesToRemove([], routes, everything, true))).to.eql([1001, 1003]);
    expect(tables(routesToRemove([], routes, everything, false))).to.eql([MAIN_TABLE, 1001, 1003]);
  });
});

describe('wanted announcements', () => {
  const known = { prefix: own, endpoint, paths: [] };
  const inKernel = wantedRoutes(known, networks);

  it('carry the export targets of the network, once the kernel can deliver', () => {
    expect(wantedAnnouncement(known, networks, inKernel)).to.eql({ prefix: own, targets: ['1:1'] });
    expect(announceVerdict(known, networks, [])).to.equal('no-route');
  });

  it('are not made for a network without export targets, or for what is no endpoint', () => {
    const silent = { ...known, endpoint: { ...endpoint, network: 'monitor' } };
    expect(announceVerdict(silent, networks, inKernel)).to.equal('no-export-target');
    expect(announceVerdict({ ...known, endpoint: undefined }, networks, inKernel)).to.equal('no-endpoint');
  });

  it('say that this node is about to leave while it is drained, and end with it', () => {
    expect(wantedAnnouncement({ ...known, duty: 'leaving' }, networks, inKernel)).to.eql({
      prefix: own,
      targets: ['1:1'],
      leaving: true,
    });
    expect(announceVerdict({ ...known, duty: 'off' }, networks, inKernel)).to.equal('drained');
  });

  it('of a block are made without any endpoint, once its blackhole is there, and end with a drain', () => {
    const block = { prefix: prefix('10.20.1.0/24'), networks: ['blue'], targets: [routeTarget('1:1')] };
    const of = { prefix: block.prefix, endpoint: undefined, paths: [], aggregate: block };
    const routes = wantedRoutes(of, networks);
    expect(routes).to.eql([{ table: MAIN_TABLE, prefix: block.prefix, nextHops: [] }]);
    expect(wantedAnnouncement({ ...of, duty: 'leaving' }, networks, routes)).to.eql({
      prefix: block.prefix,
      targets: ['1:1'],
      leaving: true,
    });
    expect(announceVerdict(of, networks, [])).to.equal('no-route');
    expect(announceVerdict({ ...of, duty: 'off' }, networks, routes)).to.equal('drained');
  });

  it('stay within the prefixes of the network', () => {
    const fenced = { ...networks.byName.get('blue')!, prefixes: [prefix('10.99.0.0/16')] };
    const changed = { ...networks, byName: new Map([['blue', fenced]]) };
    expect(announceVerdict(known, changed, inKernel)).to.equal('outside-prefixes');
  });
});
