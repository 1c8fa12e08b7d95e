/**
 * The node's routing as the rest of the controller sees it: say what endpoints there are, and wait until it is so.
 * It hears the kernel and gobgpd, and runs passes when something was touched.
 */

import type { Quota } from '../decide/quota.js';
import type { BgpStanding } from '../decide/readiness.js';
import { hostPrefix, type Prefix } from '../model/address.js';
import type { Announcement } from '../model/announcement.js';
import type { Duty } from '../model/duty.js';
import type { Endpoint } from '../model/endpoint.js';
import type { Networks } from '../model/network.js';
import type { Path } from '../model/path.js';
import { type PeerKey, type Speaker, settingsOf } from '../model/peer.js';
import type { RouteTarget } from '../model/route-target.js';
import type { Bgp, BgpEvent, Clock, Greet, Kernel } from '../ports.js';
import { renewQuotas } from './admission.js';
import { BackOff } from './back-off.js';
import { type Census, takeCensus } from './census.js';
import { InForce } from './in-force.js';
import { KernelSide } from './kernel-side.js';
import { Loop } from './loop.js';
import { Peering } from './peering.js';
import { Reconciler, type StepFailure } from './reconciler.js';
import type { RefusalCount } from './refusals.js';
import type { BgpNews } from './session-news.js';
import { type Extent, Settling } from './settling.js';
import { standingOf } from './standing.js';
import { Tidings } from './tidings.js';
import { World } from './world.js';

export type { Extent } from './settling.js';

/** Everything is read again this often, in ms, whatever the events said. */
const AUDIT_EVERY = 30_000;

export interface RoutingParts {
  readonly kernel: Kernel;
  readonly bgp: Bgp;
  readonly greet: Greet;
  readonly clock: Clock;
  /** Hears of each failure once, with its prefix or peer. */
  readonly failed: (what: string, error: unknown) => void;
  /** Hears of sessions that come and go. */
  readonly tell?: (news: BgpNews) => void;
  /** Hears how long each pass took, in ms. */
  readonly passed?: (milliseconds: number) => void;
}

export class Routing {
  readonly #parts: RoutingParts;
  readonly #inForce: InForce;
  readonly #world: World;
  readonly #kernelSide: KernelSide;
  readonly #tidings: Tidings;
  readonly #reconciler: Reconciler;
  readonly #peering: Peering;
  readonly #settling: Settling;
  readonly #loop: Loop;
  readonly #backOff: BackOff;

  /** @param endpoints what the records say: endpoints that lived through whatever came before */
  constructor(parts: RoutingParts, networks: Networks, speaker: Speaker, endpoints: readonly Endpoint[]) {
    this.#parts = parts;
    this.#inForce = new InForce({ networks, speaker }, endpoints, parts.clock, () => this.#sayOtherwise());
    const world = new World(this.#inForce.networks);
    this.#world = world;
    world.untagged = untaggedOf(speaker);
    this.#guardBy(speaker);
    this.#kernelSide = new KernelSide(parts.kernel, world, () => this.#touchFailed());
    this.#tidings = new Tidings(world, parts.clock, parts.failed);
    this.#reconciler = new Reconciler(world, parts.kernel, parts.bgp, this.#tidings.refusals);
    this.#backOff = new BackOff(parts.clock);
    this.#loop = new Loop(
      () => this.#pass(),
      (error) => this.#passFailed(error),
    );
    const nudge = () => this.#loop.nudge();
    this.#peering = new Peering(speaker, parts, world, endpoints.length > 0, nudge);
    this.#settling = new Settling({ world, reconciler: this.#reconciler, peering: this.#peering });
    for (const endpoint of endpoints) world.hearEndpoint(endpoint);
    world.endpointsComplete = true;
  }

  /** Reads the kernel, starts listening to both sides, and returns when the first pass is through. */
  async start(signal: AbortSignal): Promise<void> {
    const { kernel, bgp, failed } = this.#parts;
    kernel.watch((event) => {
      this.#kernelSide.hear(event);
      this.#loop.nudge();
    }, signal);
    this.#loop.nudge();
    await this.#loop.idle();
    void bgp
      .run(
        () => this.#peering.speaker,
        (event) => this.#hearBgp(event),
        signal,
      )
      .catch((error) => failed('gobgpd', error));
    this.#audit(signal);
  }

  /**
   * Makes the network that an endpoint with targets of its own is in, and returns when the kernel keeps it apart: filters and
   * rules are there before the endpoint is. `detach` takes it back.
   */
  async makeNetworkOf(endpoint: Endpoint, signal: AbortSignal): Promise<void> {
    this.#inForce.add(endpoint);
    if (!this.#world.networks.byName.has(endpoint.network)) this.#renewNetworks();
    await this.#settling.until(
      () => this.#kernelSide.keepsApart(endpoint.network),
      signal,
      () => new Error(`the kernel does not keep network "${endpoint.network}" apart yet`),
    );
  }

