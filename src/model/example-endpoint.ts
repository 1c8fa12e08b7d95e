import { address, prefix } from './address.js';
import type { Endpoint } from './endpoint.js';

/** For tests: an endpoint with everything in it that an endpoint can have. */
export function exampleEndpoint(change: Partial<Endpoint> = {}): Endpoint {
  return {
    containerId: 'c1',
    ifname: 'eth0',
    network: 'blue',
    cniNetwork: 'pods',
    state: 'attached',
    netns: '/run/netns/c1',
    netnsInode: 4026532001,
    link: { name: 's328a1c4f', index: 7, mac: '02:00:00:00:00:01' },
    mac: '02:00:00:00:00:02',
    mtu: 1500,
    addresses: [address('10.20.1.10'), address('2001:db8:20:1::a')],
    routes: [prefix('0.0.0.0/0'), prefix('::/0')],
    delegatedIpam: { type: 'host-local', netConf: '{"name":"blue"}', args: 'K8S_POD_NAME=x', path: '/opt/cni/bin' },
    attachedAt: 86_400_000_000,
    since: '2026-11-21T12:00:00.000Z',
    ...change,
  };
}
