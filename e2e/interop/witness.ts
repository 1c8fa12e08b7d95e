/**
 * What independent witnesses say of a session: the daemon's own client, the kernel's `ip` and `ss`, Debian's gobgp at the other
 * node.
 */
import { createInterface } from 'node:readline';
import { execa } from 'execa';
import { startIn } from '../lab/long-command.js';
import { until } from '../lab/until.js';
import { addressOf, type Bed, type NodeName, ownPrefix, type Peer, TABLE } from './bed.js';
import type { Shown } from './daemon.js';
import { established, paths } from './daemons/gobgp.js';

/**
 * TTL or hop limit of all packets with data that node1's sessions sent and got, by both addresses: until each of these
 * addresses has been seen at both ends of a session, or for 30 s.
 */
export async function hopLimits(
  bed: Bed,
  addresses: readonly string[],
): Promise<ReadonlyMap<string, ReadonlySet<number>>> {
  const { namespace } = bed.lab.node('node1');
  const tcpdump = startIn(namespace, ['tcpdump', '-i', 'any', '-nvl', 'tcp', 'port', '179']);
  // Keepalives go every 3 s.
  const isAll = () => addresses.every((address) => limitsIn(tcpdump.printed()).has(address));
  await until(isAll, { what: 'a packet of everybody', timeout: 30_000 }).catch(() => {});
  return limitsIn((await tcpdump.stop('SIGINT')).join('\n'));
}

