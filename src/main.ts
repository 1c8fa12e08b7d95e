/** `slash32d`, the controller of one node. This file alone wires; it reads like a table of contents. */
import { setMaxListeners } from 'node:events';
import { setTimeout as pause } from 'node:timers/promises';
import { parseArgs } from 'node:util';
import { setFlagsFromString } from 'node:v8';
import { serveAdmin } from './admin/server.js';
import { AddressBook } from './cni/address-book.js';
import { openCniSocket } from './cni/cni-socket.js';
import { delegatedIpam } from './cni/delegated-ipam.js';
import { Endpoints, type Node } from './cni/node.js';
import { verbsOn } from './cni/node-verbs.js';
import { endpointLocks } from './cni/per-endpoint-lock.js';
import { rehearse } from './cni/rehearsal.js';
import { restore } from './cni/restore.js';
import { keepSwept } from './cni/sweep.js';
import { type Handle, handleWith } from './cni/verbs.js';
import { advice } from './config/advice.js';
import type { Config } from './config/config.js';
import { loadConfig } from './config/load.js';
import { drainStore } from './disk/drain-record.js';
import { endpointRecords } from './disk/endpoint-records.js';
import { printEndpoint } from './disk/record-format.js';
import { openRunDirectory } from './disk/run-directory.js';
import { Gobgp } from './gobgp/gobgp.js';
import { greet } from './gobgp/greet.js';
import { packetsDelivered } from './kernel/delivered.js';
import { type OpenKernel, openKernel } from './kernel/open-kernel.js';
import { traced } from './kernel/traced.js';
import { type Log, openLog } from './log.js';
import { MetricsListener } from './metrics/listener.js';
import { Metrics } from './metrics/metrics.js';
import type { Endpoint } from './model/endpoint.js';
import type { Bgp, Clock, Greet, Kernel, Neighbours, Records, Shortcut, Wire } from './ports.js';
import { Drain } from './reconcile/drain.js';
import { PeerSearch } from './reconcile/peer-search.js';
import { Routing } from './reconcile/routing.js';
import type { BgpNews } from './reconcile/session-news.js';
import { placesOf, ShortcutCare } from './reconcile/shortcut-care.js';
import { version } from './version.js';

/** Everything outside that the controller works with. */
export interface Ports {
  readonly kernel: Kernel;
  readonly wire: Wire;
  readonly neighbours: Neighbours;
  readonly bgp: Bgp;
  readonly greet: Greet;
  readonly records: Records;
  readonly clock: Clock;
}

/**
 * Runs the controller until SIGTERM or SIGINT. Its end touches nothing: routes, filters and announcements stay.
 * @param adapt puts something around the ports; tests let them fail this way
 */
export async function main(argv: readonly string[], adapt: (ports: Ports) => Ports = (ports) => ports): Promise<void> {
  const file = configFile(argv);
  const config = await loadConfig(file).catch((error: Error) => complain(error.message));
  const log = openLog(config.log, secretsOf(config));
  try {
    await run(file, config, log, adapt);
  } catch (error) {
    log.error('the controller cannot go on', { event: 'fatal', error });
    process.exitCode = 1;
  }
}

