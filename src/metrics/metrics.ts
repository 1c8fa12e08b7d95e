/**
 * The controller's metrics, as Prometheus text. What exists as a number is read when somebody asks; what only happens is
 * counted when it does.
 */
import { collectDefaultMetrics, Registry } from 'prom-client';
import type { Bgp, Kernel } from '../ports.js';
import { StepFailure } from '../reconcile/reconciler.js';
import { countedBgp, countedKernel } from './counted.js';
import { ENDPOINTS } from './endpoints.js';
import { type EventMetrics, eventMetrics, type Step } from './events.js';
import { NODE } from './node.js';
import { register } from './reading.js';
import { ROUTES } from './routes.js';
import { SESSIONS } from './sessions.js';
import { type Snapshot, type Sources, takeSnapshot } from './snapshot.js';

/** One for each controller, with a registry of its own. */
export class Metrics {
  readonly registry = new Registry();
  readonly #events: EventMetrics;
  #sources: Sources | undefined;
  #now: Snapshot | undefined;

  constructor() {
    for (const reading of [...NODE, ...ENDPOINTS, ...SESSIONS, ...ROUTES])
      register(this.registry, reading, () => this.#now);
    this.#events = eventMetrics(this.registry);
    collectDefaultMetrics({ register: this.registry });
    this.reloaded(true);
  }

  /** From now on there is something to read. */
  readFrom(sources: Sources): void {
    this.#sources = sources;
  }

  /** All of it now, in the text format of Prometheus, version 0.0.4. */
  readonly text = async (): Promise<string> => {
    this.#now = this.#sources && takeSnapshot(this.#sources);
    return this.registry.metrics();
  };

  /** The ports, counted. */
  around<P extends { readonly kernel: Kernel; readonly bgp: Bgp }>(ports: P): P {
    return { ...ports, kernel: countedKernel(ports.kernel, this.#events), bgp: countedBgp(ports.bgp, this.#events) };
  }

  /** A runtime has its answer. @param code 0, or that of the error */
  readonly answered = (verb: string, code: number, milliseconds: number): void => {
    const { durations, requests } = this.#events;
    const known = durations.has(verb) ? verb : 'other';
    durations.get(known)?.observe(milliseconds / 1000);
    requests.inc({ verb: known, code: String(code) });
  };

  readonly passed = (milliseconds: number): void => {
    this.#events.passes.observe(milliseconds / 1000);
    this.#events.lastPass.setToCurrentTime();
  };

  /** What is not of a pass is told elsewhere. */
  failed(what: string, error: unknown): void {
    const step: Step | undefined =
      error instanceof StepFailure ? error.step : what === 'pass' || what === 'peers' ? what : undefined;
    if (step) this.#events.errors.inc({ step });
  }

  vanished(): void {
    this.#events.vanished.inc();
  }

  reloaded(successfully: boolean): void {
    this.#events.reloaded.set(successfully ? 1 : 0);
    if (successfully) this.#events.reloadedAt.setToCurrentTime();
  }
}
