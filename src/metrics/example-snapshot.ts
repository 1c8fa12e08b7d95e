/** For tests: a node at some moment, as the collectors see it. */
import { address, prefix } from '../model/address.js';
import type { Snapshot } from './snapshot.js';

const TOR1 = address('192.0.2.0');

export function exampleSnapshot(changes: Partial<Snapshot> = {}): Snapshot {
  return {
    node: { name: 'node1', version: '0.1.0' },
    duty: 'on',
    gobgp: { up: true, troubles: 0 },
    census: {
      endpoints: new Map([
        ['blue', 2],
        ['red', 0],
      ]),
      announcements: { wanted: 4, accepted: 3 },
      prefixes: { pending: 1, failed: 2 },
      duplicates: 1,
      paths: new Map([[TOR1, { 4: 7, 6: 0 }]]),
      routes: new Map([['blue', { own: 2, imported: 5 }]]),
      sessions: [
        {
          peer: { name: 'tor1', asn: 65000 },
          address: TOR1,
          established: true,
          since: 1_790_000_000,
          losses: 3,
          flaps: 1,
        },
        { peer: { name: 'tor2', asn: 65000 }, established: false, flaps: 0 },
      ],
      ranges: new Map([['leaves', 2]]),
    },
    quotas: [],
    refusals: [],
    pools: [{ network: 'blue', pool: prefix('10.20.1.0/24'), size: 254, used: 2, resting: 1 }],
    filterRepairs: 0,
    nameOf: (peer) => (peer === TOR1 ? 'tor1' : peer),
    ...changes,
  };
}
