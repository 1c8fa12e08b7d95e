/**
 * The configuration file -> model: text, plain value, checked words, `Config`. All or nothing: either a configuration
 * without any problem comes out, or a ConfigError with every problem and its place.
 */
import { readFile } from 'node:fs/promises';
import type { Address } from '../model/address.js';
import type { ListenRange, Peer, SoughtPeer, Speaker } from '../model/peer.js';
import type { Config } from './config.js';
import { crossProblems } from './cross-checks.js';
import { describeIssue } from './describe-issue.js';
import { ConfigError } from './problem.js';
import { type ConfigFile, fileSchema } from './schema.js';
import { type ThisNode, thisNode } from './this-node.js';
import { readYaml } from './yaml-source.js';

/** Reads and checks the file. Throws ConfigError, also when the file cannot be read. */
export async function loadConfig(path: string, node: ThisNode = thisNode()): Promise<Config> {
  return parseConfig(await textOf(path), path, node);
}

/**
 * Checks the text of a configuration file. Throws ConfigError.
 * @param filename what the problems name
 */
export function parseConfig(text: string, filename: string, node: ThisNode = thisNode()): Config {
  return configReader(node)(text, filename);
}

/** `parseConfig` for one node and many texts: to build the schema takes longer than to read ten files with it. */
export function configReader(node: ThisNode): (text: string, filename: string) => Config {
  const schema = fileSchema(node);
  return (text, filename) => {
    const source = readYaml(text);
    if (source.problems.length > 0) throw new ConfigError(filename, source.problems);
    const value = source.value ?? {};
    const file = schema.safeParse(value, { reportInput: true });
    const problems = [...(file.error?.issues ?? []).flatMap(describeIssue), ...crossProblems(value, node)];
    if (!file.success || problems.length > 0) throw new ConfigError(filename, problems.map(source.locate));
    return configOf(file.data, node);
  };
}

async function textOf(path: string): Promise<string> {
  try {
    return await readFile(path, 'utf8');
  } catch (error) {
    const message = `cannot be read (${(error as NodeJS.ErrnoException).code}); name another file, or make this one`;
    throw new ConfigError(path, [{ line: 1, column: 1, path: '', message }], { cause: error });
  }
}

function configOf(file: ConfigFile, node: ThisNode): Config {
  const { bgp, kernel, runDir } = file;
  return {
    node: { name: file.node.name ?? node.hostname },
    speaker: speakerOf(file),
    gobgp: { api: bgp.gobgp.api ?? `unix://${runDir}/gobgpd.sock`, manage: bgp.gobgp.manage },
    networks: {
      byName: new Map(file.networks.map((network) => [network.name, network])),
      host: file.host,
      ...(file.netConfNetworks.length > 0 && { netConfNetworks: file.netConfNetworks }),
    },
    kernel: { rulePriority: kernel.rulePriority, shortcut: kernel.shortcut },
    gateways: kernel.gateways,
    ipam: file.ipam,
    log: file.log,
    ...(file.metrics && { metrics: file.metrics.listen }),
    runDir,
    sockets: { cni: `${runDir}/cni.sock`, admin: `${runDir}/admin.sock` },
  };
}

function reflectorOf({ routeReflector }: ConfigFile['bgp'], routerId: Address): Pick<Speaker, 'reflector'> {
  return routeReflector ? { reflector: { clusterId: routeReflector.clusterId ?? routerId } } : {};
}

function speakerOf({ node, bgp }: ConfigFile): Speaker {
  const clients = bgp.routeReflector?.clients ?? [];
  const asClient = <T extends Peer | SoughtPeer | ListenRange>(peer: T): T =>
    clients.includes(peer.name) ? { ...peer, isClient: true } : peer;
  const peers = bgp.peers.map(asClient);
  return {
    asn: bgp.asn,
    routerId: node.routerId,
    listenPort: bgp.listenPort,
    listenAddresses: bgp.listenAddresses,
    timers: bgp.timers,
    restartTime: bgp.gracefulRestart,
    ...(bgp.nextHop6 === undefined ? {} : { nextHop6: bgp.nextHop6 }),
    ...reflectorOf(bgp, node.routerId),
    peers: peers.filter((peer): peer is Peer => 'address' in peer),
    sought: peers.filter((peer): peer is SoughtPeer => 'where' in peer),
    ...(bgp.listenRanges.length > 0 && { ranges: bgp.listenRanges.map(asClient) }),
    ...(bgp.guards === undefined ? {} : { guards: bgp.guards }),
  };
}
