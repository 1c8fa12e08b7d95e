import { expect } from 'chai';
import { example, problemsOf } from './example-node.js';

const bgp = (peer: string, more = '') =>
  `bgp: { asn: 65001, ${more} peers: [{ name: tor1, address: 192.0.2.0, asn: 65001, ${peer} }] }`;

describe('what a peer hears of us', () => {
  it('is configured at the peer: communities, local preference, how long routes outlive us', () => {
    const text = bgp(
      'communities: [65001:100, no-export], largeCommunities: ["65001:1:2"], localPreference: 200, longLivedGracefulRestart: 2h',
    );
    expect(example(text).speaker.peers[0]).to.deep.include({
      communities: ['65001:100', '65535:65281'],
      largeCommunities: ['65001:1:2'],
      localPreference: 200,
      longLivedRestart: 7200,
    });
  });

  it('is host routes, blocks or both, for a peer or a listen range', () => {
    const networks = 'networks: [{ name: blue, export: ["1:1"], pools: [10.20.1.0/24] }]';
    const { speaker } = example(
      `${bgp('announce: aggregate', 'listenRanges: [{ prefix: 203.0.113.0/24, asn: 2, announce: host, maxPrefixes: 9, maxRoutes: 8, bfd: true, nextHops: on-link }],')}\n${networks}`,
    );
    expect(speaker.peers[0]?.announce).to.equal('aggregate');
    expect(speaker.ranges?.[0]).to.deep.include({
      announce: 'host',
      maxPrefixes: 9,
      maxRoutes: 8,
      nextHops: 'on-link',
    });
    expect(speaker.ranges?.[0]?.bfd).to.deep.equal({ minTx: 300, minRx: 300, multiplier: 3 });
  });

  it('is refused with its place and the remedy', () => {
    expect(problemsOf(bgp('communities: ["1:2:3"]')).join()).to.match(/communities.*expected two numbers up to 65535/);
    expect(problemsOf(bgp('localPreference: -1')).join()).to.match(/expected a whole number/);
  });

  it('is, from a route reflector, what its clients say: peers of our own AS, by name', () => {
    const { reflector, peers } = example(bgp('', 'routeReflector: { clients: [tor1] },')).speaker;
    expect(reflector).to.deep.equal({ clusterId: '192.0.2.1' });
    expect(peers[0]?.isClient).to.equal(true);
    expect(problemsOf(bgp('', 'routeReflector: { clients: [tor2] },')).join()).to.match(/no peer is called "tor2"/);
    const foreign = bgp('', 'routeReflector: { clients: [tor1] },').replace('asn: 65001, ', 'asn: 65002, ');
    expect(problemsOf(foreign).join()).to.match(/only peers of our own AS 65002 can be clients/);
  });
});
