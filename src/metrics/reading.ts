/**
 * A metric that is read when somebody asks, because the number exists already. Each collector of this module is a list of
 * these: names, words and a pure function, so a table of all metrics can be printed without a controller.
 */
import { Counter, Gauge, type Registry } from 'prom-client';
import type { Snapshot } from './snapshot.js';

/** The values of the labels, and the number. Samples with equal labels are added up. */
export type Sample = readonly [labels: Readonly<Record<string, string>>, value: number];

export interface Reading {
  /** As Prometheus wants it: base units, `_total` for counters and for nothing else. */
  readonly name: string;
  readonly type: 'gauge' | 'counter';
  /** One sentence for people. */
  readonly help: string;
  /** Nothing that grows with containers or prefixes. */
  readonly labels?: readonly string[];
  readonly read: (now: Snapshot) => Iterable<Sample>;
}

/** Puts a reading into the registry. @param now what there is to read; undefined before the controller is that far */
export function register(registry: Registry, reading: Reading, now: () => Snapshot | undefined): void {
  const { name, help, labels: labelNames = [], read } = reading;
  const Kind = reading.type === 'gauge' ? Gauge : Counter;
  new Kind({
    name,
    help,
    labelNames: [...labelNames],
    registers: [registry],
    collect() {
      this.reset();
      const snapshot = now();
      // A metric without labels is 0 after a reset, and nothing is known to be 0 yet.
      if (!snapshot) this.remove({});
      else for (const [labels, value] of read(snapshot)) this.inc(labels, value);
    },
  });
}

/** A number without labels. */
export function alone(value: number): Sample[] {
  return [[{}, value]];
}
