/** `slash32 tor-config`: reads nodes' configuration files, prints their ToR's. Asks no controller, so it runs anywhere. */
import { type NetworkInterfaceInfo, networkInterfaces } from 'node:os';
import { type Command, Option } from 'commander';
import type { Config } from '../config/config.js';
import type { Prefix } from '../model/address.js';
import type { TorOptions } from '../tor-config/tor.js';
import { VENDORS, type Vendor } from '../tor-config/vendors.js';
import { wholeNumber } from './whole-number.js';

const DEFAULT_CONFIG = '/etc/slash32/node.yaml';

interface Options {
  readonly vendor: Vendor;
  readonly config?: readonly string[];
  readonly listen?: readonly string[];
  readonly peer?: readonly string[];
  readonly maxPrefixes?: number;
}

/** Adds the command. */
export function addTorConfig(program: Command): void {
  program
    .command('tor-config')
    .description("the other side of the nodes' BGP sessions, for the switch")
    .addOption(new Option('--vendor <vendor>', 'whose language').choices(VENDORS).makeOptionMandatory())
    .option('--config <file...>', `configuration of the nodes (default: this node's, ${DEFAULT_CONFIG})`)
    .option('--listen <range...>', 'accept nodes from a range of addresses, instead of one session for each')
    .option('--peer <name...>', 'only the peers of these names are this switch')
    .option(
      '--max-prefixes <count>',
      "the most host routes of one session and family (default: as the nodes' pools have)",
      wholeNumber(1, 999_999_999),
    )
    .action(async (options: Options) => {
      process.stdout.write(await textOf(options));
    });
}

async function textOf({ vendor, config, listen, peer, maxPrefixes }: Options): Promise<string> {
  const [{ torOf }, { torConfig }, { prefix }] = await Promise.all([
    import('../tor-config/derive.js'),
    import('../tor-config/vendors.js'),
    import('../model/address.js'),
  ]);
  const configs = await Promise.all((config ?? [DEFAULT_CONFIG]).map(load));
  const nodes = configs.map(({ node, speaker, networks }) => ({ name: node.name, speaker, networks }));
  const options: TorOptions = {
    ...(maxPrefixes === undefined ? {} : { maxPrefixes }),
    ...(listen ? { listen: listen.map(prefix) } : {}),
    ...(peer ? { peers: peer } : {}),
    // A file that is named may be another node's, and then the links here are not its.
    ...(config ? {} : { links: await ownLinks() }),
  };
  return torConfig(vendor, torOf(nodes, options));
}

/** Passwords of other nodes are not here, and need not be: only that there is one matters. */
async function load(file: string): Promise<Config> {
  const [{ loadConfig }, { thisNode }] = await Promise.all([
    import('../config/load.js'),
    import('../config/this-node.js'),
  ]);
  return loadConfig(file, { ...thisNode(), password: () => 'there is one' });
}

async function ownLinks(): Promise<NonNullable<TorOptions['links']>> {
  const { address, prefixAround } = await import('../model/address.js');
  const all = Object.values(networkInterfaces()).flatMap((addresses): NetworkInterfaceInfo[] => addresses ?? []);
  return all.flatMap(({ address: text, cidr, internal }) => {
    if (internal || cidr === null) return [];
    const own = address(text);
    return [{ address: own, network: prefixAround(own, Number(cidr.split('/')[1])) satisfies Prefix }];
  });
}
