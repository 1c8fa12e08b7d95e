/** `slash32`: the commands. Each loads what it needs when it runs, so that `--help` is instant. */
import { Command, Option } from 'commander';
import type { Explanation } from '../admin/explain.js';
import type { StatusView } from '../admin/server.js';
import type { EndpointView, RouteView } from '../admin/views.js';
import { version } from '../version.js';
import { ask, askText } from './ask.js';
import { drain, drainText, undrain } from './drain.js';
import { askNetworks, networksText } from './networks.js';
import { routeCounts } from './route-counts.js';
import { isDegraded, statusText } from './status.js';
import { table } from './table.js';
import { addTorConfig } from './tor-config.js';
import { wholeNumber } from './whole-number.js';

const MORE_HELP = `
Examples:
  slash32 status                             is all well? Exit code 3 where it is not
  slash32 explain 10.20.2.10                 why it is reachable from here, or is not
  slash32 routes -o json | jq '.[].prefix'   every list is also JSON
  slash32 config check /etc/slash32/node.yaml

Exit codes: 0 fine, 1 failed, 2 usage, 3 degraded (status).`;

const DEFAULT_SOCKET = '/run/slash32/admin.sock';

interface Options {
  readonly socket: string;
  readonly output: 'table' | 'json';
}

/** Runs one command line. Exit codes: 0 fine, 1 failed, 2 usage, 3 degraded. */
export async function main(argv: readonly string[]): Promise<void> {
  const program = new Command('slash32')
    .description('BGP-routed container networking: every container its own /32 and /128')
    .version(version(), '-V, --version', 'which version this is')
    .exitOverride((error) => process.exit(error.exitCode === 0 ? 0 : 2))
    .showHelpAfterError('(slash32 --help lists the commands)')
    .addHelpText('after', MORE_HELP);
  for (const add of [
    addStatus,
    addEndpoints,
    addRoutes,
    addNetworks,
    addExplain,
    addDrain,
    addMetrics,
    addConfig,
    addTorConfig,
    addSidecar,
  ])
    add(program);
  try {
    // `show` in front is how network engineers ask.
    const words = argv[0] === 'show' ? argv.slice(1) : argv;
    await program.parseAsync(words, { from: 'user' });
  } catch (error) {
    process.stderr.write(`${complaint(error as Error)}\n`);
    process.exitCode = 1;
  }
}

/** What is wrong in a file begins with the file, as editors want it. */
function complaint({ name, message }: Error): string {
  return name === 'ConfigError' ? message : `slash32: ${message}`;
}

function socketOption(): Option {
  return new Option('--socket <path>', "the controller's admin socket")
    .default(DEFAULT_SOCKET)
    .env('SLASH32_ADMIN_SOCKET');
}

/** A command that asks the controller. */
function asking(program: Command, name: string, description: string): Command {
  return program
    .command(name)
    .description(description)
    .addOption(socketOption())
    .addOption(new Option('-o, --output <format>', 'how to print').choices(['table', 'json']).default('table'));
}

function print(options: Options, value: unknown, text: () => string): void {
  process.stdout.write(options.output === 'json' ? `${JSON.stringify(value, null, 2)}\n` : `${text()}\n`);
}

function addStatus(program: Command): void {
  asking(program, 'status', 'node, gobgpd, peers and endpoints at a glance').action(async (options: Options) => {
    const status = await ask<StatusView>(options.socket, '/status');
    print(options, status, () => statusText(status));
    if (isDegraded(status)) process.exitCode = 3;
  });
}

function addDrain(program: Command): void {
  asking(program, 'drain', 'take this node out of traffic: graceful shutdown (RFC 8326), wait, withdraw')
    .addOption(
      new Option('--timeout <seconds>', 'wait no longer for traffic to move')
        .default(60)
        .argParser(wholeNumber(0, 86_400)),
    )
    .action(async (options: Options & { timeout: number }) => {
      const report = await drain(options.socket, options.timeout);
      print(options, report, () => drainText(report));
    });
  asking(program, 'undrain', 'announce everything again').action(async (options: Options) => {
    await undrain(options.socket);
    print(options, {}, () => 'announced again');
  });
}

