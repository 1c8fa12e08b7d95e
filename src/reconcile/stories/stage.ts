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
import { isOfThisNode, MAIN_TABLE, type Route } from '../../model/route.js';
import { type RouteTarget, routeTarget } from '../../model/route-target.js';
import { type BgpEvent, type Clock, type Failures, Unreachable } from '../../ports.js';
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

/** What gobgpd is slow in: it hears late what it is asked, or it does it at once and is late with the answer. */
export type Slowness = 'hears late' | 'answers late';

/**
 * A gobgpd whose every announcement is noted together with what the kernel could deliver at that moment, and which takes its
 * time when it is told to.
 */
class WatchedGobgp extends FakeGobgp {
  readonly said: { readonly commands: readonly Prefix[]; readonly mainRoutes: readonly Prefix[] }[] = [];
  /** How often it was asked something before it had answered. */
  interrupted = 0;
  /** What its present client has asked for and has no answer to. */
  #asked: readonly Announcement[] = [];
  #isConnected = false;
  readonly #routes: () => readonly Route[];
  #slow: Slowness | undefined;
  #goOn: (() => void) | undefined;
  #hungUp = false;

  constructor(routes: () => readonly Route[]) {
    super();
    this.#routes = routes;
  }

  /** Until it is told otherwise. */
  set slow(how: Slowness | undefined) {
    this.#slow = how;
    if (!how) this.#goOn?.();
  }

  override announce(announcements: readonly Announcement[]): Promise<Failures<Announcement>> {
    const mainRoutes = this.#routes()
      .filter(({ table }) => table === MAIN_TABLE)
      .map(({ prefix: of }) => of);
    this.said.push({ commands: announcements.map(({ prefix: of }) => of), mainRoutes });
    return this.#slowly(announcements, () => super.announce(announcements));
  }

  override withdraw(announcements: readonly Announcement[]): Promise<Failures<Announcement>> {
    return this.#slowly(announcements, () => super.withdraw(announcements));
  }

  override kill(): void {
    super.kill();
    this.hangUp();
  }

  /** Whoever waits for an answer hears that there will be none. */
  hangUp(): void {
    this.#hungUp = true;
    this.#goOn?.();
  }

  override run(speaker: () => Speaker, hear: (event: BgpEvent) => void, signal: AbortSignal): Promise<void> {
    const listen = (event: BgpEvent) => {
      if (event.kind === 'connected') this.#isConnected = true;
      if (event.kind === 'disconnected') this.#isConnected = false;
      hear(event);
    };
    return super.run(speaker, listen, signal).finally(() => (this.#isConnected = false));
  }

  /** Does its client know that it says this, or that it may before long? */
  mayBeSaid(of: Prefix): boolean {
    return this.#isConnected && [...this.announced(), ...this.#asked].some(({ prefix: said }) => said === of);
  }

  async #slowly(
    announcements: readonly Announcement[],
    work: () => Promise<Failures<Announcement>>,
  ): Promise<Failures<Announcement>> {
    if (!this.#slow) return work();
    if (this.#goOn) this.interrupted++;
    this.#asked = announcements;
    this.#hungUp = false;
    const late = new Promise<void>((resolve) => (this.#goOn = resolve));
    const early = this.#slow === 'answers late' ? await work() : undefined;
    await late;
    this.#goOn = undefined;
    this.#asked = [];
    if (this.#hungUp) return new Map(announcements.map((one) => [one, new Unreachable('Connection dropped')]));
    return early ?? work();
  }
}

/** A kernel that notes each route of an endpoint or a block that it has to remove although packets may still come for it. */
class WatchedKernel extends FakeKernel {
  readonly tooEarly: string[] = [];
  readonly #mayBeSaid: (of: Prefix) => boolean;

  constructor(mayBeSaid: (of: Prefix) => boolean) {
    super();
    this.#mayBeSaid = mayBeSaid;
  }

  override remove(routes: readonly Route[]): Promise<Failures<Route>> {
    const own = routes.filter((route) => route.table === MAIN_TABLE && isOfThisNode(route));
    this.tooEarly.push(...own.filter((route) => this.#mayBeSaid(route.prefix)).map(routeLine));
    return super.remove(routes);
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
  readonly kernel: WatchedKernel = new WatchedKernel((of) => this.bgp.mayBeSaid(of));
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
    this.bgp.hangUp();
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
