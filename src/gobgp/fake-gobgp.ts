/**
 * gobgpd in memory, for tests of whoever uses the `Bgp` port. It refuses what the real one refuses: words before the
 * connection, values that are none, a second router id; it forgets everything when it is killed; and it can be `broken`.
 * The same contract suite runs on it and on a real gobgpd.
 */
import { isDeepStrictEqual } from 'node:util';
import type { Address, Family, Prefix } from '../model/address.js';
import { familyOf } from '../model/address.js';
import type { Announcement } from '../model/announcement.js';
import { type Path, pathKey } from '../model/path.js';
import type { Peer, PeerState, Speaker } from '../model/peer.js';
import { type Bgp, type BgpEvent, type Failures, Unreachable } from '../ports.js';
import { checkAnnouncement, checkSpeaker } from './validate.js';

/** What a peer does, as far as a test has not said otherwise: it is up, says nothing, and has said everything. */
interface Neighbour {
  up: boolean;
  finished: boolean;
  overLimit: boolean;
  readonly says: Map<Prefix, Path>;
}

/** A gobgpd process: born empty. */
interface Daemon {
  speaker?: Speaker;
  readonly announced: Map<Prefix, Announcement>;
  readonly peers: Map<Address, Speaker['peers'][number]>;
}

/** The fake. `start` it, or `run` waits. */
export class FakeGobgp implements Bgp {
  /** Everything that was done, as commands of GoBGP's own CLI. */
  readonly commands: string[] = [];
  /** Set: the connection stands, but every call fails with this reason. */
  broken: string | undefined;
  /** How the last process broke down by itself; told with the next `connected`. */
  crash: string | undefined;
  #daemon: Daemon | undefined;
  #hear: ((event: BgpEvent) => void) | undefined;
  #speaker: (() => Speaker) | undefined;
  #connected = false;
  readonly #neighbours = new Map<Address, Neighbour>();
  /** The paths as last told, by key. */
  #told = new Map<string, Path>();

  /** A fresh gobgpd process. */
  start(): void {
    this.#daemon = { announced: new Map(), peers: new Map() };
    queueMicrotask(() => this.#connect());
  }

  /** kill -9: everything it knew is gone. */
  kill(): void {
    this.#daemon = undefined;
    this.#lose('the watch ended: Connection dropped');
  }

  /** What gobgpd says for us at this moment. */
  announced(): readonly Announcement[] {
    return [...(this.#daemon?.announced.values() ?? [])];
  }

  /** Is there a process? */
  get alive(): boolean {
    return this.#daemon !== undefined;
  }

  /** The paths of all peers at this moment. */
  heard(): readonly Path[] {
    return [...this.#spoken().values()];
  }

  /** The peer says these paths from now on, whether or not it is admitted yet. */
  say(peer: Address, paths: readonly Omit<Path, 'peer'>[]): void {
    for (const path of paths) this.#neighbour(peer).says.set(path.prefix, { ...path, peer });
    this.#tell();
  }

  unsay(peer: Address, prefixes: readonly Prefix[]): void {
    for (const prefix of prefixes) this.#neighbour(peer).says.delete(prefix);
    this.#tell();
  }

  /** The table is read again, as a real gobgpd's is now and then. */
  audit(): void {
    this.#emit({ kind: 'audited', announced: this.announced() });
  }

  /** The peer's session comes or goes. */
  setUp(peer: Address, up: boolean): void {
    this.#neighbour(peer).up = up;
    this.#tell();
    this.#emit({ kind: 'peers-changed' });
  }

  /** The peer says more than its `maxPrefixes`: its session is ended, until it is opened again. */
  exceed(peer: Address): void {
    this.#neighbour(peer).overLimit = true;
    this.setUp(peer, false);
  }

  /** Has the peer sent its End-of-RIB? When it does, the whole table is told before `peers()` says so. */
  setFinished(peer: Address, finished: boolean): void {
    this.#neighbour(peer).finished = finished;
    if (finished) this.#tellAll();
    this.#emit({ kind: 'peers-changed' });
  }

  async announce(announcements: readonly Announcement[]): Promise<Failures<Announcement>> {
    return this.#each(announcements, (daemon, one) => {
      daemon.announced.set(one.prefix, one);
      this.#command(`gobgp global rib add ${one.prefix}`, one);
    });
  }

  async withdraw(announcements: readonly Announcement[]): Promise<Failures<Announcement>> {
    return this.#each(announcements, (daemon, one) => {
      daemon.announced.delete(one.prefix);
      this.#command(`gobgp global rib del ${one.prefix}`, { prefix: one.prefix, targets: [] });
    });
  }

  async admitPeers(speaker: Speaker, restarting: boolean): Promise<void> {
    checkSpeaker(speaker);
    const { peers } = this.#need();
    const wanted = new Map(speaker.peers.map((peer) => [peer.address, peer]));
    for (const [address, peer] of peers) {
      const now = wanted.get(address);
      if (now && isDeepStrictEqual(session(now), session(peer))) continue;
      peers.delete(address);
      this.commands.push(`gobgp neighbor del ${address}`);
    }
    for (const [address, peer] of wanted) {
      if (peers.has(address)) continue;
      peers.set(address, peer);
      this.commands.push(`gobgp neighbor add ${address} as ${peer.asn}${restarting ? ' # restarting' : ''}`);
    }
    this.#tellAll();
    this.#emit({ kind: 'peers-changed' });
  }