function addMetrics(program: Command): void {
  program
    .command('metrics')
    .description('every metric of this node, in the text format of Prometheus')
    .addOption(socketOption())
    .action(async ({ socket }: Pick<Options, 'socket'>) => {
      process.stdout.write(await askText(socket, '/metrics'));
    });
}

function addEndpoints(program: Command): void {
  asking(program, 'endpoints', 'the container interfaces of this node').action(async (options: Options) => {
    const endpoints = await ask<EndpointView[]>(options.socket, '/endpoints');
    const rows = endpoints.map((endpoint) => ({
      ...endpoint,
      container: endpoint.containerId.slice(0, 24),
      addresses: endpoint.addresses.join(' '),
    }));
    print(options, endpoints, () =>
      table(rows, ['container', 'ifname', 'network', 'targets', 'addresses', 'link', 'state']),
    );
  });
}

function addRoutes(program: Command): void {
  asking(program, 'routes', 'our own and heard prefixes, each with what became of it and why').action(
    async (options: Options) => {
      const routes = await ask<RouteView[]>(options.socket, '/routes');
      const rows = routes.map((route) => ({ ...route, 'next hop': route.nextHop, path: route.asPath }));
      const lines = () => table(rows, ['network', 'prefix', 'next hop', 'path', 'targets', 'state']);
      print(options, routes, () => [lines(), '', ...routeCounts(routes)].join('\n'));
    },
  );
}

function addNetworks(program: Command): void {
  asking(program, 'networks', 'who may reach whom, as a matrix, from what this node knows')
    .option('--preview <file>', 'under this configuration instead of the running one; nothing is applied')
    .action(async (options: Options & { readonly preview?: string }) => {
      const view = await askNetworks(options.socket, options.preview);
      print(options, view, () => networksText(view));
    });
}

function addExplain(program: Command): void {
  asking(program, 'explain', 'why an address or a prefix is, or is not, reachable from here')
    .argument('<address>', 'like 10.20.2.10, 2001:db8::a or 10.20.0.0/16')
    .action(async (address: string, options: Options) => {
      const explanation = await ask<Explanation>(options.socket, `/explain?address=${encodeURIComponent(address)}`);
      const rows = explanation.lines.map(({ ok, what, says }) => ` ${ok ? 'ok ' : 'no '}  ${what.padEnd(14)} ${says}`);
      print(options, explanation, () => rows.join('\n'));
    });
}

function addConfig(program: Command): void {
  const config = program.command('config').description("the node's configuration file");
  config
    .command('check <file>')
    .description('say what is wrong in it, as file:line:column')
    .action(async (file: string) => {
      const { loadConfig } = await import('../config/load.js');
      const { advice } = await import('../config/advice.js');
      const loaded = await loadConfig(file);
      const { peers, sought = [] } = loaded.speaker;
      const [networks, neighbours] = [loaded.networks.byName.size, peers.length + sought.length];
      process.stdout.write(
        `${file}: fine; node ${loaded.node.name}, ${counted(networks, 'network')}, ${counted(neighbours, 'peer')}\n`,
      );
      for (const sentence of advice(loaded.speaker)) process.stdout.write(`note: ${sentence}\n`);
    });
  config
    .command('reference')
    .description('every key with its meaning, as Markdown')
    .action(async () => {
      const { configReference } = await import('../config/reference.js');
      process.stdout.write(configReference());
    });
  config
    .command('schema')
    .description('its JSON Schema, for editors')
    .action(async () => {
      const { configSchema } = await import('../config/schema.js');
      process.stdout.write(`${JSON.stringify(configSchema(), null, 2)}\n`);
    });
}

function counted(count: number, what: string): string {
  return `${count} ${what}${count === 1 ? '' : 's'}`;
}

function addSidecar(program: Command): void {
  program
    .command('sidecar')
    .description('run gobgpd: start it, restart it, kill it when it hangs (slash32 sidecar --help)')
    .helpOption(false)
    .allowUnknownOption()
    .argument('[options...]')
    .action(async (options: string[]) => {
      const { sidecarCommand } = await import('./sidecar.js');
      await sidecarCommand().parseAsync(options, { from: 'user' });
    });
}
