/** Every change of a namespace's routes, as `ip monitor route` prints it. */
import { execa } from 'execa';
import { until } from '../../src/gobgp/until.js';
import type { End, Lab } from './lab.js';

/** Watches until it is disposed. */
export interface RouteMonitor extends AsyncDisposable {
  /** All changes until now: a marker route is added and removed, and what was printed before it is returned. */
  changes(): Promise<readonly string[]>;
}

const MARKER = '203.0.113.99';

/** Begins to watch; is watching when it returns. */
export async function watchRoutes(lab: Lab, end: End): Promise<RouteMonitor> {
  const lines: string[] = [];
  const namespace = `--net=/run/netns/${lab.namespace(end)}`;
  const ip = execa('nsenter', [namespace, 'ip', 'monitor', 'route'], { reject: false, buffer: false });
  ip.stdout.setEncoding('utf8').on('data', (text: string) => lines.push(...text.split('\n').filter(Boolean)));
  const seen = () => lines.findIndex((line) => line.includes(MARKER));
  const mark = async () => {
    await lab.run(end, 'ip', 'route', 'replace', 'blackhole', MARKER);
    await lab.run(end, 'ip', 'route', 'del', 'blackhole', MARKER);
  };
  await until('the monitor sees', async () => {
    await mark();
    return seen() >= 0;
  });
  await quiet(() => lines.length);
  lines.length = 0;
  return {
    async changes() {
      await mark();
      await until('the marker is seen', () => seen() >= 0);
      return lines.slice(0, seen());
    },
    async [Symbol.asyncDispose]() {
      ip.kill('SIGKILL');
      await ip;
    },
  };
}

/** The marks of the start-up are still on their way: wait until two looks see the same. */
async function quiet(count: () => number): Promise<void> {
  let before = -1;
  await until('the monitor is quiet', async () => {
    await new Promise((resolve) => setTimeout(resolve, 100));
    return before === (before = count());
  });
}
