/** A bare gobgpd in a lab, without a supervisor: tests kill it themselves. */
import { rm } from 'node:fs/promises';
import { until } from '../../src/until.fixture.js';
import { standsStill } from '../lab/process.js';
import type { End, Lab, Running } from './lab.js';

/** One gobgpd at a time, on one socket. */
export interface Daemon {
  readonly api: string;
  start(): void;
  /** With the given signal; waits for its end unless it only stops. */
  signal(signal: 'SIGKILL' | 'SIGTERM' | 'SIGSTOP' | 'SIGCONT'): Promise<void>;
  /** Is the process that was started last still there? */
  alive(): boolean;
}

/** A gobgpd at this end, not yet started. */
export function daemonIn(lab: Lab, end: End, binary = 'gobgpd'): Daemon {
  const path = `${lab.directory}/gobgpd-${end}.sock`;
  let running: Running | undefined;
  return {
    api: `unix://${path}`,
    start() {
      running = lab.start(end, binary, '--api-hosts', `unix://${path}`, '--pprof-disable');
    },
    async signal(signal) {
      running?.kill(signal);
      if (signal === 'SIGCONT') return;
      if (signal === 'SIGSTOP') return until('every thread to stand still', () => standsStill(running?.pid));
      await running;
      await rm(path, { force: true });
    },
    alive: () => running !== undefined && running.exitCode === null && running.signalCode === null,
  };
}
