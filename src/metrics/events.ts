/**
 * What happens and is gone: nobody keeps these numbers, so they are counted here, when it happens. After the answer to a
 * runtime that is two look-ups and two additions, and one of each in a pass.
 */
import { Counter, Gauge, Histogram, type Registry } from 'prom-client';
import type { KernelEvent } from '../ports.js';
import type { StepFailure } from '../reconcile/reconciler.js';

/** In seconds: an ADD takes some 2 ms, one that waits for gobgpd up to its patience. */
const VERB_BUCKETS = [0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10];
/** A pass over a handful of prefixes, and one over a slice of 2,000. */
const PASS_BUCKETS = [0.0001, 0.00025, 0.0005, 0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 1];

/** Whatever else stands in CNI_COMMAND must not make a series of its own. */
const VERBS = ['ADD', 'DEL', 'CHECK', 'STATUS', 'GC', 'VERSION', 'other'];

/** What a pass may fail at: one of its steps, all of it, or the peers after it. */
export type Step = StepFailure['step'] | 'pass' | 'peers';
const STEPS: readonly Step[] = ['route', 'announcement', 'withdrawal', 'route removal', 'pass', 'peers'];

type Why = Extract<KernelEvent, { readonly kind: 'lost' }>['why'];
const WHYS: readonly Why[] = ['events-dropped', 'filters-touched', 'rules-touched', 'links-gone'];

/** Each is 0 from the start where its labels are known. */
export type EventMetrics = ReturnType<typeof eventMetrics>;

export function eventMetrics(registry: Registry) {
  return {
    ...writes(registry),
    ...requests(registry),
    ...passes(registry),
    ...gobgpd(registry),
    ...configuration(registry),
    resyncs: counter(
      registry,
      'slash32_kernel_resyncs_total',
      'How often everything was read again from the kernel out of turn, and why.',
      { reason: WHYS },
    ),
    vanished: counter(
      registry,
      'slash32_endpoints_vanished_total',
      'Containers that vanished without DEL and were detached by the sweep.',
    ),
  };
}

/** @param labels at most one, and the values that it is known to have */
function counter(
  registry: Registry,
  name: string,
  help: string,
  labels: Readonly<Record<string, readonly string[]>> = {},
) {
  const made = new Counter({ name, help, labelNames: Object.keys(labels), registers: [registry] });
  for (const [label, values] of Object.entries(labels)) for (const value of values) made.inc({ [label]: value }, 0);
  return made;
}

function writes(registry: Registry) {
  const routes = written(registry, 'slash32_route_writes_total', 'Routes put into the kernel and removed from it.');
  const announcements = written(
    registry,
    'slash32_announcement_writes_total',
    'Announcements that gobgpd was asked to make and to withdraw.',
  );
  return {
    put: routes('put'),
    remove: routes('remove'),
    announce: announcements('announce'),
    withdraw: announcements('withdraw'),
  };
}

/** What was taken and what was refused, operation by operation. */
function written(registry: Registry, name: string, help: string) {
  const all = new Counter({ name, help, labelNames: ['operation', 'result'], registers: [registry] });
  return (operation: string) => {
    const [done, failed] = ['done', 'failed'].map((result) => {
      all.inc({ operation, result }, 0);
      return all.labels({ operation, result });
    });
    return { done: done!, failed: failed! };
  };
}

function requests(registry: Registry) {
  const durations = new Histogram({
    name: 'slash32_cni_request_duration_seconds',
    help: 'How long requests of container runtimes took from their turn to the answer, by verb.',
    labelNames: ['verb'],
    buckets: VERB_BUCKETS,
    registers: [registry],
  });
  return {
    requests: new Counter({
      name: 'slash32_cni_requests_total',
      help: 'Requests of container runtimes by verb and by the code of the answer; 0 is success.',
      labelNames: ['verb', 'code'],
      registers: [registry],
    }),
    /** By verb. */
    durations: new Map(VERBS.map((verb) => [verb, durations.labels({ verb })])),
  };
}

function passes(registry: Registry) {
  return {
    errors: counter(
      registry,
      'slash32_reconcile_errors_total',
      'What a pass could not do, by step; each is tried again, and the log says why.',
      { step: STEPS },
    ),
    passes: new Histogram({
      name: 'slash32_pass_duration_seconds',
      help: 'How long a pass of the reconciler took.',
      buckets: PASS_BUCKETS,
      registers: [registry],
    }),
    lastPass: new Gauge({
      name: 'slash32_last_pass_timestamp_seconds',
      help: 'When the last pass came to its end, in Unix time; one runs every 30 s at least.',
      registers: [registry],
    }),
  };
}

function gobgpd(registry: Registry) {
  const often = (name: string, help: string) => counter(registry, `slash32_gobgp_${name}_total`, `How often ${help}`);
  return {
    connections: often('connections', 'a connection to gobgpd came to stand.'),
    starts: often('starts', 'gobgpd was found freshly started, and was told everything anew.'),
    crashes: often('crashes', 'gobgpd had broken down by itself before that, as its supervisor says.'),
  };
}

function configuration(registry: Registry) {
  return {
    reloaded: new Gauge({
      name: 'slash32_config_last_reload_successful',
      help: '1 unless the last reload of the configuration was refused; then the one before stays in force.',
      registers: [registry],
    }),
    reloadedAt: new Gauge({
      name: 'slash32_config_last_reload_success_timestamp_seconds',
      help: 'When the configuration in force was read, in Unix time.',
      registers: [registry],
    }),
  };
}
