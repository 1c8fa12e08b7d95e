/**
 * Where stories and random worlds are played: the reconciler on a fake kernel, a fake gobgpd and a clock that stands
 * still until told. Every action and every look at the outcome is one line of text.
 */
import { FakeGobgp } from '../../gobgp/fake-gobgp.js';
import { FakeKernel } from '../../kernel/fake-kernel.js';
import { type Address, address, familyOf, hostPrefix, type Prefix, prefix } from '../../model/address.js';
import type { Announcement } from '../../model/announcement.js';
import type { Endpoint } from '../../model/endpoint.js';
import type { Network, Networks } from '../../model/network.js';
import type { Peer, Speaker } from '../../model/peer.js';
import { MAIN_TABLE, type Route } from '../../model/route.js';
import { type RouteTarget, routeTarget } from '../../model/route-target.js';
import type { Clock, Failures } from '../../ports.js';
import { Routing } from '../routing.js';

export const TOR = address('192.0.2.0');
export const TOR2 = address('192.0.2.2');
/** What is connected to each uplink. */
const UPLINKS: Readonly<Record<string, readonly Prefix[]>> = {
  eth1: [prefix('192.0.2.0/31'), prefix('2001:db8:ffff::/127')],
  eth2: [prefix('192.0.2.2/31'), prefix('2001:db8:ffff:2::/127')],
};

/** A clock whose time is moved by hand. */
export class HandClock implements Clock {
  #now = 0;
  readonly #due = new Map<object, { readonly at: number; readonly call: () => void }>();

  now(): number {
    return this.#now;
  }

  after(milliseconds: number, call: () => void): () => void {
    const key = {};
    this.#due.set(key, { at: this.#now + milliseconds, call });
    return () => this.#due.delete(key);
  }

  /** Moves on to the next call within `most` ms, makes it, and says whether there was one. */
  step(most: number): boolean {
    const [key, next] = [...this.#due].sort(([, a], [, b]) => a.at - b.at)[0] ?? [];
    if (!key || !next || next.at > this.#now + most) {
      this.#now += most;
      return false;
    }
    this.#due.delete(key);
    this.#now = Math.max(this.#now, next.at);
    next.call();
    return true;
  }
}

/** A gobgpd whose every announcement is noted together with what the kernel could deliver at that moment. */
class WatchedGobgp extends FakeGobgp {
  readonly said: { readonly commands: readonly Prefix[]; readonly mainRoutes: readonly Prefix[] }[] = [];
  readonly #routes: () => readonly Route[];

  constructor(routes: () => readonly Route[]) {
    super();
    this.#routes = routes;
  }

  override announce(announcements: readonly Announcement[]): Promise<Failures<Announcement>> {
    const mainRoutes = this.#routes()
      .filter(({ table }) => table === MAIN_TABLE)
      .map(({ prefix: of }) => of);
    this.said.push({ commands: announcements.map(({ prefix: of }) => of), mainRoutes });
    return super.announce(announcements);
  }
}

/** What a peer may say. */
export type Rules = Pick<Peer, 'allow' | 'deny' | 'maxRoutes' | 'nextHops' | 'bfd'>;

/** Who says a path, where it leads, and how good it is. */
export interface Saying {
  readonly peer?: Address | undefined;
  readonly via?: string | undefined;
  readonly rank?: number;
}

export class Stage {
  readonly clock = new HandClock();
  readonly kernel = new FakeKernel();
  readonly bgp: WatchedGobgp = new WatchedGobgp(() => this.kernel.held);
  readonly failures: string[] = [];
  readonly #networks = new Map<string, Network>();
  readonly #hostImports = new Set<RouteTarget>();
  readonly #endpoints = new Map<string, Endpoint>();
  #peers: Peer[] = [];
  #controller = new AbortController();
  #routing: Routing | undefined;

  constructor() {
    for (const name of Object.keys(UPLINKS)) this.linkUp(name);
  }

  linkUp(name: string, connected = UPLINKS[name]): void {
    this.kernel.linkUp(name, connected);
  }

