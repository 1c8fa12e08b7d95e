/**
 * The node's routing as the rest of the controller sees it: say what endpoints there are, and wait until it is so.
 * It hears the kernel and gobgpd, and runs passes when something was touched.
 */

import { forAllPeers, meanwhile, type Said } from '../decide/audience.js';
import { duplicateSentence } from '../decide/duplicate.js';
import { withOwnNetworks } from '../decide/own-network.js';
import { type Quota, quotaSentence } from '../decide/quota.js';
import type { BgpStanding } from '../decide/readiness.js';
import { type Address, contains, hostPrefix, type Prefix } from '../model/address.js';
import type { Announcement } from '../model/announcement.js';
import type { Duty } from '../model/duty.js';
import { type Endpoint, endpointKey } from '../model/endpoint.js';
import type { Networks } from '../model/network.js';
import type { Path } from '../model/path.js';
import { type Speaker, settingsOf } from '../model/peer.js';
import type { Route } from '../model/route.js';
import type { RouteTarget } from '../model/route-target.js';
import type { Bgp, BgpEvent, Clock, Greet, Kernel, KernelEvent } from '../ports.js';
import { renewQuotas } from './admission.js';
import { BackOff } from './back-off.js';
import { Loop } from './loop.js';
import { Peering } from './peering.js';
import { Reconciler, type StepFailure } from './reconciler.js';
import { type RefusalCount, Refusals } from './refusals.js';
import { Waiters } from './settled.js';
import { ToldOnce } from './told-once.js';
import { World } from './world.js';

/** Everything is read again this often, in ms, whatever the events said. */
const AUDIT_EVERY = 30_000;

/** So long host routes and blocks are both announced when one replaces the other, in ms. */
const OVERLAP = 3000;

/** How far a caller waits for its endpoint. */
export type Extent = 'routed' | 'announced' | 'withdrawn';

export interface RoutingParts {
  readonly kernel: Kernel;
  readonly bgp: Bgp;
  readonly greet: Greet;
  readonly clock: Clock;
  /** Hears of each failure once, with its prefix or peer. */
  readonly failed: (what: string, error: unknown) => void;
}

export class Routing {
  readonly #parts: RoutingParts;
  readonly #world: World;
  readonly #reconciler: Reconciler;
  readonly #peering: Peering;
  readonly #loop: Loop;
  readonly #waiters = new Waiters();
  readonly #backOff: BackOff;
  /** What the configuration says, without the networks that endpoints have for themselves. */
  #configured: Networks;
  /** Our peers as the configuration and the search for them have them. */
  #wanted: Speaker;
  /** What was said before the last configuration, as long as what replaces it is said besides. */
  #before: Said | undefined;
  #stopTurning = () => {};
  readonly #withOwnTargets = new Map<string, Endpoint>();
  /** The networks that the kernel keeps apart. */
  #separated: Networks | undefined;
  readonly #duplicates: ToldOnce;
  readonly #full: ToldOnce;
  readonly #refusals: Refusals;
  #kernelUnread = true;
  #hostUnread = true;
  #bgpReason = 'gobgpd has not answered yet';

