import { expect } from 'chai';
import { AddressBook } from '../cni/address-book.js';
import { EXAMPLE_NODE } from '../config/example-node.js';
import { parseConfig } from '../config/load.js';
import { address } from '../model/address.js';
import type { Networks } from '../model/network.js';
import { exampleSnapshot } from './example-snapshot.js';
import { type Sources, takeSnapshot } from './snapshot.js';

const { networks, speaker } = parseConfig(
  `
node: { routerId: 192.0.2.1 }
bgp:
  asn: 65001
  peers: [{ name: tor1, address: 192.0.2.0, asn: 65000, families: [ipv4] }]
  listenRanges: [{ name: leaves, prefix: 198.51.100.0/24, asn: 65010, families: [ipv4] }]
networks:
  - { name: blue, import: [], export: [], pools: ["10.20.1.0/24", "2001:db8:20:1::/64"], table: 1001 }
`,
  'node.yaml',
  EXAMPLE_NODE,
);

function sources(changes: Partial<Sources['routing']> = {}, book = new AddressBook(CLOCK, 60_000)): Sources {
  const { census } = exampleSnapshot();
  const routing = {
    census: () => census,
    networks,
    speaker,
    duty: 'on' as const,
    bgpConnected: true,
    bgpTroubles: [],
    quotas: () => [],
    refusals: () => [],
    ...changes,
  };
  return { node: { name: 'node1', version: '0' }, routing, addresses: book, filterRepairs: () => 0 };
}

const CLOCK = { now: () => 0, after: () => () => {} };

describe('a snapshot', () => {
  it('calls a peer by its name in the configuration, one that came by a range by that of the range', () => {
    const { nameOf } = takeSnapshot(sources());
    expect(['192.0.2.0', '198.51.100.7', '203.0.113.1'].map((peer) => nameOf(address(peer)))).to.eql([
      'tor1',
      'leaves',
      '203.0.113.1',
    ]);
  });

  it('counts what of each pool is used and rests, by what the address book has', () => {
    const book = new AddressBook(CLOCK, 60_000);
    const [first, second] = [1, 2].map(() => book.take('blue', networks.byName.get('blue')!.pools, []));
    book.rest(second!);
    book.hold([address('198.51.100.1')]);
    const { pools } = takeSnapshot(sources({}, book));
    expect(first).to.have.length(2);
    expect(pools).to.eql([
      { network: 'blue', pool: '10.20.1.0/24', size: 254, used: 1, resting: 1 },
      { network: 'blue', pool: '2001:db8:20:1::/64', size: 2 ** 64, used: 1, resting: 1 },
    ]);
  });

  it('has a pool once, for the network that it was written at, however many are made from that', () => {
    const blue = networks.byName.get('blue')!;
    const byName = new Map([['blue', blue], ...['blue~1', 'blue~2'].map((name) => [name, { ...blue, name }] as const)]);
    const made: Networks = { ...networks, byName };
    const { pools } = takeSnapshot(sources({ networks: made }));
    expect(pools.map(({ network, pool }) => `${network} ${pool}`)).to.eql([
      'blue 10.20.1.0/24',
      'blue 2001:db8:20:1::/64',
    ]);
  });
});