/** Of resets, which have no data, the TTL is the kernel's own. */
function limitsIn(printed: string): Map<string, Set<number>> {
  const found = new Map<string, Set<number>>();
  // A packet is two lines for IPv4, and one for IPv6.
  for (const [, hops, from, to] of printed.matchAll(
    /(?:ttl|hlim) (\d+)[^>]*?\s([\da-f.:]+)\.\d+ > ([\da-f.:]+)\.\d+: Flags \[P/g,
  )) {
    for (const address of [from!, to!]) found.set(address, (found.get(address) ?? new Set()).add(Number(hops)));
  }
  return found;
}

const FAMILIES = [4, 6] as const;

/** A host route as BGP has it. */
export function hostRoute(address: string): string {
  return `${address}/${address.includes(':') ? 128 : 32}`;
}

/** Waits until the daemon has this container of node1 from node1 itself; returns the path as the daemon shows it. */
export function heardBy(
  { daemon, place, index }: Peer,
  container: string,
  from = addressOf('node1', index, container.includes(':') ? 6 : 4, 'node'),
): Promise<Shown> {
  return until(async () => (await daemon.paths(place, hostRoute(container))).find(({ nextHop }) => nextHop === from), {
    what: `${daemon.name} to show ${container} via ${from}`,
  });
}

/** Waits until the daemon has nothing of this container from node1. */
export async function notHeardBy({ daemon, place, index }: Peer, container: string): Promise<void> {
  const from = addressOf('node1', index, container.includes(':') ? 6 : 4, 'node');
  const gone = async () => (await daemon.paths(place, hostRoute(container))).every(({ nextHop }) => nextHop !== from);
  await until(gone, { what: `${daemon.name} to forget ${container} via ${from}` });
}

/** Waits until node1's kernel routes what the daemon originates, over one of these next hops. */
export async function routedTo(
  bed: Bed,
  { index }: Peer,
  family: 4 | 6,
  nextHops: readonly string[] = [addressOf('node1', index, family, 'daemon')],
): Promise<void> {
  const [own] = ownPrefix(index, family).split('/') as [string];
  const argv = ['ip', `-${family}`, 'route', 'show', own, 'table', String(TABLE)];
  const vias = nextHops.map((one) => `via ${family === 4 && one.includes(':') ? 'inet6 ' : ''}${one} `);
  const routed = async () => {
    const shown = await bed.lab.node('node1').exec(argv);
    return vias.some((via) => shown.includes(via));
  };
  await until(routed, { what: `a route to ${own} ${vias.join('or ')}at node1` });
}

/** Waits until node2's kernel sends to this container over a next hop. */
export async function spreadOver(bed: Bed, container: string, nextHop: string): Promise<void> {
  const family = container.includes(':') ? 6 : 4;
  const argv = ['ip', `-${family}`, 'route', 'show', container, 'table', String(TABLE)];
  await until(async () => (await bed.lab.node('node2').exec(argv)).includes(`nexthop via ${nextHop} `), {
    what: `node2 to reach ${container} via ${nextHop}, among others`,
  });
}

/** Waits until the daemon has said this to node2; returns the path as node2's gobgpd shows it, before any choice. */
export function saidToNode2(bed: Bed, { index, daemon }: Peer, prefix: string): Promise<Shown> {
  const family = prefix.includes(':') ? 6 : 4;
  const from = addressOf('node2', index, family, 'daemon');
  const words = ['-j', 'neighbor', from, 'adj-in', prefix, '-a', `ipv${family}`];
  return until(async () => paths(await bed.lab.node('node2').gobgp(...words))[0], {
    what: `${daemon.name} to say ${prefix} to node2`,
  });
}

/** Waits until every session of a node is established, in gobgp's own words. */
export async function everySession(bed: Bed, name: NodeName): Promise<void> {
  const node = bed.lab.node(name);
  const open = async () => {
    const up = new Set(established(await node.gobgp('-j', 'neighbor')));
    const all = bed.peers.flatMap(({ index }) => FAMILIES.map((family) => addressOf(name, index, family, 'daemon')));
    return all.filter((address) => !up.has(address));
  };
  await until(
    async () => {
      const missing = await open();
      if (missing.length > 0) throw new Error(`not with ${missing.join(', ')}`);
      return true;
    },
    { what: `every session of ${name}`, timeout: 60_000 },
  );
}

/** Crashes node1's gobgpd and waits until everything is as before. */
export async function crashGobgpd(bed: Bed): Promise<void> {
  const node = bed.lab.node('node1');
  const pid = node.pid('gobgpd');
  await node.kill('gobgpd', 'SIGKILL');
  await until(() => node.pid('gobgpd') !== undefined && node.pid('gobgpd') !== pid, { what: 'another gobgpd' });
  await everySession(bed, 'node1');
  await aMomentAfterEndOfRib();
}

/** Until both sides have sent End-of-RIB and a moment beyond: that is when a wrong order shows. */
export function aMomentAfterEndOfRib(): Promise<void> {
  return new Promise((resolve) => setTimeout(resolve, 3000));
}

/** What has been withdrawn since the watch began, by the address of the peer that did it. */
export interface WithdrawalWatch {
  readonly withdrawn: ReadonlyMap<string, readonly string[]>;
  stop(): Promise<void>;
}

/** Goes through every daemon and is taken back: a watch that shows this misses nothing. */
const CONTROL = '10.20.199.1/32';

/**
 * Listens to all that node2's gobgpd hears, with Debian's client. When it returns, it has shown the withdrawal of a control
 * prefix by each of these daemons, so no later one is missed.
 */
export async function watchWithdrawals(bed: Bed, transits: readonly Peer[]): Promise<WithdrawalWatch> {
  const { node1, node2 } = { node1: bed.lab.node('node1'), node2: bed.lab.node('node2') };
  const withdrawn = new Map<string, string[]>();
  const api = `unix://${node2.directory}/slash32/gobgpd.sock`;
  const running = execa('gobgp', ['--target', api, '-j', 'monitor', 'adj-in'], { reject: false, buffer: false });
  createInterface(running.stdout).on('line', (line) => note(line, withdrawn));
  const hasEach = () =>
    transits.every(({ index }) => withdrawn.get(addressOf('node2', index, 4, 'daemon'))?.includes(CONTROL));
  await until(
    async () => {
      await node1.gobgp('global', 'rib', 'add', CONTROL, '-a', 'ipv4');
      for (const peer of transits) await saidToNode2(bed, peer, CONTROL);
      await node1.gobgp('global', 'rib', 'del', CONTROL, '-a', 'ipv4');
      await until(hasEach, { what: 'the control to be withdrawn by each daemon', timeout: 15_000 });
      return true;
    },
    { what: 'a withdrawal of the control to show', timeout: 60_000 },
  );
  return {
    withdrawn,
    async stop() {
      running.kill('SIGTERM');
      await running;
    },
  };
}

function note(line: string, withdrawn: Map<string, string[]>): void {
  type Event = { nlri: { prefix: string }; withdrawal?: boolean; 'neighbor-ip': string };
  for (const event of JSON.parse(line) as Event[]) {
    if (!event.withdrawal) continue;
    const peer = event['neighbor-ip'];
    withdrawn.set(peer, [...(withdrawn.get(peer) ?? []), event.nlri.prefix]);
  }
}

/** The open TCP sockets of node1 to an address, with their options. */
export function socketsTo(bed: Bed, address: string): Promise<string> {
  return bed.lab.node('node1').exec(['ss', '-tniH', 'state', 'established', 'dst', `[${address}]`]);
}
