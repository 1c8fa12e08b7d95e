/**
 * The bed of the interop table: two nodes with slash32, and between them every daemon at once, each with a link and a session
 * for each family to both. What one node says reaches the other through each daemon.
 *
 *     node1 --- 10.255.1.2i/31 --- daemon i --- 10.255.2.2i/31 --- node2
 */
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { stringify } from 'yaml';
import { reasonOf } from '../lab/debian-suite.js';
import { Lab } from '../lab/lab.js';
import type { LabNode } from '../lab/node.js';
import { until } from '../lab/until.js';
import type { Daemon, Session, Settings } from './daemon.js';
import { type Place, placeIn } from './place.js';

export const NODES = ['node1', 'node2'] as const;
export type NodeName = (typeof NODES)[number];
export const NODE_ASN: Record<NodeName, number> = { node1: 4_200_065_001, node2: 4_200_065_002 };
/** Of network blue, and of what the daemons originate. */
export const TARGET = '64512:100';
export const TABLE = 1001;

/** How all speak for a while. */
export interface Scene {
  /** A daemon's AS. @param index from 0 */
  asn(index: number): number;
  readonly password?: string;
  readonly ttlSecurity?: boolean;
  /** One session for both families, between link-local addresses. */
  readonly linkLocal?: boolean;
  /** The nodes are kept for so many seconds while they are away, and for so many more as long-lived stale ones. */
  readonly kept?: { readonly restart: number; readonly longLived: number };
  /** Keys of `bgp.peers[]`, on every peer. */
  readonly peer?: object;
  /** So many prefixes are originated by each daemon, of IPv4; of IPv6 always one. */
  readonly prefixes?: number;
  /** Where not both nodes take part. */
  readonly nodes?: readonly NodeName[];
}

/** A daemon at its place. */
export interface Peer {
  readonly daemon: Daemon;
  readonly index: number;
  readonly place: Place;
  /** Link-local addresses of the link to node1. */
  readonly linkLocal: Readonly<Record<'node' | 'daemon', string>>;
}

export interface Bed extends AsyncDisposable {
  readonly lab: Lab;
  readonly peers: readonly Peer[];
  /** Why the others are not among them, by name. */
  readonly missing: ReadonlyMap<string, string>;
  /** Lets everybody speak like this. Does not wait for sessions. */
  play(scene: Scene): Promise<void>;
  /** Crashes a daemon and starts it again, as one that has just restarted. */
  crash(peer: Peer): Promise<void>;
}

/** Brings it up, with nobody speaking yet. Daemons that cannot be had are left out. */
export async function bedUp(name: string, daemons: readonly Daemon[]): Promise<Bed> {
  const missing = new Map<string, string>();
  const roots = new Map<Daemon, string | undefined>();
  for (const daemon of daemons) {
    await daemon.fetch().then(
      (root) => roots.set(daemon, root),
      (error) => missing.set(daemon.name, reasonOf(error)),
    );
  }
  const lab = await labOf(name, [...roots.keys()]);
  const peers = await Promise.all([...roots].map(([daemon, root], index) => peerOf(lab, daemon, root, index)));
  let current: Scene | undefined;
  return {
    lab,
    peers,
    missing,
    async play(scene) {
      current = scene;
      await Promise.all(peers.map(({ daemon, place }) => daemon.kill(place)));
      for (const node of NODES) await configure(lab, node, peers, scene);
      await Promise.all(peers.map((peer) => peer.daemon.start(peer.place, settingsOf(peer, scene, false))));
    },
    async crash(peer) {
      await peer.daemon.kill(peer.place);
      await peer.daemon.start(peer.place, settingsOf(peer, current!, true));
    },
    async [Symbol.asyncDispose]() {
      await lab.down();
    },
  };
}

/** The address of one end of a link. */
export function addressOf(node: NodeName, index: number, family: 4 | 6, end: 'node' | 'daemon'): string {
  const number = NODES.indexOf(node) + 1;
  if (family === 4) return `10.255.${number}.${2 * index + (end === 'node' ? 1 : 0)}`;
  return `2001:db8:ff${number}:${index + 1}::${end === 'node' ? '1' : ''}`;
}

/** What a daemon originates. */
export function ownPrefix(index: number, family: 4 | 6): string {
  return family === 4 ? `10.20.100.${index + 1}/32` : `2001:db8:20:100::${index + 1}/128`;
}

async function peerOf(lab: Lab, daemon: Daemon, root: string | undefined, index: number): Promise<Peer> {
  const [node, own] = await Promise.all([
    linkLocalOf(lab.node('node1'), `eth${index + 1}`),
    linkLocalOf(lab.node(daemon.name), 'eth1'),
  ]);
  return { daemon, index, place: placeIn(lab, daemon.name, root), linkLocal: { node, daemon: own } };
}

async function linkLocalOf(node: LabNode, device: string): Promise<string> {
  const shown = await node.exec(['ip', '-j', '-6', 'address', 'show', 'dev', device, 'scope', 'link']);
  // iproute2 prints an empty object for all that it leaves out.
  const addresses = (JSON.parse(shown) as { addr_info?: { local?: string }[] }[]).flatMap(
    (link) => link.addr_info ?? [],
  );
  return addresses.flatMap(({ local = [] }) => local)[0]!;
}

