/**
 * Taking a node out of traffic, without a packet lost where there is another way: say that we are about to leave
 * (RFC 8326), wait until packets go elsewhere, withdraw. Containers, addresses and routes stay as they are.
 *
 * How far it is stands on disk, so that a restarted controller goes on where it was; a reboot ends it.
 */
import type { DrainReport, Duty } from '../model/duty.js';
import type { Clock, DrainStore } from '../ports.js';

export interface DrainParts {
  readonly routing: {
    duty: Duty;
    /** Resolves when gobgpd says of every endpoint what it should. */
    allSaid(signal: AbortSignal): Promise<void>;
  };
  readonly clock: Clock;
  readonly store: DrainStore;
  /** Packets that were delivered to containers so far. */
  readonly delivered: () => number;
  readonly failed: (what: string, error: unknown) => void;
}

const SECOND = 1_000;
/** So long it has to be quiet, in seconds. */
const QUIET = 3;
/** Quiet is a twentieth of what it was: health probes of the node itself never end. */
const REMAINDER = 20;
/** gobgpd takes thousands of announcements a second. */
const SAID = 30_000;

export class Drain {
  readonly #parts: DrainParts;
  #running: { readonly done: Promise<DrainReport>; readonly stop: AbortController } | undefined;

  constructor(parts: DrainParts) {
    this.#parts = parts;
  }

  /** Comes first after a start, before anything is announced. */
  resume(): void {
    const record = this.#parts.store.load();
    if (!record) return;
    this.#parts.routing.duty = record.duty;
    if (record.duty === 'leaving') this.#begin(record.until).catch((error) => this.#parts.failed('drain', error));
  }

  /** Drains, and resolves when everything is withdrawn. While one is under way, it is joined. */
  drain(seconds: number): Promise<DrainReport> {
    return this.#running?.done ?? this.#begin(Date.now() + seconds * SECOND);
  }

  /** Ends a drain, be it over or under way, and resolves when everything is announced again. */
  async undrain(): Promise<void> {
    this.#running?.stop.abort(new Error('the drain was ended by undrain'));
    await this.#running?.done.catch(() => {});
    this.#parts.store.save(undefined);
    this.#parts.routing.duty = 'on';
    await this.#parts.routing.allSaid(AbortSignal.timeout(SAID));
  }

  #begin(until: number): Promise<DrainReport> {
    const stop = new AbortController();
    const done = this.#leave(until, stop.signal).finally(() => {
      this.#running = undefined;
    });
    this.#running = { done, stop };
    return done;
  }

  async #leave(until: number, signal: AbortSignal): Promise<DrainReport> {
    const { store, routing } = this.#parts;
    const began = Date.now();
    const packetsBefore = await this.#packetsInASecond(signal);
    store.save({ duty: 'leaving', until });
    routing.duty = 'leaving';
    await routing.allSaid(AbortSignal.any([signal, AbortSignal.timeout(SAID)]));
    const { moved, packetsAfter } = await this.#untilMoved(packetsBefore, until, signal);
    store.save({ duty: 'off', until });
    routing.duty = 'off';
    await routing.allSaid(AbortSignal.any([signal, AbortSignal.timeout(SAID)]));
    return { moved, seconds: (Date.now() - began) / SECOND, packetsBefore, packetsAfter };
  }

  async #untilMoved(before: number, until: number, signal: AbortSignal) {
    const enough = Math.max(1, before / REMAINDER);
    let packetsAfter = before;
    for (let quiet = 0; quiet < QUIET && Date.now() < until; ) {
      packetsAfter = await this.#packetsInASecond(signal);
      quiet = packetsAfter <= enough ? quiet + 1 : 0;
    }
    return { moved: packetsAfter <= enough, packetsAfter };
  }

  async #packetsInASecond(signal: AbortSignal): Promise<number> {
    const before = this.#parts.delivered();
    await new Promise<void>((resolve, reject) => {
      const stop = () => {
        cancel();
        reject(signal.reason);
      };
      const cancel = this.#parts.clock.after(SECOND, () => {
        // A drain has many seconds, and one signal for all of them.
        signal.removeEventListener('abort', stop);
        resolve();
      });
      signal.addEventListener('abort', stop, { once: true });
    });
    signal.throwIfAborted();
    return this.#parts.delivered() - before;
  }
}
