/** For tests: node 1 or 2 of the fabric, as its ToR sees it. */
import { address, prefix } from '../model/address.js';
import type { Network } from '../model/network.js';
import type { Peer } from '../model/peer.js';
import { routeTarget } from '../model/route-target.js';
import type { TorNode } from './tor.js';

/** A node whose ToR is 192.0.2.0 (node 1) or 192.0.2.2, and the same in IPv6. `over` goes over its IPv4 peer. */
export function exampleNode(number: 1 | 2, over: Partial<Peer> = {}): TorNode {
  const peer = { asn: 65000, untagged: [], passive: false };
  const [v4, v6] = [`192.0.2.${number * 2 - 2}`, `2001:db8:ffff:${number}::`];
  return {
    name: `node${number}`,
    speaker: {
      asn: 65000 + number,
      routerId: address(`192.0.2.${number * 2 - 1}`),
      listenPort: 179,
      listenAddresses: [],
      timers: { hold: 9, keepalive: 3, connectRetry: 5 },
      restartTime: 60,
      peers: [
        { ...peer, name: 'tor1', address: address(v4), families: [4], ...over },
        { ...peer, name: 'tor1-v6', address: address(v6), families: [6] },
      ],
    },
    networks: { byName: new Map([['blue', exampleNetwork()]]), host: { imports: new Set() } },
  };
}

/** Network blue of the fabric. */
export function exampleNetwork(over: Partial<Network> = {}): Network {
  return {
    name: 'blue',
    table: 1001,
    imports: new Set([routeTarget('64512:100')]),
    exports: [routeTarget('64512:100')],
    pools: [prefix('10.20.1.0/24'), prefix('2001:db8:20:1::/64')],
    prefixes: [prefix('10.20.0.0/16'), prefix('2001:db8:20::/48')],
    allow: [],
    egress: 'isolated',
    ...over,
  };
}
