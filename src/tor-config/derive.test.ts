import { expect } from 'chai';
import { address, prefix } from '../model/address.js';
import type { Where } from '../model/peer.js';
import { torOf } from './derive.js';
import { exampleNetwork, exampleNode } from './example-node.js';
import type { Tor, TorNode } from './tor.js';

const withNetwork = (over: Parameters<typeof exampleNetwork>[0]): TorNode => ({
  ...exampleNode(1),
  networks: { byName: new Map([['blue', exampleNetwork(over)]]), host: { imports: new Set() } },
});
const withAsn = (node: TorNode, asn: number): TorNode => ({ ...node, speaker: { ...node.speaker, asn } });

const within = ({ accepted }: Tor) => ({
  4: accepted[4].map((one) => one.within),
  6: accepted[6].map((one) => one.within),
});

describe('a ToR', () => {
  it('expects a node at the other end of its /31 and /127', () => {
    const { sessions } = torOf([exampleNode(1), exampleNode(2)]);
    expect(sessions.map(({ name, from }) => `${name} ${from}`)).to.eql([
      'node1 192.0.2.1',
      'node1-v6 2001:db8:ffff:1::1',
      'node2 192.0.2.3',
      'node2-v6 2001:db8:ffff:2::1',
    ]);
  });

  it('expects it where its link to the ToR is, when that is known', () => {
    const links = [{ address: address('192.0.2.77'), network: prefix('192.0.2.0/24') }];
    expect(torOf([exampleNode(1)], { links }).sessions[0]?.from).to.equal('192.0.2.77');
  });

  it('expects a node that is hops away at its router id', () => {
    expect(torOf([exampleNode(1, { multihop: 3 })]).sessions[0]).to.include({ from: '192.0.2.1', multihop: 3 });
  });

  it('accepts the blocks that nodes announce as they are, besides host routes', () => {
    expect(torOf([withNetwork({ announce: 'aggregate' })]).accepted).to.eql({
      4: [
        { within: '10.20.0.0/16', length: 32 },
        { within: '10.20.1.0/24', length: 24 },
      ],
      6: [
        { within: '2001:db8:20::/48', length: 128 },
        { within: '2001:db8:20:1::/64', length: 64 },
      ],
    });
  });

  it('accepts what it is told: blocks of a peer that is told blocks, whatever its networks say', () => {
    const blocks = (over: Parameters<typeof exampleNode>[1], announce?: 'aggregate') => {
      const node = { ...exampleNode(1, over), networks: withNetwork(announce ? { announce } : {}).networks };
      return torOf([node], { peers: ['tor1'] }).accepted[4].map(({ within, length }) => `${within} ${length}`);
    };
    expect(blocks({ announce: 'aggregate' })).to.eql(['10.20.0.0/16 32', '10.20.1.0/24 24']);
    expect(blocks({ announce: 'host' }, 'aggregate')).to.eql(['10.20.0.0/16 32']);
  });

  it('has room for every address of a node, and for a thousand at least, unless told otherwise', () => {
    const room = (...pools: string[]) => torOf([withNetwork({ pools: pools.map(prefix), prefixes: [] })]).maxPrefixes;
    expect(room('10.20.1.0/24', '2001:db8:20:1::/64')).to.equal(1000);
    expect(room('10.20.0.0/20', '10.30.0.0/24')).to.equal(4096 + 256);
    expect(room('10.0.0.0/8')).to.equal(100_000);
    expect(torOf([exampleNode(1)], { maxPrefixes: 7 }).maxPrefixes).to.equal(7);
  });

  it('looks at the TTL where the node does, over a range only if all of them do', () => {
    expect(torOf([exampleNode(1, { ttlSecurity: 2 })], { peers: ['tor1'] }).sessions[0]?.ttlSecurity).to.equal(2);
    const range = { listen: [prefix('192.0.2.0/24')], peers: ['tor1'] };
    const both = [exampleNode(1, { ttlSecurity: 1 }), exampleNode(2, { ttlSecurity: 1 })];
    expect(torOf(both, range).sessions[0]?.ttlSecurity).to.equal(1);
    expect(() => torOf([both[0]!, exampleNode(2)], range)).to.throw('a range has one setting');
  });

  it('expects a node on an unnumbered link from any link-local address, and cannot name one', () => {
    const { peers: _, ...speaker } = exampleNode(1).speaker;
    const sought = { name: 'tor1', asn: 65000, families: [4, 6], untagged: [], passive: false } as const;
    const node = (where: Where) => ({
      ...exampleNode(1),
      speaker: { ...speaker, peers: [], sought: [{ ...sought, where }] },
    });
    const [session] = torOf([node({ device: 'eth1' })], { listen: [prefix('fe80::/10')] }).sessions;
    expect(session).to.deep.include({ from: 'fe80::/10', families: [4, 6] });
    expect(() => torOf([node({ device: 'eth1' })])).to.throw('use --listen fe80::/10');
    expect(() => torOf([node({ gateway: true })])).to.throw('name its address');
  });

  it('accepts what networks may announce: their fence, else their pools, else anything', () => {
    const accepted = (over: Parameters<typeof exampleNetwork>[0]) => within(torOf([withNetwork(over)]));
    expect(accepted({})).to.eql({ 4: ['10.20.0.0/16'], 6: ['2001:db8:20::/48'] });
    expect(accepted({ prefixes: [] })).to.eql({ 4: ['10.20.1.0/24'], 6: ['2001:db8:20:1::/64'] });
    expect(accepted({ prefixes: [], pools: [] })).to.eql({ 4: ['0.0.0.0/0'], 6: ['::/0'] });
    expect(accepted({ prefixes: [prefix('10.0.0.0/8')] })).to.eql({ 4: ['10.0.0.0/8'], 6: [] });
  });

  it('accepts nothing of a network that exports nothing', () => {
    expect(within(torOf([withNetwork({ exports: [] })]))).to.eql({ 4: [], 6: [] });
  });

  it('lists each prefix once, and none that lies in another', () => {
    const nodes = [exampleNode(2), withNetwork({ prefixes: [prefix('10.20.1.0/24'), prefix('10.0.0.0/14')] })];
    expect(within(torOf(nodes))[4]).to.eql(['10.0.0.0/14', '10.20.0.0/16']);
  });

  it('with a range has one entry a family, with the AS numbers of all nodes', () => {
    const listen = [prefix('192.0.2.0/24'), prefix('2001:db8:ffff::/48')];
    const { sessions } = torOf([exampleNode(2), exampleNode(1)], { listen });
    expect(sessions.map(({ from, asns }) => [from, ...asns])).to.eql(listen.map((range) => [range, 65001, 65002]));
  });

  it('is refused with the remedy where the configuration does not say enough', () => {
    const [one, two] = [exampleNode(1), exampleNode(2)];
    const dual = { ...one, speaker: { ...one.speaker, peers: [...one.speaker.peers, two.speaker.peers[0]!] } };
    expect(() => torOf([dual])).to.throw('node1 has two IPv4 peers, tor1 and tor1: say with --peer which is this ToR');
    expect(() => torOf([one, exampleNode(2, { asn: 65009 })])).to.throw('--peer');
    expect(() => torOf([one, withAsn(two, 65000)])).to.throw('of node1 and node2, one is of the peer');
    expect(() => torOf([withAsn(one, 65000)])).to.throw('set localAddress of that peer, or use --listen RANGE');
    expect(() => torOf([one, withAsn(two, 65001)])).to.throw(
      'node1 and node2 are both of AS 65001: give each node its own',
    );
    expect(() => torOf([one, { ...one, name: 'twin', speaker: { ...one.speaker, asn: 65003 } }])).to.throw('--listen');
    expect(() => torOf([one], { listen: [prefix('192.0.2.0/24')] })).to.throw('2001:db8:ffff:1::');
    expect(() => torOf([one], { peers: ['nobody'] })).to.throw('no node names a peer');
  });

  it('is a route reflector where it is of the AS of its nodes, which are at their router ids', () => {
    const nodes = [withAsn(exampleNode(1), 65000), withAsn(exampleNode(2), 65000)];
    const tor = torOf(nodes, { peers: ['tor1'] });
    expect([tor.isReflector, torOf([exampleNode(1)]).isReflector]).to.eql([true, false]);
    expect(tor.sessions.map(({ from }) => from)).to.eql(['192.0.2.1', '192.0.2.3']);
    const there = withAsn(exampleNode(1, { localAddress: address('203.0.113.7') }), 65000);
    expect(torOf([there], { peers: ['tor1'] }).sessions[0]?.from).to.equal('203.0.113.7');
  });

  it('is one of several with the peers that are named', () => {
    expect(torOf([exampleNode(1)], { peers: ['tor1'] }).sessions.map(({ name }) => name)).to.eql(['node1']);
  });
});