async function run(file: string, config: Config, log: Log, adapt: (ports: Ports) => Ports): Promise<void> {
  const signal = untilTold();
  using directory = openRunDirectory(config.runDir);
  using records = endpointRecords(directory);
  const metrics = new Metrics();
  using listener = await listenForMetrics(metrics, config, log);
  const { endpoints: recorded, unreadable } = await records.all();
  for (const record of unreadable) log.error(`a record was put aside: ${record}`, { event: 'record-unreadable' });
  using kernel = openKernel(config, recorded);
  const ports = metrics.around(
    adapt({ ...told(kernel, config, log), neighbours: kernel.neighbours, ...aroundKernel(config, records, log) }),
  );

  const node = nodeParts(config, ports, metrics, log);
  const endpoints = await restore(node, recorded);
  const { passed, answered, text } = metrics;
  const search = new PeerSearch(ports.neighbours, ports.clock, (speaker) => routing.speak(speaker));
  const speaker = search.begin(config.speaker);
  const heard = { failed: node.failed, tell: newsTo(log), passed };
  const routing = new Routing({ ...ports, ...heard }, config.networks, speaker, endpoints);
  const store = drainStore(directory);
  const drain = new Drain({ routing, clock: ports.clock, store, delivered: packetsDelivered, failed: node.failed });
  drain.resume();
  await routing.start(signal);
  const shortcut = shortcutCare(kernel.shortcut, routing, log);
  shortcut.turn(config.kernel.shortcut);

  const { addresses } = node;
  const { filterRepairs } = kernel;
  metrics.readFrom({ node: { name: config.node.name, version: version() }, routing, addresses, filterRepairs });
  reloadOnHangup(file, { search, routing, metrics, listener, shortcut }, log);
  const unserved = () => listener.trouble;
  const admin = { nodeName: config.node.name, routing, bgp: ports.bgp, drain, shortcut, metrics: text, unserved };
  await serveAdmin(config.sockets.admin, admin, signal);
  keepSwept({ ...node, routing }, (endpoint) => tellSwept(endpoint, metrics, log), signal);
  rehearse(config.gateways, printEndpoint);
  const handle = growYoungWith(handleWith(verbsOn({ ...node, routing }), node.locks));
  advise(config, log);
  const serving = await openCniSocket({ socket: config.sockets.cni, handle, log: cniLog(log), answered, signal });
  log.info('ready', {
    event: 'ready',
    node: config.node.name,
    endpoints: endpoints.length,
    networks: config.networks.byName.size,
  });
  await serving.closed;
  log.info('stopped; containers, routes and announcements stay as they are', { event: 'stopped' });
}

/**
 * `bin/slash32d` holds the young generation to a megabyte. A hundred ADDs at once have more in flight, and collecting that often
 * takes twice the time. So it may grow while there are verbs. An import of 100,000 paths would take 20 MB more with it, and be
 * hardly faster.
 */
function growYoungWith(handle: Handle): Handle {
  let verbs = 0;
  const count = (difference: 1 | -1) => {
    const before = verbs;
    verbs += difference;
    if (before === 0 || verbs === 0) setFlagsFromString(`--semi-space-growth-factor=${verbs === 0 ? 1 : 2}`);
  };
  return async (request, signal) => {
    count(1);
    try {
      return await handle(request, signal);
    } finally {
      count(-1);
    }
  };
}

/** With `log.level: debug`, every change to the kernel is told as the command that does the same. */
function told(
  kernel: OpenKernel,
  { gateways, kernel: { rulePriority } }: Config,
  log: Log,
): Pick<Ports, 'kernel' | 'wire'> {
  if (!log.writes('debug')) return { kernel: kernel.kernel, wire: kernel.wire };
  return traced(kernel, { gateways, rulePriority }, (command) => log.debug(command, { event: 'kernel' }));
}

function aroundKernel(config: Config, records: Records, log: Log): Pick<Ports, 'records' | 'bgp' | 'greet' | 'clock'> {
  const warn = (line: string) => log.warn(line, { event: 'gobgp' });
  return { records, bgp: new Gobgp({ ...config.gobgp, warn }), greet, clock: monotonicClock };
}

function shortcutCare(shortcut: Shortcut, routing: Routing, log: Log): ShortcutCare {
  const tell = (sentence: string) => log.info(sentence, { event: 'shortcut' });
  return new ShortcutCare({ shortcut, clock: monotonicClock, peers: () => placesOf(routing.speaker), tell });
}

/** What the verbs work with, but for the routing, which begins with what is restored. */
function nodeParts(config: Config, ports: Ports, metrics: Metrics, log: Log): Omit<Node, 'routing'> {
  return {
    wire: ports.wire,
    records: ports.records,
    addresses: new AddressBook(ports.clock, config.ipam.quarantine * 1000),
    ipam: delegatedIpam(),
    endpoints: new Endpoints(),
    locks: endpointLocks(),
    gateways: config.gateways,
    failed: (what, error) => {
      metrics.failed(what, error);
      log.warn(`${what}: ${(error as Error).message}`, { event: 'failed', what });
    },
  };
}

