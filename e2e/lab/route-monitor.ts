/** Everything that happens to the routes of a namespace, as `ip monitor` prints it: the proof that nothing flapped. */
import { readFileSync } from 'node:fs';
import { startIn } from './long-command.js';
import { until } from './until.js';

/** One event. */
export interface RouteEvent {
  /** As the kernel's listener saw it: `2026-11-21T12:00:00.123456`. */
  readonly at: string;
  readonly deleted: boolean;
  /** The route as iproute2 prints it. */
  readonly route: string;
}

export interface RouteMonitor extends AsyncDisposable {
  /** Ends it and returns what happened, in order. Asked again, it says the same. */
  stop(): Promise<readonly RouteEvent[]>;
}

/** Listens to all tables, both families. When it returns, no later event will be missed. */
export async function monitorRoutes(namespace: string): Promise<RouteMonitor> {
  const command = startIn(namespace, ['ip', '-ts', '-o', 'monitor', 'route']);
  await until(() => listener(command.pid)?.isSubscribed, { what: `ip monitor to listen in ${namespace}` });
  const end = async () => {
    // What the kernel has said is read and printed once the socket is empty and the process sleeps again.
    await until(() => isIdle(command.pid), { what: `ip monitor in ${namespace} to print the last event` });
    return (await command.stop('SIGTERM')).flatMap((line) => parseEvent(line) ?? []);
  };
  let ended: Promise<readonly RouteEvent[]> | undefined;
  const stop = () => (ended ??= end());
  return { stop, [Symbol.asyncDispose]: () => stop().then(() => {}) };
}

/** Reads one line of `ip -ts -o monitor route`; undefined for a line that is no route. */
function parseEvent(line: string): RouteEvent | undefined {
  const found = /^\[([^\]]+)\] ?(?:\[ROUTE\])?(Deleted )?(.+)$/.exec(line);
  if (!found) return undefined;
  const [, at = '', deleted, route = ''] = found;
  return { at, deleted: deleted !== undefined, route: route.trim() };
}

/** The process's line in its namespace's list of netlink sockets: protocol 0 (NETLINK_ROUTE), port id = process id. */
function listener(pid: number): { isSubscribed: boolean; isEmpty: boolean } | undefined {
  for (const line of readFileSync(`/proc/${pid}/net/netlink`, 'utf8').split('\n').slice(1)) {
    const [, protocol, port, groups = '0', unread] = line.trim().split(/\s+/);
    if (protocol === '0' && Number(port) === pid)
      return { isSubscribed: !/^0*$/.test(groups), isEmpty: unread === '0' };
  }
  return undefined;
}

function isIdle(pid: number): boolean {
  const sleeps = /^State:\s+S/m.test(readFileSync(`/proc/${pid}/status`, 'utf8'));
  return sleeps && listener(pid)?.isEmpty === true;
}
