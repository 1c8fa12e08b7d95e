/**
 * What happens and is gone: nobody keeps these numbers, so they are counted here, when it happens. On the way of an ADD that
 * is one look-up and one addition for each.
 */
import { Counter, Gauge, Histogram, type Registry } from 'prom-client';

/** In seconds: an ADD takes some 2 ms, one that waits for gobgpd up to its patience. */
const VERB_BUCKETS = [0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10];
/** A pass over a handful of prefixes, and one over a slice of 2,000. */
const PASS_BUCKETS = [0.0001, 0.00025, 0.0005, 0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 1];

/** Whatever else stands in CNI_COMMAND must not make a series of its own. */
export const VERBS = ['ADD', 'DEL', 'CHECK', 'STATUS', 'GC', 'VERSION', 'other'] as const;

export const STEPS = ['route', 'announcement', 'withdrawal', 'route removal', 'pass', 'peers'] as const;
export type Step = (typeof STEPS)[number];

export const WHYS = ['events-dropped', 'filters-touched', 'rules-touched', 'links-gone'] as const;

/** All of them; each is 0 from the start where its labels are known. */
export function eventMetrics(registry: Registry) {
  const registers = [registry];
  const counter = <L extends string>(name: string, help: string, labels: readonly L[] = []) =>
    new Counter({ name, help, labelNames: [...labels], registers });
  const writes = (name: string, help: string, operations: readonly [string, string]) => {
    const all = counter(name, help, ['operation', 'result']);
    const child = (operation: string, result: string) => {
      all.inc({ operation, result }, 0);
      return all.labels({ operation, result });
    };
    return operations.map((operation) => ({ done: child(operation, 'done'), failed: child(operation, 'failed') }));
  };
  const [put, remove] = writes('slash32_route_writes_total', 'Routes put into the kernel and removed from it.', [
    'put',
    'remove',
  ]);
  const [announce, withdraw] = writes(
    'slash32_announcement_writes_total',
    'Announcements that gobgpd was asked to make and to withdraw.',
    ['announce', 'withdraw'],
  );
  const requests = counter(
    'slash32_cni_requests_total',
    'Requests of container runtimes by verb and by the code of the answer; 0 is success.',
    ['verb', 'code'],
  );
  const durations = new Histogram({
    name: 'slash32_cni_request_duration_seconds',
    help: 'How long requests of container runtimes took from their turn to the answer, by verb.',
    labelNames: ['verb'],
    buckets: VERB_BUCKETS,
    registers,
  });
  const errors = counter(
    'slash32_reconcile_errors_total',
    'What a pass could not do, by step; each is tried again, and the log says why.',
    ['step'],
  );
  for (const step of STEPS) errors.labels({ step }).inc(0);
  const resyncs = counter(
    'slash32_kernel_resyncs_total',
    'How often everything was read again from the kernel out of turn, and why.',
    ['reason'],
  );
  for (const reason of WHYS) resyncs.labels({ reason }).inc(0);
  return {
    put: put!,
    remove: remove!,
    announce: announce!,
    withdraw: withdraw!,
    requests,
    /** By verb. */
    durations: new Map(VERBS.map((verb) => [verb as string, durations.labels({ verb })])),
    errors,
    resyncs,
    passes: new Histogram({
      name: 'slash32_pass_duration_seconds',
      help: 'How long a pass of the reconciler took.',
      buckets: PASS_BUCKETS,
      registers,
    }),
    lastPass: new Gauge({
      name: 'slash32_last_pass_timestamp_seconds',
      help: 'When the last pass came to its end, in Unix time; one runs every 30 s at least.',
      registers,
    }),
    connections: counter('slash32_gobgp_connections_total', 'How often a connection to gobgpd came to stand.'),
    starts: counter(
      'slash32_gobgp_starts_total',
      'How often gobgpd was found freshly started, and was told everything anew.',
    ),
    crashes: counter(
      'slash32_gobgp_crashes_total',
      'How often gobgpd had broken down by itself before that, as its supervisor says.',
    ),
    vanished: counter(
      'slash32_endpoints_vanished_total',
      'Containers that vanished without DEL and were detached by the sweep.',
    ),
    reloaded: new Gauge({
      name: 'slash32_config_last_reload_successful',
      help: '1 unless the last reload of the configuration was refused; then the one before stays in force.',
      registers,
    }),
    reloadedAt: new Gauge({
      name: 'slash32_config_last_reload_success_timestamp_seconds',
      help: 'When the configuration in force was read, in Unix time.',
      registers,
    }),
  };
}

export type EventMetrics = ReturnType<typeof eventMetrics>;