/** A line for each session that comes or goes. */
function newsTo(log: Log): (news: BgpNews) => void {
  return (news) => {
    if (news.event === 'gobgpd-up') log.info('gobgpd answers', news);
    else if (news.event === 'peer-up') log.info(`the session with ${news.peer} is established`, news);
    else log.warn(`the session with ${news.peer} has ended`, news);
  };
}

function tellSwept({ containerId, ifname, addresses }: Endpoint, metrics: Metrics, log: Log): void {
  metrics.vanished();
  log.warn('a container vanished without DEL; it was detached', { event: 'swept', containerId, ifname, addresses });
}

function configFile(argv: readonly string[]): string {
  const usage = 'usage: slash32d --config FILE';
  try {
    const { values } = parseArgs({
      args: [...argv],
      options: { config: { type: 'string', short: 'c' }, help: { type: 'boolean', short: 'h' } },
    });
    if (values.help) complain(usage, 0);
    return values.config ?? complain(usage);
  } catch (error) {
    return complain(`${(error as Error).message}\n${usage}`);
  }
}

function complain(words: string, exitCode = 2): never {
  process.stderr.write(`${words}\n`);
  process.exit(exitCode);
}

function untilTold(): AbortSignal {
  const told = new AbortController();
  // Every part listens to it, each once; Node takes more than ten for a leak.
  setMaxListeners(0, told.signal);
  for (const name of ['SIGTERM', 'SIGINT'] as const) process.once(name, () => told.abort());
  return told.signal;
}

/** Before anything else is opened: whoever watches sees a start that hangs. A port that is taken stops nothing. */
async function listenForMetrics({ text }: Metrics, config: Config, log: Log): Promise<MetricsListener> {
  const failed = (reason: string) => log.error(reason, { event: 'metrics-unserved' });
  const listener = new MetricsListener({ text, clock: monotonicClock, failed });
  await listener.turnTo(config.metrics);
  return listener;
}

/** What a reload changes, and who hears of it. */
interface Reloaded {
  readonly search: PeerSearch;
  readonly routing: Routing;
  readonly metrics: Metrics;
  readonly listener: MetricsListener;
  readonly shortcut: ShortcutCare;
}

/** SIGHUP reads the file again. A configuration with a mistake changes nothing and says where the mistake is. */
function reloadOnHangup(file: string, parts: Reloaded, log: Log): void {
  const { search, routing, metrics, listener, shortcut } = parts;
  process.on('SIGHUP', async () => {
    try {
      const current = await loadConfig(file);
      advise(current, log);
      routing.configure(current.networks, search.begin(current.speaker));
      await listener.turnTo(current.metrics);
      shortcut.turn(current.kernel.shortcut);
      metrics.reloaded(true);
      log.info('configuration reloaded', {
        event: 'reloaded',
        networks: current.networks.byName.size,
        peers: current.speaker.peers.length + (current.speaker.sought?.length ?? 0),
      });
    } catch (error) {
      metrics.reloaded(false);
      log.error('the new configuration is wrong, the old one stays in force', { event: 'reload-refused', error });
    }
  });
}

/** What `slash32 config check` notes. */
function advise({ speaker }: Config, log: Log): void {
  for (const sentence of advice(speaker)) log.warn(sentence, { event: 'advice' });
}

function secretsOf({ speaker }: Config): string[] {
  return [...speaker.peers, ...(speaker.sought ?? []), ...(speaker.ranges ?? [])].flatMap(({ password }) =>
    password === undefined ? [] : [password],
  );
}

/** The CNI edge logs facts; the log wants each line to name its event. */
function cniLog(log: Log) {
  const at =
    (level: 'info' | 'warn' | 'error') =>
    (message: string, facts: object = {}) =>
      log[level](message, { event: 'cni', ...facts });
  return { info: at('info'), warn: at('warn'), error: at('error') };
}

const monotonicClock: Clock = {
  now: () => performance.now(),
  after: (milliseconds, call) => {
    const timer = new AbortController();
    pause(milliseconds, undefined, { signal: timer.signal, ref: false }).then(call, () => {});
    return () => timer.abort();
  },
};
