/**
 * Two switches (FRR) and three nodes, each with another generation of gobgpd as its sidecar, and between a switch and each of
 * them a session for each kind of setting, on addresses of its own:
 *
 *     tor1, another AS   198.51.i.K --- 198.51.i.10K   node<i>
 *     tor2, their AS     198.52.i.K --- 198.52.i.10K   node<i>
 */
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { stringify } from 'yaml';
import { type Release, releases } from '../gobgp/newer.js';
import { Lab } from '../lab/lab.js';
import { until } from '../lab/until.js';

const TARGET = '64512:100';
const NODE_ASN = 65001;
const ASNS = { tor1: 65000, tor2: NODE_ASN } as const;
export type Tor = keyof typeof ASNS;
const TORS: readonly Tor[] = ['tor1', 'tor2'];

/** Behind the switch; each node has a route there, on no link of its own. */
const FAR = '203.0.113.9';
const PASSWORD = { file: '/run/slash32/password', text: 'secret' } as const;

/** What makes a session: the switch's lines, in its family too, and the node's keys, of a peer or of a range. */
interface Settings {
  readonly tor?: readonly string[];
  readonly torFamily?: readonly string[];
  readonly node: object;
  readonly byRange?: true;
}

const ofSession = {
  timers: { node: { timers: { hold: '12s', keepalive: '4s' } } },
  gtsm: { tor: ['ttl-security hops 1'], node: { ttlSecurity: 1 } },
  signed: { tor: [`password ${PASSWORD.text}`], node: { passwordFile: PASSWORD.file } },
  marks: { node: { communities: ['65001:7', 'no-export'], largeCommunities: ['65001:1:2'] } },
  internal: { node: { localPreference: 250 } },
  lists: { node: { untagged: [TARGET], allow: ['10.99.0.0/16 le 24'], deny: ['10.99.2.0/24'] } },
  hops: {
    torFamily: ['route-map FAR out'],
    node: { untagged: [TARGET], allow: ['10.97.1.0/24'], nextHops: 'recursive' },
  },
  limit: { node: { maxPrefixes: 2 } },
  blocks: { node: { announce: 'aggregate' } },
  range: { byRange: true, node: { communities: ['65001:8'] } },
  'signed-range': {
    ...{ byRange: true, tor: [`password ${PASSWORD.text}`] },
    node: { passwordFile: PASSWORD.file },
  },
  'limited-range': { byRange: true, node: { maxPrefixes: 2 } },
} as const satisfies Record<string, Settings>;

/** The sessions by what is tried with them. */
export type Session = keyof typeof ofSession;
const SESSIONS: Readonly<Record<Session, Settings>> = ofSession;
const KINDS = Object.keys(SESSIONS) as Session[];

/** The switch that a session is with. */
export function torOf(session: Session): Tor {
  return session === 'internal' ? 'tor2' : 'tor1';
}

/** The address of one end of a session. */
export function addressOf(index: number, session: Session, end: 'tor' | 'node'): string {
  const network = torOf(session) === 'tor1' ? '198.51' : '198.52';
  return `${network}.${index + 1}.${KINDS.indexOf(session) + 1 + (end === 'node' ? 100 : 0)}`;
}

/** What the switch originates, without a target. */
const ORIGINATED = ['10.97.1.0/24', '10.98.1.0/24', '10.99.1.0/24', '10.99.2.0/24'] as const;

/** A node and its gobgpd. */
export interface Node {
  readonly release: Release;
  readonly index: number;
  readonly name: string;
}

export interface Bed {
  readonly lab: Lab;
  /** Those whose gobgpd could be had. */
  readonly nodes: readonly Node[];
}

/** Brings it up; does not wait for sessions. */
export async function bedUp(name: string): Promise<Bed> {
  const nodes = (await releases()).map((release, index) => ({ release, index, name: `node${index + 1}` }));
  const directory = mkdtempSync(join(tmpdir(), `s32-${name}-`));
  try {
    for (const node of nodes) writeFileSync(join(directory, `${node.name}.yaml`), stringify(nodeFile(node)));
    for (const tor of TORS) writeFileSync(join(directory, `${tor}.conf`), torFile(tor, nodes));
    writeFileSync(join(directory, 'lab.clab.yml'), stringify(topology(name, nodes)));
    const lab = await Lab.forTests(join(directory, 'lab.clab.yml'), { bare: true });
    const present = nodes.filter(({ release }) => release.binary);
    await start(lab, present).catch(async (error) => {
      await lab.down();
      throw error;
    });
    return { lab, nodes: present };
  } finally {
    rmSync(directory, { recursive: true });
  }
}

async function start(lab: Lab, nodes: readonly Node[]): Promise<void> {
  for (const tor of TORS) for (const process of lab.node(tor).processes) await lab.node(tor).start(process);
  for (const { name, release } of nodes) {
    // The sidecar runs what is called gobgpd on its path.
    const env = release.binary?.includes('/') ? { PATH: `${dirname(release.binary)}:${process.env.PATH}` } : {};
    writeFileSync(`${lab.node(name).directory}${PASSWORD.file.replace('/run', '')}`, PASSWORD.text, { mode: 0o600 });
    for (const process of lab.node(name).processes) await lab.node(name).start(process, { env });
    await until(async () => (await lab.node(name).exec(['ss', '-Hltn'])).includes(':179 '), {
      what: `${name} to listen`,
    });
  }
}