  async peers(): Promise<readonly PeerState[]> {
    return [...this.#need().peers.values()].map(({ address, asn, families }) => {
      const { up, finished, overLimit } = this.#neighbour(address);
      const session = up ? 'established' : overLimit ? 'idle' : 'active';
      return { address, asn, session, endOfRib: up && finished ? families : [], overLimit };
    });
  }

  async reopen({ address }: Peer): Promise<void> {
    if (!this.#need().peers.has(address)) throw new Error(`neighbor ${address} is not there`);
    this.commands.push(`gobgp neighbor enable ${address}`);
    this.#neighbour(address).overLimit = false;
    this.setUp(address, true);
  }

  async release({ address }: Peer): Promise<void> {
    if (!this.#need().peers.has(address)) throw new Error(`neighbor ${address} is not there`);
    this.commands.push(`gobgp neighbor ${address} softresetout`);
  }

  async says(prefixes: readonly Prefix[]): Promise<readonly Announcement[]> {
    return [...this.#need().announced.values()].filter(({ prefix }) => prefixes.includes(prefix));
  }

  run(speaker: () => Speaker, hear: (event: BgpEvent) => void, signal: AbortSignal): Promise<void> {
    checkSpeaker(speaker());
    this.#speaker = speaker;
    this.#hear = hear;
    this.#connect();
    return new Promise((resolve) => {
      const end = () => {
        this.#hear = undefined;
        this.#connected = false;
        resolve();
      };
      signal.addEventListener('abort', end, { once: true });
    });
  }

  #connect(): void {
    const [daemon, speaker] = [this.#daemon, this.#speaker?.()];
    if (!daemon || !speaker || !this.#hear || this.#connected) return;
    const fresh = daemon.speaker === undefined;
    daemon.speaker ??= speaker;
    if (daemon.speaker.asn !== speaker.asn || daemon.speaker.routerId !== speaker.routerId) {
      this.#emit({ kind: 'disconnected', reason: `gobgpd runs as AS ${daemon.speaker.asn}: restart gobgpd` });
      return;
    }
    this.#connected = true;
    const crash = fresh ? this.crash : undefined;
    this.crash = undefined;
    const announced = [...daemon.announced.values()];
    this.#emit({ kind: 'connected', announced, fresh, ...(crash && { crash }), running: daemon.speaker });
    queueMicrotask(() => this.#tellAll());
  }

  #lose(reason: string): void {
    if (!this.#connected) return;
    this.#connected = false;
    this.#emit({ kind: 'disconnected', reason });
  }

  #emit(event: BgpEvent): void {
    if (this.#connected || event.kind === 'disconnected') this.#hear?.(event);
  }

  #tellAll(): void {
    this.#told = this.#spoken();
    this.#emit({ kind: 'all-paths', paths: [...this.#told.values()] });
  }

  #tell(): void {
    const [before, now] = [this.#told, this.#spoken()];
    const heard = [...now].filter(([key, path]) => before.get(key) !== path).map(([, path]) => path);
    const gone = [...before].filter(([key]) => !now.has(key)).map(([, { prefix, peer }]) => ({ prefix, peer }));
    this.#told = now;
    if (heard.length + gone.length > 0) this.#emit({ kind: 'paths', heard, gone });
  }

  /** What every peer says that is up, in the families of its session. */
  #spoken(): Map<string, Path> {
    const spoken = new Map<string, Path>();
    for (const { address, families } of this.#daemon?.peers.values() ?? []) {
      const { up, says } = this.#neighbour(address);
      for (const path of up ? says.values() : []) {
        if (families.includes(familyOf(path.prefix) as Family)) spoken.set(pathKey(path), path);
      }
    }
    return spoken;
  }

  #neighbour(address: Address): Neighbour {
    let neighbour = this.#neighbours.get(address);
    if (!neighbour)
      this.#neighbours.set(address, (neighbour = { up: true, finished: true, overLimit: false, says: new Map() }));
    return neighbour;
  }

  #need(): Daemon {
    if (!this.#connected || !this.#daemon) throw new Unreachable('not connected to gobgpd');
    if (this.broken) throw new Error(this.broken);
    return this.#daemon;
  }

  #each(
    announcements: readonly Announcement[],
    work: (daemon: Daemon, announcement: Announcement) => void,
  ): Failures<Announcement> {
    const failures = new Map<Announcement, Error>();
    for (const one of announcements) {
      try {
        checkAnnouncement(one);
        work(this.#need(), one);
      } catch (error) {
        failures.set(one, error as Error);
      }
    }
    this.#tell();
    return failures;
  }

  #command(command: string, { prefix, targets }: Announcement): void {
    const communities = targets.map((target) => ` rt ${target}`).join('');
    this.commands.push(`${command} -a ipv${familyOf(prefix)}${communities}`);
  }
}

/** What of a peer its session depends on; the rest is what we believe of it. */
function session({ untagged, allow, deny, allowDefault, maxRoutes, ...peer }: Peer): Partial<Peer> {
  return peer;
}
