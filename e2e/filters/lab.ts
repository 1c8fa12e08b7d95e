/**
 * A node in a network namespace of its own: containers on host ends, an uplink to a router, and behind it the outside.
 *
 *     [a] [b] [c] ...  containers          [router]  198.51.100.1, 2001:db8:100::1
 *      |   |   |                              | 192.0.2.254, 2001:db8:ff::fe
 *     s32a s32b s32c                         up0 192.0.2.1, 2001:db8:ff::1
 *      +---+---+--------- node ---------------+
 *
 * The test's own thread moves into the node, so that the filters under test, and the nft they start, work on it. Routes
 * and rules are made with `ip`, as another part of slash32 makes them. Reverse path filters are off unless a test says
 * otherwise: what is dropped, the filters dropped.
 */
import { closeSync, existsSync, openSync } from 'node:fs';
import { address } from '../../src/model/address.js';
import type { Endpoint } from '../../src/model/endpoint.js';
import type { Network, Networks } from '../../src/model/network.js';
import { setns } from '../../src/netlink/libc.js';
import { CLONE_NEWNET, inside, macOf, readLink, run, spaceOf, sysctl } from './space.js';

export const OUTSIDE = { v4: '198.51.100.1', v6: '2001:db8:100::1' };
export const ROUTER = { v4: '192.0.2.254', v6: '2001:db8:ff::fe' };
export const NODE = { v4: '192.0.2.1', v6: '2001:db8:ff::1' };
/** Link group of all host ends. */
export const GROUP = 32;

/** A container with one IPv4 and one IPv6 address. */
export interface Container {
  readonly name: string;
  readonly v4: string;
  readonly v6: string;
  readonly endpoint: Endpoint;
}

/** Networks for the filters, of which they look at names and tables only. */
export function networksOf(tables: Record<string, number>): Networks {
  const network = (name: string, table: number): Network => ({
    name,
    table,
    imports: new Set(),
    exports: [],
    pools: [],
    prefixes: [],
    allow: [],
    egress: 'isolated',
  });
  return {
    byName: new Map(Object.entries(tables).map(([name, table]) => [name, network(name, table)])),
    host: { imports: new Set() },
  };
}

/** Opens the lab: from here on this thread is on the node, until `close`. */
export class Lab implements Disposable {
  readonly #home = openSync('/proc/thread-self/ns/net', 'r');
  readonly #spaces: string[] = [];
  #containers = 0;

  constructor() {
    sweep();
    this.space('node');
    const node = openSync(`/run/netns/${spaceOf('node')}`, 'r');
    setns(node, CLONE_NEWNET);
    closeSync(node);
    for (const name of ['ipv4/ip_forward', 'ipv6/conf/all/forwarding']) sysctl(name, 1);
    for (const conf of ['all', 'default']) sysctl(`ipv4/conf/${conf}/rp_filter`, 0);
    run('ip link set lo up');
    this.#uplink();
  }

  /** A container with a host end, gateway, permanent neighbours, and the host's own routes to it. */
  container(name: string, network: string): Container {
    const number = ++this.#containers;
    const [v4, v6] = [`10.0.0.${number}`, `2001:db8:1::${number}`];
    const space = this.space(name);
    run(`ip link add s32${name} group ${GROUP} type veth peer name eth0 netns ${space}`);
    const mac = macOf(name, 'eth0');
    for (const own of ['169.254.1.1/32', 'fe80::1/64 nodad']) run(`ip addr add ${own} dev s32${name}`);
    run(`ip link set s32${name} up`);
    const gateway = readLink(`s32${name}`);
    inside(name, () => {
      for (const line of [
        'link set lo up',
        'link set eth0 addrgenmode none up',
        `addr add ${v4}/32 dev eth0`,
        `addr add ${v6}/128 dev eth0 nodad`,
        `neigh replace 169.254.1.1 lladdr ${gateway} dev eth0 nud permanent`,
        `neigh replace fe80::1 lladdr ${gateway} dev eth0 nud permanent`,
        'route add default via 169.254.1.1 dev eth0 onlink',
        'route add default via fe80::1 dev eth0',
      ])
        run(`ip ${line}`);
    });
    for (const own of [v4, v6]) {
      run(`ip neigh replace ${own} lladdr ${mac} dev s32${name} nud permanent`);
      run(`ip route add ${own} dev s32${name}`);
    }
    return { name, v4, v6, endpoint: endpointOf(name, network, mac, [v4, v6]) };
  }

