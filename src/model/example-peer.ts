import { address } from './address.js';
import type { Peer, Speaker } from './peer.js';

/** For tests: a ToR with nothing set but what must be. */
export const EXAMPLE_PEER: Peer = {
  name: 'tor1',
  address: address('192.0.2.0'),
  asn: 65000,
  families: [4],
  untagged: [],
  passive: false,
};

/** For tests: a node with that peer alone. */
export const EXAMPLE_SPEAKER: Speaker = {
  asn: 65001,
  routerId: address('192.0.2.1'),
  listenPort: 179,
  listenAddresses: [],
  timers: { hold: 9, keepalive: 3, connectRetry: 5 },
  restartTime: 60,
  peers: [EXAMPLE_PEER],
};