  attach(endpoint: Endpoint): void {
    this.#world.hearEndpoint(endpoint);
    if (endpoint.addresses.some((own) => this.#world.duplicate(hostPrefix(own)))) this.#tidings.duplicates();
    this.#loop.nudge();
  }

  detach(endpoint: Endpoint): void {
    this.#world.forgetEndpoint(endpoint);
    if (this.#inForce.remove(endpoint)) this.#renewNetworks();
    this.#loop.nudge();
  }

  /** New networks and peers: the difference is a pass like any other. */
  configure(networks: Networks, speaker: Speaker): void {
    this.#inForce.turnTo({ networks, speaker });
    this.#sayOtherwise();
  }

  /** New peers alone. */
  speak(speaker: Speaker): void {
    this.#inForce.speak(speaker);
    this.#sayOtherwise();
  }

  /** Resolves when this endpoint is so. Rejects with the reason when a step is refused, or when the signal comes first. */
  settled(endpoint: Endpoint, extent: Extent, signal: AbortSignal): Promise<void> {
    return this.#settling.settled(endpoint, extent, signal);
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
    return this.#settling.allSaid(signal);
  }

  get bgpConnected(): boolean {
    return this.#peering.connected;
  }

  /** How we stand with gobgpd and its peers, from memory. */
  get bgpStanding(): BgpStanding {
    return standingOf(this.#peering, this.duty);
  }

  /** Why a peer has no session, as far as it is known. */
  reasonOf(peer: PeerKey): string | undefined {
    return this.#peering.reason(peer);
  }

  /** What is heard and believed of one prefix, for those who explain. */
  about(prefix: Prefix) {
    const world = this.#world;
    return {
      known: world.known(prefix),
      routes: world.routes(prefix),
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
    return this.#tidings.refusals.counts();
  }

  endpoints(): Endpoint[] {
    return this.#world.endpoints();
  }

  #sayOtherwise(): void {
    const { speaker } = this.#inForce;
    this.#world.untagged = untaggedOf(speaker);
    if (speaker !== this.#peering.speaker) this.#peering.configure(speaker);
    this.#renewNetworks();
  }

  /** How much there is of everything, counted now. */
  census(): Census {
    return takeCensus(this.#world, this.#reconciler, this.#peering);
  }

  /** Networks come and go with the endpoints that have them for themselves; the next pass makes it so. */
  #renewNetworks(): void {
    this.#world.networks = this.#inForce.networks;
    this.#guardBy(this.#peering.speaker);
    this.#world.touchAll();
    this.#loop.nudge();
  }

  /** What is believed of peers, for the networks that there are. */
  #guardBy(speaker: Speaker): void {
    this.#world.border.configure(speaker, this.#world.networks);
    renewQuotas(this.#world, speaker);
  }

  #hearBgp(event: BgpEvent): void {
    if (event.kind === 'disconnected') this.#parts.failed('gobgpd is away', new Error(event.reason));
    this.#peering.hear(event);
    this.#tidings.afterEvent(event);
  }

  async #pass(): Promise<void> {
    const { clock, passed } = this.#parts;
    const began = clock.now();
    await this.#kernelSide.catchUp();
    this.#reconciler.bgpConnected = this.#peering.connected;
    const failed = await this.#reconciler.pass();
    this.#retry(failed);
    this.#tidings.afterPass();
    this.#settling.ask();
    passed?.(clock.now() - began);
    if (this.#world.touchedCount > 0 || this.#world.border.isDoubtful) this.#loop.nudge();
    else await this.#peering.afterPass(!this.#lacksAnnouncement());
  }

  /** A route that the kernel refuses of what a peer says must not keep the peers away. */
  #lacksAnnouncement(): boolean {
    return [...this.#reconciler.failures.keys()].some((prefix) => this.#world.isOurs(prefix));
  }

  #retry(failed: ReadonlyMap<Prefix, StepFailure>): void {
    for (const [prefix, failure] of failed) this.#parts.failed(prefix, failure);
    if (this.#reconciler.failures.size === 0) this.#backOff.succeeded();
    else
      this.#backOff.again(() => {
        this.#touchFailed();
        this.#loop.nudge();
      });
  }

  #touchFailed(): void {
    for (const prefix of this.#reconciler.failures.keys()) this.#world.touch(prefix);
  }

  /** A port threw as a whole: nothing it was asked for is believed, and all of it is asked again. */
  #passFailed(error: unknown): void {
    this.#parts.failed('pass', error);
    this.#kernelSide.doubt();
    this.#world.touchAll();
    this.#backOff.again(() => this.#loop.nudge());
  }

  #audit(signal: AbortSignal): void {
    // Asked, not listened to: a listener for each audit would stay for as long as the controller lives.
    this.#parts.clock.after(AUDIT_EVERY, () => {
      if (signal.aborted) return;
      this.#kernelSide.doubt();
      this.#loop.nudge();
      this.#audit(signal);
    });
  }
}

function untaggedOf(speaker: Speaker): (peer: PeerKey) => readonly RouteTarget[] | undefined {
  return (peer) => settingsOf(speaker, peer)?.untagged;
}