  /** The rules that lead a network's mark to its table, and let nothing else out. */
  rules(table: number, last = 'unreachable'): void {
    for (const family of ['-4', '-6']) {
      run(`ip ${family} rule add fwmark ${table}/0x1fff lookup ${table} pref 1000`);
      run(`ip ${family} rule add fwmark ${table}/0x1fff ${last} pref 1001`);
      run(`ip ${family} rule add fwmark ${table}/0x1fff unreachable pref 1002`);
    }
  }

  /** Lets a network reach these containers. */
  routes(table: number, to: readonly Container[]): void {
    for (const { name, v4, v6 } of to)
      for (const own of [v4, v6]) run(`ip route replace ${own} dev s32${name} table ${table}`);
  }

  /** Takes that back. */
  noRoutes(table: number, to: readonly Container[]): void {
    for (const { v4, v6 } of to) for (const own of [v4, v6]) run(`ip route del ${own} table ${table}`);
  }

  [Symbol.dispose](): void {
    setns(this.#home, CLONE_NEWNET);
    closeSync(this.#home);
    for (const space of this.#spaces) run(`ip netns del ${space}`);
  }

  /** A network namespace with this name, empty. */
  space(name: string): string {
    const space = spaceOf(name);
    run(`ip netns add ${space}`);
    this.#spaces.push(space);
    inside(name, () => sysctl('ipv6/conf/default/accept_dad', 0)); // or addresses are useless for a second
    return space;
  }

  #uplink(): void {
    const router = this.space('router');
    run(`ip link add up0 type veth peer name down0 netns ${router}`);
    for (const own of [`${NODE.v4}/24`, `${NODE.v6}/64 nodad`]) run(`ip addr add ${own} dev up0`);
    run('ip link set up0 up');
    inside('router', () => {
      for (const name of ['ipv4/ip_forward', 'ipv6/conf/all/forwarding']) sysctl(name, 1);
      for (const line of [
        'link set lo up',
        'link set down0 up',
        `addr add ${ROUTER.v4}/24 dev down0`,
        `addr add ${ROUTER.v6}/64 dev down0 nodad`,
        `addr add ${OUTSIDE.v4}/32 dev lo`,
        `addr add ${OUTSIDE.v6}/128 dev lo nodad`,
        `route add 10.0.0.0/8 via ${NODE.v4}`,
        `route add 2001:db8:1::/48 via ${NODE.v6}`,
      ])
        run(`ip ${line}`);
    });
  }
}

/** Removes what killed runs have left. */
function sweep(): void {
  for (const [space, pid] of run('ip netns list').matchAll(/^s32-filters-(\d+)-\S+/gm)) {
    if (!existsSync(`/proc/${pid}`)) run(`ip netns del ${space}`);
  }
}

function endpointOf(name: string, network: string, mac: string, addresses: readonly string[]): Endpoint {
  return {
    containerId: `lab-${name}`,
    ifname: 'eth0',
    network,
    state: 'attached',
    netns: `/run/netns/${spaceOf(name)}`,
    netnsInode: 0,
    link: { name: `s32${name}`, index: 0, mac: readLink(`s32${name}`) },
    mac,
    mtu: 1500,
    addresses: addresses.map(address),
    routes: [],
    since: '2026-01-01T00:00:00Z',
  };
}