  network(
    name: string,
    table: number,
    imports: readonly string[],
    exports: readonly string[],
    more: Partial<Pick<Network, 'maxRoutes' | 'announce' | 'pools'>> = {},
  ): void {
    this.#networks.set(name, {
      name,
      table,
      imports: new Set(imports.map(routeTarget)),
      exports: exports.map(routeTarget),
      pools: [],
      prefixes: [],
      allow: [],
      egress: 'isolated',
      ...more,
    });
    this.#routing?.configure(this.networks(), this.speaker());
  }

  /** What the main table takes besides. */
  hostImports(targets: readonly string[]): void {
    for (const target of targets) this.#hostImports.add(routeTarget(target));
  }

  /** Named again, a peer has new rules, as after a reload. */
  peer(of: string, untagged: readonly string[], rules: Rules = {}): void {
    const to = address(of);
    const peer: Peer = {
      name: of,
      address: to,
      asn: 65000,
      families: [4, 6],
      untagged: untagged.map(routeTarget),
      passive: false,
      ...rules,
    };
    this.#peers = [...this.#peers.filter((other) => other.address !== to), peer];
    this.#routing?.configure(this.networks(), this.speaker());
  }

  networks(): Networks {
    return { byName: new Map(this.#networks), host: { imports: this.#hostImports } };
  }

  speaker(): Speaker {
    const timers = { hold: 9, keepalive: 3, connectRetry: 5 };
    return {
      asn: 65001,
      routerId: address('192.0.2.1'),
      listenPort: 179,
      listenAddresses: [],
      timers,
      restartTime: 60,
      peers: this.#peers,
    };
  }

  /** A controller starts, and knows the endpoints by their records. */
  async start(): Promise<void> {
    this.#controller = new AbortController();
    const { signal } = this.#controller;
    const failed = (what: string, error: unknown) => this.failures.push(`${what}: ${(error as Error).message}`);
    const ports = {
      kernel: mortal(this.kernel, signal),
      bgp: mortal(this.bgp, signal),
      greet: async () => ({ kind: 'silent' }) as const,
      clock: mortalClock(this.clock, signal),
    };
    const parts = { ...ports, failed };
    this.#routing = new Routing(parts, this.networks(), this.speaker(), [...this.#endpoints.values()]);
    await this.#routing.start(signal);
    await this.rest();
  }

  /** It is killed: what it had in memory is gone, the world stays. */
  stop(): void {
    this.#controller.abort();
    this.#routing = undefined;
  }

  attach(id: string, network: string, addresses: readonly string[]): void {
    const link = { name: `s32${id}`, index: 1, mac: '02:00:00:00:00:01' };
    const rest = {
      ifname: 'eth0',
      state: 'attached',
      netns: '',
      netnsInode: 1,
      mac: link.mac,
      mtu: 1500,
      routes: [],
      since: '',
    } as const;
    const endpoint: Endpoint = { containerId: id, network, link, addresses: addresses.map(address), ...rest };
    this.#endpoints.set(id, endpoint);
    this.kernel.linkUp(link.name);
    this.#routing?.attach(endpoint);
  }

  detach(id: string): void {
    const endpoint = this.#endpoints.get(id);
    if (!endpoint) return;
    this.#endpoints.delete(id);
    this.#routing?.detach(endpoint);
  }

  /** @param how `rank` puts the path behind others: its AS path is so much longer */
  say(of: string, targets: readonly string[], how: Saying = {}): void {
    const { peer = TOR, via, rank = 0 } = how;
    const heard = prefix(of);
    const nextHop6 = address(peer === TOR ? '2001:db8:ffff::' : '2001:db8:ffff:2::');
    const own = familyOf(heard) === 4 ? peer : nextHop6;
    const asPath = [65000, 65002, ...Array<number>(rank).fill(65002)];
    const nextHop = via === undefined ? own : address(via);
    this.bgp.say(peer, [{ prefix: heard, nextHop, targets: targets.map(routeTarget), asPath }]);
  }

  unsay(of: string, peer = TOR): void {
    this.bgp.unsay(peer, [prefix(of)]);
  }

  endpointPrefixes(): Prefix[] {
    return [...this.#endpoints.values()].flatMap(({ addresses }) => addresses.map(hostPrefix));
  }

  endpoints(): Endpoint[] {
    return [...this.#endpoints.values()];
  }

  get said() {
    return this.bgp.said;
  }

  /** Lets everything happen that happens without time going by. */
  async rest(): Promise<void> {
    for (let turn = 0; turn < 50; turn++) await new Promise((resolve) => setImmediate(resolve));
  }

  /** Lets time go by. */
  async wait(milliseconds: number): Promise<void> {
    const end = this.clock.now() + milliseconds;
    while (this.clock.now() < end && this.clock.step(end - this.clock.now())) await this.rest();
    await this.rest();
  }

  /** Our routes, as `ip route` would print them, sorted. */
  routes(): string[] {
    return this.kernel.held.map(routeLine).sort();
  }

  /** What gobgpd says for us, sorted. */
  announced(): string[] {
    return this.bgp
      .announced()
      .map(({ prefix: of, targets }) => `${of} rt ${targets.join(' ')}`)
      .sort();
  }
}

/** A port as a process has it: once that process is dead, nothing it began goes on. */
function mortal<P extends object>(port: P, dead: AbortSignal): P {
  return new Proxy(port, {
    get: (target, name) => {
      const method = Reflect.get(target, name, target);
      if (typeof method !== 'function') return method;
      return (...args: unknown[]) => (dead.aborted ? new Promise(() => {}) : method.apply(target, args));
    },
  });
}

function mortalClock(clock: Clock, dead: AbortSignal): Clock {
  return {
    now: () => clock.now(),
    after: (milliseconds, call) => clock.after(milliseconds, () => dead.aborted || call()),
  };
}

export function routeLine(route: Route): string {
  const each = route.nextHops.map(({ gateway, device }) => (gateway ? `via ${gateway}` : `dev ${device}`));
  const hops = each.sort().join(' ') || 'blackhole';
  return `${route.prefix} ${hops} table ${route.table === MAIN_TABLE ? 'main' : route.table}`;
}