function nodeFile({ name, index }: Node) {
  const settings = (session: Session) => ({ name: session, asn: ASNS[torOf(session)], ...SESSIONS[session].node });
  const [ranges, peers] = [true, false].map((byRange) => KINDS.filter((one) => !!SESSIONS[one].byRange === byRange));
  return {
    node: { name, routerId: addressOf(index, 'timers', 'node') },
    bgp: {
      ...{ asn: NODE_ASN, gracefulRestart: '60s', timers: { hold: '9s', connectRetry: '1s' } },
      peers: [
        ...peers!.map((session) => ({
          ...{ address: addressOf(index, session, 'tor'), localAddress: addressOf(index, session, 'node') },
          ...settings(session),
        })),
        { name: 'link', interface: 'eth1', asn: ASNS.tor1, communities: ['65001:9'] },
      ],
      listenRanges: ranges!.map((session) => ({
        prefix: `${addressOf(index, session, 'tor')}/32`,
        ...settings(session),
      })),
    },
    networks: [
      {
        ...{ name: 'blue', import: [TARGET], export: [TARGET], table: 1001 },
        pools: [`10.20.${index + 1}.0/24`, `2001:db8:20:${index + 1}::/64`],
      },
    ],
  };
}

function torFile(tor: Tor, nodes: readonly Node[]): string {
  const unnumbered = tor === 'tor1' ? nodes : [];
  const all = nodes.flatMap(({ index }) =>
    KINDS.filter((session) => torOf(session) === tor).map((session) => ({
      session,
      of: addressOf(index, session, 'node'),
      from: addressOf(index, session, 'tor'),
    })),
  );
  return [
    'frr defaults traditional',
    'service integrated-vtysh-config',
    'ip prefix-list SHORT seq 5 permit 10.99.1.0/24',
    'route-map FAR permit 10',
    ` set ip next-hop ${FAR}`,
    'exit',
    `router bgp ${ASNS[tor]}`,
    ` bgp router-id ${tor === 'tor1' ? '198.51.100.1' : '198.51.100.2'}`,
    ' no bgp default ipv4-unicast',
    ' no bgp ebgp-requires-policy',
    ' no bgp network import-check',
    ' bgp graceful-restart',
    ' timers bgp 10 30',
    ...all.flatMap(({ session, of, from }) => [
      ` neighbor ${of} remote-as ${NODE_ASN}`,
      ` neighbor ${of} update-source ${from}`,
      ` neighbor ${of} timers connect 1`,
      ...(SESSIONS[session].tor ?? []).map((line) => ` neighbor ${of} ${line}`),
    ]),
    ...unnumbered.flatMap(({ index }) => [
      ` neighbor eth${index + 1} interface remote-as external`,
      ` neighbor eth${index + 1} timers connect 1`,
    ]),
    ' address-family ipv4 unicast',
    ...ORIGINATED.map((prefix) => `  network ${prefix}`),
    ...all.flatMap(({ session, of }) =>
      ['activate', ...(SESSIONS[session].torFamily ?? [])].map((line) => `  neighbor ${of} ${line}`),
    ),
    ...unnumbered.map(({ index }) => `  neighbor eth${index + 1} activate`),
    ' exit-address-family',
    ' address-family ipv6 unicast',
    ...unnumbered.map(({ index }) => `  neighbor eth${index + 1} activate`),
    ' exit-address-family',
    'exit',
    '',
  ].join('\n');
}

function topology(name: string, nodes: readonly Node[]) {
  const assign = (tor: Tor, { index }: Node, end: 'tor' | 'node', device: string) =>
    KINDS.filter((session) => torOf(session) === tor).map(
      (session) => `ip address add ${addressOf(index, session, end)}/24 dev ${device}`,
    );
  const forward = 'sysctl -q -w net.ipv4.ip_forward=1 net.ipv6.conf.all.forwarding=1';
  const tors = TORS.map((tor) => [
    tor,
    {
      ...{ kind: 'linux', image: 'frrouting/frr:v8.4.0', binds: [`${tor}.conf:/etc/frr/frr.conf`] },
      exec: [forward, ...nodes.flatMap((node) => assign(tor, node, 'tor', `eth${node.index + 1}`))],
    },
  ]);
  const others = nodes.map((node) => [
    node.name,
    {
      ...{ kind: 'linux', image: 'slash32:latest', binds: [`${node.name}.yaml:/etc/slash32/node.yaml`] },
      exec: [
        ...TORS.flatMap((tor, i) => assign(tor, node, 'node', `eth${i + 1}`)),
        `ip route add ${FAR}/32 via ${addressOf(node.index, 'hops', 'tor')}`,
      ],
    },
  ]);
  const links = nodes.flatMap(({ index, name: node }) =>
    TORS.map((tor, i) => ({ endpoints: [`${tor}:eth${index + 1}`, `${node}:eth${i + 1}`] })),
  );
  return { name, topology: { nodes: Object.fromEntries([...tors, ...others]), links } };
}
