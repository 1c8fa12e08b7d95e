/** A controller in small, for tests: connects, announces, admits the peers, and keeps what it hears. */

import { Gobgp } from '../../src/gobgp/gobgp.js';
import type { Announcement } from '../../src/model/announcement.js';
import type { Path } from '../../src/model/path.js';
import type { Speaker } from '../../src/model/peer.js';
import type { Bgp, BgpEvent } from '../../src/ports.js';
import { until } from '../../src/until.fixture.js';

/** What a listener does at each connection. */
export type Behaviour = (bgp: Bgp, event: Extract<BgpEvent, { kind: 'connected' }>) => Promise<void>;

/** Says everything first, then lets the peers in: the order that causes no ripple. */
export function announceThenAdmit(speaker: Speaker, wanted: readonly Announcement[]): Behaviour {
  let before = false;
  return async (bgp) => {
    for (const error of (await bgp.announce(wanted)).values()) throw error;
    await bgp.admitPeers(speaker, before);
    before = true;
  };
}

/** Runs against one gobgpd until it is disposed. */
export class Listener implements AsyncDisposable {
  readonly bgp: Gobgp;
  readonly events: BgpEvent[] = [];
  readonly warnings: string[] = [];
  readonly paths = new Map<string, Path>();
  readonly #ended = new AbortController();
  readonly #running: Promise<void>;

  constructor(api: string, speaker: Speaker, behave: Behaviour, auditMilliseconds = 30_000) {
    this.bgp = new Gobgp({ api, warn: (line) => this.warnings.push(line), auditMilliseconds });
    this.#running = this.bgp.run(
      () => speaker,
      (event) => this.#hear(event, behave),
      this.#ended.signal,
    );
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#ended.abort();
    await this.#running;
  }

  count(kind: BgpEvent['kind']): number {
    return this.events.filter((event) => event.kind === kind).length;
  }

  /** Waits for one more event of this kind than there are now. */
  next(kind: BgpEvent['kind'], seconds?: number): Promise<void> {
    const before = this.count(kind);
    return until(`${kind} is told`, () => this.count(kind) > before, seconds);
  }

  established(count = 1): Promise<void> {
    return until(`${count} sessions are up`, async () => {
      const peers = await this.bgp.peers().catch(() => []);
      return peers.filter((peer) => peer.session === 'established').length === count;
    });
  }

  #hear(event: BgpEvent, behave: Behaviour): void {
    this.events.push(event);
    if (event.kind === 'connected') behave(this.bgp, event).catch((error) => this.warnings.push(String(error)));
    if (event.kind === 'all-paths') this.paths.clear();
    if (event.kind === 'all-paths') for (const path of event.paths) this.paths.set(path.prefix, path);
    if (event.kind === 'paths') for (const path of event.heard) this.paths.set(path.prefix, path);
    if (event.kind === 'paths') for (const { prefix } of event.gone) this.paths.delete(prefix);
  }
}