function sessionsOf({ index, linkLocal }: Peer, scene: Scene): Session[] {
  if (scene.linkLocal) {
    const { node: remote, daemon: local } = linkLocal;
    return [{ name: 'node1', families: [4, 6], local, remote, device: 'eth1', remoteAsn: NODE_ASN.node1 }];
  }
  return (scene.nodes ?? NODES).flatMap((node) =>
    ([4, 6] as const).map((family) => ({
      name: `${node}_${family}`,
      families: [family],
      local: addressOf(node, index, family, 'daemon'),
      remote: addressOf(node, index, family, 'node'),
      remoteAsn: NODE_ASN[node],
    })),
  );
}

function settingsOf(peer: Peer, scene: Scene, restarting: boolean): Settings {
  const { index } = peer;
  const more = Array.from({ length: (scene.prefixes ?? 1) - 1 }, (_, i) => `10.20.101.${16 * index + i}/32`);
  return {
    asn: scene.asn(index),
    routerId: `10.255.0.${index + 1}`,
    sessions: sessionsOf(peer, scene),
    prefixes: { 4: [ownPrefix(index, 4), ...more], 6: [ownPrefix(index, 6)] },
    target: TARGET,
    ...(scene.password === undefined ? {} : { password: scene.password }),
    ttlSecurity: scene.ttlSecurity ?? false,
    longLived: scene.kept !== undefined,
    restarting,
  };
}

async function configure(lab: Lab, name: NodeName, peers: readonly Peer[], scene: Scene): Promise<void> {
  const node = lab.node(name);
  const passwordFile = `${node.directory}/slash32/password`;
  if (scene.password !== undefined) writeFileSync(passwordFile, `${scene.password}\n`, { mode: 0o600 });
  const speaks = (scene.nodes ?? NODES).includes(name);
  const sections = peers.flatMap((peer) =>
    ways(name, peer, scene).map((way) => ({
      ...way,
      asn: scene.asn(peer.index),
      ...(scene.password === undefined ? {} : { passwordFile }),
      ...(scene.ttlSecurity ? { ttlSecurity: 1 } : {}),
      ...(scene.kept ? { longLivedGracefulRestart: `${scene.kept.longLived}s` } : {}),
      ...scene.peer,
    })),
  );
  writeFileSync(
    node.boundFile('/etc/slash32/node.yaml'),
    stringify(nodeFile(name, speaks ? sections : [], scene.kept?.restart)),
  );
  if (node.pid('slash32d') === undefined) for (const process of node.processes) await node.start(process);
  else await reload(lab, name);
}

/** Where the sessions of a node with a daemon are. */
function ways(node: NodeName, { daemon: { name }, index }: Peer, { linkLocal }: Scene): object[] {
  if (linkLocal) return [{ name, interface: `eth${index + 1}` }];
  return ([4, 6] as const).map((family) => ({
    name: `${name}-v${family}`,
    address: addressOf(node, index, family, 'daemon'),
    families: [`ipv${family}`],
  }));
}

async function reload(lab: Lab, name: NodeName): Promise<void> {
  const node = lab.node(name);
  const reloads = () => (node.log('slash32d').match(/"event":"reload(ed|-refused)"/g) ?? []).length;
  const before = reloads();
  await node.kill('slash32d', 'SIGHUP');
  await until(() => reloads() > before, { what: `${name} to read its file again` });
}

function nodeFile(name: NodeName, peers: readonly object[], restart = 60) {
  const number = NODES.indexOf(name) + 1;
  return {
    node: { name, routerId: `10.255.${number}.255` },
    bgp: { asn: NODE_ASN[name], gracefulRestart: `${restart}s`, timers: { hold: '9s', connectRetry: '5s' }, peers },
    networks: [
      {
        name: 'blue',
        import: [TARGET],
        export: [TARGET],
        pools: [`10.20.${number}.0/24`, `2001:db8:20:${number}::/64`],
        prefixes: ['10.20.0.0/16', '2001:db8:20::/48'],
        table: TABLE,
      },
    ],
  };
}

async function labOf(name: string, daemons: readonly Daemon[]): Promise<Lab> {
  const directory = mkdtempSync(join(tmpdir(), `s32-${name}-`));
  try {
    writeFileSync(join(directory, 'node.yaml'), stringify(nodeFile('node1', [])));
    writeFileSync(join(directory, 'lab.clab.yml'), stringify(topology(name, daemons)));
    return await Lab.forTests(join(directory, 'lab.clab.yml'), { bare: true });
  } finally {
    rmSync(directory, { recursive: true });
  }
}

function topology(name: string, daemons: readonly Daemon[]) {
  const assign = (node: NodeName, index: number, end: 'node' | 'daemon', device: string) => [
    `ip address add ${addressOf(node, index, 4, end)}/31 dev ${device}`,
    `ip address add ${addressOf(node, index, 6, end)}/127 dev ${device} nodad`,
  ];
  const nodes = NODES.map((node) => [
    node,
    {
      kind: 'linux',
      image: 'slash32',
      binds: ['node.yaml:/etc/slash32/node.yaml'],
      exec: daemons.flatMap((_, index) => assign(node, index, 'node', `eth${index + 1}`)),
    },
  ]);
  const others = daemons.map((daemon, index) => [
    daemon.name,
    {
      kind: 'linux',
      image: 'debian',
      exec: [
        'sysctl -q -w net.ipv4.ip_forward=1 net.ipv6.conf.all.forwarding=1',
        ...NODES.flatMap((node, i) => assign(node, index, 'daemon', `eth${i + 1}`)),
      ],
    },
  ]);
  const links = daemons.flatMap((daemon, index) =>
    NODES.map((node, i) => ({ endpoints: [`${daemon.name}:eth${i + 1}`, `${node}:eth${index + 1}`] })),
  );
  return { name, topology: { nodes: Object.fromEntries([...nodes, ...others]), links } };
}