  /** @param endpoints what the records say: endpoints that lived through whatever came before */
  constructor(parts: RoutingParts, networks: Networks, speaker: Speaker, endpoints: readonly Endpoint[]) {
    this.#parts = parts;
    this.#configured = networks;
    for (const endpoint of endpoints) if (endpoint.own) this.#withOwnTargets.set(endpointKey(endpoint), endpoint);
    this.#wanted = speaker;
    this.#world = new World(this.#networksFor(networks, speaker));
    this.#world.untagged = untaggedOf(speaker);
    this.#guardBy(speaker);
    const tell = (what: string, sentence: string) => parts.failed(what, new Error(sentence));
    this.#refusals = new Refusals(parts.clock, (peer, sentence) => tell(`peer ${peer}`, sentence));
    this.#duplicates = new ToldOnce(tell);
    this.#full = new ToldOnce(tell);
    this.#reconciler = new Reconciler(this.#world, parts.kernel, parts.bgp, this.#refusals);
    this.#backOff = new BackOff(parts.clock);
    this.#loop = new Loop(
      () => this.#pass(),
      (error) => this.#passFailed(error),
    );
    const nudge = () => this.#loop.nudge();
    this.#peering = new Peering(speaker, parts, this.#world, endpoints.length > 0, nudge);
    for (const endpoint of endpoints) this.#world.hearEndpoint(endpoint);
    this.#world.endpointsComplete = true;
  }

  /** Reads the kernel, starts listening to both sides, and returns when the first pass is through. */
  async start(signal: AbortSignal): Promise<void> {
    this.#parts.kernel.watch((event) => this.#hearKernel(event), signal);
    this.#loop.nudge();
    await this.#loop.idle();
    void this.#parts.bgp
      .run(
        () => this.#peering.speaker,
        (event) => {
          if (event.kind === 'disconnected') {
            this.#bgpReason = event.reason;
            this.#parts.failed('gobgpd is away', new Error(event.reason));
          }
          this.#peering.hear(event);
          if (this.#mayShowDuplicates(event)) this.#tellDuplicates();
        },
        signal,
      )
      .catch((error) => this.#parts.failed('gobgpd', error));
    this.#audit(signal);
  }

  /**
   * Makes the network that an endpoint with targets of its own is in, and returns when the kernel keeps it apart: filters and
   * rules are there before the endpoint is. `detach` takes it back.
   */
  async makeNetworkOf(endpoint: Endpoint, signal: AbortSignal): Promise<void> {
    this.#withOwnTargets.set(endpointKey(endpoint), endpoint);
    if (!this.#world.networks.byName.has(endpoint.network)) this.#renewNetworks();
    await this.#waiters.until(
      () => this.#separated?.byName.has(endpoint.network) === true,
      signal,
      () => new Error(`the kernel does not keep network "${endpoint.network}" apart yet`),
    );
  }

  attach(endpoint: Endpoint): void {
    this.#world.hearEndpoint(endpoint);
    if (endpoint.addresses.some((own) => this.#world.duplicate(hostPrefix(own)))) this.#tellDuplicates();
    this.#loop.nudge();
  }

  detach(endpoint: Endpoint): void {
    this.#world.forgetEndpoint(endpoint);
    if (this.#withOwnTargets.delete(endpointKey(endpoint)) && !this.#isUsed(endpoint.network)) this.#renewNetworks();
    this.#loop.nudge();
  }

  /** New networks and peers: the difference is a pass like any other. */
  configure(networks: Networks, speaker: Speaker): void {
    this.#stopTurning();
    this.#before = this.#said();
    [this.#configured, this.#wanted] = [networks, speaker];
    const between = this.#said();
    if (between.networks !== networks || between.speaker !== speaker) {
      this.#stopTurning = this.#parts.clock.after(OVERLAP, () => {
        this.#before = undefined;
        this.#sayOtherwise();
      });
    } else this.#before = undefined;
    this.#sayOtherwise();
  }

  /** New peers alone. */
  speak(speaker: Speaker): void {
    this.#wanted = speaker;
    this.#sayOtherwise();
  }

  /** Resolves when this endpoint is so. Rejects with the reason when a step is refused, or when the signal comes first. */
  settled(endpoint: Endpoint, extent: Extent, signal: AbortSignal): Promise<void> {
    const prefixes = endpoint.addresses.map(hostPrefix);
    return this.#waiters.until(
      () => prefixes.every((prefix) => this.#isSettled(prefix, extent)),
      signal,
      () => this.#lateness(prefixes),
    );
  }

  get duty(): Duty {
    return this.#world.duty;
  }

  /** Announces everything otherwise from now on; the difference is a pass like any other. */
  set duty(duty: Duty) {
    this.#world.duty = duty;
    this.#world.touchAll();
    this.#loop.nudge();
  }

  /** Resolves when gobgpd says of every endpoint and block what it should, but for those that failed. */
  allSaid(signal: AbortSignal): Promise<void> {
    const prefixes = () => [...this.#world.endpointPrefixes(), ...this.#world.aggregates()];
    const isSaid = (prefix: Prefix) => this.#reconciler.failures.has(prefix) || this.#reconciler.isSettled(prefix);
    return this.#waiters.until(
      () => this.#peering.connected && prefixes().every(isSaid),
      signal,
      () => this.#lateness(prefixes()),
    );
  }

  get bgpConnected(): boolean {
    return this.#peering.connected;
  }

  /** How we stand with gobgpd and its peers, from memory. */
  get bgpStanding(): BgpStanding {
    const { connected, admitted, speaker, states } = this.#peering;
    const established = new Set(
      states.filter((state) => state.session === 'established').map((state) => state.address),
    );
    return {
      away: connected ? undefined : this.#bgpReason,
      admitted,
      isDrained: this.duty !== 'on',
      peers: [
        ...speaker.peers.map(({ name, address }) => ({
          name,
          established: established.has(address),
          reason: this.#peering.reason(address),
        })),
        ...(speaker.sought ?? []).map(({ name, reason }) => ({ name, established: false, reason })),
        ...(speaker.ranges ?? []).map(({ name, prefix }) => ({
          name,
          established: [...established].some((address) => contains(prefix, address)),
          reason: `nobody has come from ${prefix}`,
        })),
      ],
    };
  }

  /** Why a peer has no session, as far as it is known. */
  reasonOf(peer: Address): string | undefined {
    return this.#peering.reason(peer);
  }

  /** What is heard and believed of one prefix, for those who explain. */
  about(prefix: Prefix) {
    const world = this.#world;
    return {
      known: world.known(prefix),
      routes: [...world.routes(prefix).values()],
      announced: world.announced(prefix),
      carrier: this.#reconciler.carrier(prefix),
      duplicate: world.duplicate(prefix),
      failure: this.#reconciler.failures.get(prefix),
    };
  }

  /** What gobgpd itself says for us of these prefixes. Throws while it is away. */
  says(prefixes: readonly Prefix[]): Promise<readonly Announcement[]> {
    return this.#parts.bgp.says(prefixes);
  }

  /** What of the configuration gobgpd has not taken, a sentence each with the remedy. */
  get bgpTroubles(): string[] {
    const { outdated, refusal } = this.#peering;
    return [outdated, refusal].filter((sentence) => sentence !== undefined);
  }

  /** How this node speaks now, with the peers that were found. */
  get speaker(): Speaker {
    return this.#peering.speaker;
  }

  get networks(): Networks {
    return this.#world.networks;
  }

  /** The blocks that this node announces as a whole. */
  aggregates(): Prefix[] {
    return this.#world.aggregates();
  }

  paths(): Path[] {
    return this.#world.paths();
  }

  /** Paths of others for addresses of our endpoints. */
  duplicates(): Path[] {
    return this.#world.duplicates();
  }

  /** Every limit on routes, and how full it is. */
  quotas(): Quota[] {
    return this.#world.quotas.told();
  }

  /** What the guards refuse, by peer and reason. */
  refusals(): RefusalCount[] {
    return this.#refusals.counts();
  }

  endpoints(): Endpoint[] {
    return this.#world.endpoints();
  }

  /** What is to be said now, and to whom. */
  #said(): Said {
    const after = { networks: this.#configured, speaker: this.#wanted };
    return this.#before ? meanwhile(this.#before, after) : after;
  }

  #sayOtherwise(): void {
    const { speaker } = this.#said();
    this.#world.untagged = untaggedOf(speaker);
    if (speaker !== this.#peering.speaker) this.#peering.configure(speaker);
    this.#renewNetworks();
  }

  /** Networks come and go with the endpoints that have them for themselves; the next pass makes it so. */
  #renewNetworks(): void {
    const { networks, speaker } = this.#said();
    this.#world.networks = this.#networksFor(networks, speaker);
    this.#guardBy(speaker);
    this.#world.touchAll();
    this.#loop.nudge();
  }

  #networksFor(networks: Networks, speaker: Speaker): Networks {
    return withOwnNetworks(forAllPeers(networks, speaker), this.#withOwnTargets.values());
  }

  #isUsed(network: string): boolean {
    return [...this.#withOwnTargets.values()].some((endpoint) => endpoint.network === network);
  }

  #isSettled(prefix: Prefix, extent: Extent): boolean {
    if (extent === 'withdrawn') return this.#world.announced(prefix) === undefined || !this.#peering.connected;
    const { failures } = this.#reconciler;
    if (failures.get(prefix)?.refused) throw failures.get(prefix);
    if (extent === 'routed') return this.#reconciler.isRouted(prefix);
    const carried = failures.get(this.#reconciler.carrier(prefix));
    if (carried?.refused) throw carried;
    return this.#peering.connected && this.#reconciler.isSettled(prefix);
  }

  #lateness(prefixes: readonly Prefix[]): Error {
    if (!this.#peering.connected) return new Error(`announcement: gobgpd is away (${this.#bgpReason})`);
    const unrouted = prefixes.filter((prefix) => !this.#reconciler.isRouted(prefix));
    return new Error(
      unrouted.length > 0 ? `route: ${unrouted.join(', ')} not in the kernel in time` : 'announcement: not in time',
    );
  }

  async #pass(): Promise<void> {
    if (this.#kernelUnread || this.#separated !== this.#world.networks) await this.#separate();
    if (this.#kernelUnread) await this.#readKernel();
    if (this.#hostUnread) await this.#readHost();
    this.#reconciler.bgpConnected = this.#peering.connected;
    const failed = await this.#reconciler.pass();
    this.#retry(failed);
    this.#tellRefused();
    this.#waiters.ask();
    if (this.#world.hasTouched()) this.#loop.nudge();
    else await this.#peering.afterPass(!this.#lacksAnnouncement());
  }

  async #separate(): Promise<void> {
    const { networks } = this.#world;
    await this.#parts.kernel.separate(networks);
    this.#separated = networks;
  }

  /** A route that the kernel refuses of what a peer says must not keep the peers away. */
  #lacksAnnouncement(): boolean {
    return [...this.#reconciler.failures.keys()].some((prefix) => this.#world.isOurs(prefix));
  }

  async #readKernel(): Promise<void> {
    this.#kernelUnread = false;
    this.#hostUnread = true;
    this.#world.hearAllRoutes(await this.#parts.kernel.routes());
    for (const prefix of this.#reconciler.failures.keys()) this.#world.touch(prefix);
  }

  /** What is believed of peers, for the networks that there are. */
  #guardBy(speaker: Speaker): void {
    this.#world.border.configure(speaker, this.#world.networks);
    renewQuotas(this.#world, speaker);
  }

  #tellRefused(): void {
    const full = this.#world.quotas.told().filter(({ refused }) => refused > 0);
    this.#full.say(new Map(full.map((quota) => [quota.of, quotaSentence(quota)])));
    this.#refusals.tell();
  }

  /** Its addresses, and the ways to next hops. */
  async #readHost(): Promise<void> {
    this.#hostUnread = false;
    if (await this.#world.border.look(this.#parts.kernel)) this.#world.touchPaths();
  }

  /** All endpoints are gone through only when there is reason to. */
  #mayShowDuplicates(event: BgpEvent): boolean {
    if (event.kind === 'paths') return event.heard.some(({ prefix }) => this.#world.duplicate(prefix));
    return event.kind === 'all-paths' || event.kind === 'audited';
  }

  #tellDuplicates(): void {
    this.#duplicates.say(new Map(this.#world.duplicates().map((path) => [path.prefix, duplicateSentence(path)])));
  }

  #hearKernel(event: KernelEvent): void {
    const hear: { [kind in KernelEvent['kind']]: (route: Route) => void } = {
      'route-added': (route) => this.#world.hearRoute(route),
      'route-removed': (route) => this.#world.hearRouteGone(route),
      'links-changed': () => {
        this.#hostUnread = true;
        this.#touchFailed();
      },
      lost: () => {
        this.#kernelUnread = true;
      },
    };
    hear[event.kind]((event as { route: Route }).route);
    this.#loop.nudge();
  }

  #retry(failed: ReadonlyMap<Prefix, StepFailure>): void {
    for (const [prefix, failure] of failed) this.#parts.failed(prefix, failure);
    if (this.#reconciler.failures.size === 0) this.#backOff.succeeded();
    else this.#backOff.again(() => this.#touchFailed());
  }

  #touchFailed(): void {
    for (const prefix of this.#reconciler.failures.keys()) this.#world.touch(prefix);
    this.#loop.nudge();
  }

  /** A port threw as a whole: nothing it was asked for is believed, and all of it is asked again. */
  #passFailed(error: unknown): void {
    this.#parts.failed('pass', error);
    this.#kernelUnread = true;
    this.#world.touchAll();
    this.#backOff.again(() => this.#loop.nudge());
  }

  #audit(signal: AbortSignal): void {
    // Asked, not listened to: a listener for each audit would stay for as long as the controller lives.
    this.#parts.clock.after(AUDIT_EVERY, () => {
      if (signal.aborted) return;
      this.#kernelUnread = true;
      this.#loop.nudge();
      this.#audit(signal);
    });
  }
}

function untaggedOf(speaker: Speaker): (peer: Address) => readonly RouteTarget[] | undefined {
  return (peer) => settingsOf(speaker, peer)?.untagged;
}
