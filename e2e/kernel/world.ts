/** A node in a private network namespace: uplink, networks, and an endpoint per container. */

import type { Filters } from '../../src/kernel/filters.js';
import { hostLinkName } from '../../src/kernel/link-name.js';
import { address, type Prefix, prefix } from '../../src/model/address.js';
import type { Endpoint } from '../../src/model/endpoint.js';
import type { Network, Networks } from '../../src/model/network.js';
import { run } from '../netlink/private-namespace.js';

export const GATEWAYS = { v4: address('169.254.1.1'), v6: address('fe80::1') };
export const BLUE = 1001;

/** Filters that let everything through and say what was asked of them. */
export function recordingFilters(): Filters & { readonly admitted: Set<string> } {
  const admitted = new Set<string>();
  return {
    admitted,
    admit: ({ containerId }) => void admitted.add(containerId),
    expel: (...endpoints) => {
      for (const { containerId } of endpoints) admitted.delete(containerId);
    },
    prepare: async () => {},
    separate: async () => {},
    lacking: () => [],
    changed: () => false,
    repairs: 0,
    port: 0,
    [Symbol.dispose]: () => {},
  };
}

export function networks(...egress: Network['egress'][]): Networks {
  const names = ['blue', 'red', 'green'];
  const list = egress.map((each, i): Network => {
    const nothing = { exports: [], pools: [], prefixes: [], allow: [] };
    return { ...nothing, name: names[i]!, table: BLUE + i, imports: new Set(), egress: each };
  });
  return { byName: new Map(list.map((network) => [network.name, network])), host: { imports: new Set() } };
}

/** The n-th container's endpoint: 10.20.x.y and 2001:db8:20::n, everything through the gateway. */
export function endpointNumber(
  n: number,
  netns: string,
  ifname = 'eth0',
  families: readonly (4 | 6)[] = [4, 6],
): Endpoint {
  const id = { containerId: `container${n}`, ifname };
  const mac = (end: number) => `02:53:${end.toString(16).padStart(2, '0')}:00:${hex(n >> 8)}:${hex(n & 255)}`;
  const [v4, v6] = [address(`10.20.${n >> 8}.${n & 255}`), address(`2001:db8:20::${n.toString(16)}`)];
  const routes: Record<4 | 6, Prefix> = { 4: prefix('0.0.0.0/0'), 6: prefix('::/0') };
  return {
    ...id,
    network: 'blue',
    state: 'pending',
    netns,
    netnsInode: 0,
    link: { name: hostLinkName(id), index: 0, mac: mac(1) },
    mac: mac(2),
    mtu: 1400,
    addresses: families.map((family) => (family === 4 ? v4 : v6)),
    routes: families.map((family) => routes[family]),
    since: '2026-01-01T00:00:00Z',
  };
}

/** An uplink with 192.0.2.1/31 and 2001:db8:ffff::1/127; its other end lives in another namespace. */
export function makeUplink(otherEnd: string): void {
  run('ip', 'link', 'set', 'lo', 'up');
  run('ip', 'link', 'add', 'uplink', 'mtu', '1450', 'type', 'veth', 'peer', 'name', 'tor', 'netns', otherEnd);
  run('ip', 'link', 'set', 'uplink', 'addrgenmode', 'none'); // a link-local address changes its state by itself
  run('ip', 'addr', 'add', '192.0.2.1/31', 'dev', 'uplink');
  run('ip', 'addr', 'add', '2001:db8:ffff::1/127', 'dev', 'uplink', 'nodad');
  run('ip', 'link', 'set', 'uplink', 'up');
  run('ip', '-n', otherEnd, 'addr', 'add', '192.0.2.0/31', 'dev', 'tor');
  run('ip', '-n', otherEnd, 'addr', 'add', '2001:db8:ffff::/127', 'dev', 'tor', 'nodad');
  run('ip', '-n', otherEnd, 'link', 'set', 'tor', 'up');
  // The kernel tells of a carrier some time after both ends are up, and this route comes with it.
  const lacking = "ip -6 route show table local dev uplink | grep -q '^multicast ff00::/8' && exit; sleep 0.01";
  run('timeout', '60', 'sh', '-c', `while :; do ${lacking}; done`);
}

function hex(byte: number): string {
  return byte.toString(16).padStart(2, '0');
}
