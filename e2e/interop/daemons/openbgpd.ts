/** OpenBGPD, asked with bgpctl. Its Linux port writes no kernel routes. */
import { unpackedSystem } from '../../lab/debian-suite.js';
import { until } from '../../lab/until.js';
import { type Daemon, isInternal, type Session, type Settings } from '../daemon.js';
import type { Place } from '../place.js';

/** @param suite the Debian suite to take it from */
export function openbgpd(name: string, suite: string): Daemon {
  return {
    name,
    title: 'OpenBGPD',
    fetch: () => unpackedSystem(suite, 'openbgpd', ['_openbgpd']),
    version: async (at) => /OpenBGPD ([\d.]+)/.exec(await at.exec(['sh', '-c', 'bgpd -V 2>&1']))?.[1] ?? '?',
    start,
    // Its session engine and its route engine are processes of their own, and end with the one that started them.
    kill: (at) => at.kill('bgpd'),
    established,
    paths,
    log: (at) => at.node.log('bgpd'),
  };
}

const SOCKET = '/run/slash32/bgpd.sock';

async function start(at: Place, settings: Settings): Promise<void> {
  const file = at.write('bgpd.conf', configuration(settings));
  at.launch('bgpd', ['bgpd', '-d', '-f', file]);
  await until(() => bgpctl(at, 'show', 'neighbor'), { what: `bgpd of ${at.node.name}` });
}

async function bgpctl<T>(at: Place, ...words: string[]): Promise<T> {
  return JSON.parse(await at.exec(['bgpctl', '-j', '-s', SOCKET, ...words])) as T;
}

function configuration(settings: Settings): string {
  const { asn, routerId, prefixes, target, sessions } = settings;
  return [
    `AS ${asn}`,
    `router-id ${routerId}`,
    `socket "${SOCKET}"`,
    'fib-update no',
    'connect-retry 5',
    'holdtime 9',
    ...[...prefixes[4], ...prefixes[6]].map((prefix) => `network ${prefix} set { ext-community rt ${target} }`),
    ...sessions.map((session) => neighbor(settings, session)),
    'allow from any',
    'allow to any',
    '',
  ].join('\n');
}

function neighbor(settings: Settings, session: Session): string {
  const { password, ttlSecurity } = settings;
  const { remote, remoteAsn, local, families } = session;
  const lines = [
    `remote-as ${remoteAsn}`,
    `local-address ${local}`,
    `announce IPv4 ${families.includes(4) ? 'unicast' : 'none'}`,
    `announce IPv6 ${families.includes(6) ? 'unicast' : 'none'}`,
    ...(isInternal(settings, session) ? ['route-reflector'] : []),
    ...(password === undefined ? [] : [`tcp md5sig password ${password}`]),
    ...(ttlSecurity ? ['ttl-security yes'] : []),
  ];
  return [`neighbor ${remote} {`, ...lines.map((line) => `  ${line}`), '}'].join('\n');
}

async function established(at: Place): Promise<string[]> {
  type Neighbor = { readonly remote_addr: string; readonly state: string };
  const { neighbors } = await bgpctl<{ neighbors?: Neighbor[] }>(at, 'show', 'neighbor');
  return (neighbors ?? []).filter(({ state }) => state === 'Established').map(({ remote_addr }) => remote_addr);
}

interface RibEntry {
  readonly exit_nexthop: string;
  readonly true_nexthop?: string;
  readonly aspath: string;
  readonly extended_communities?: readonly string[];
}

async function paths(at: Place, prefix: string) {
  const { rib } = await bgpctl<{ rib?: RibEntry[] }>(at, 'show', 'rib', 'detail', prefix);
  return (rib ?? []).map(({ exit_nexthop, aspath, extended_communities }) => ({
    nextHop: exit_nexthop,
    asPath: aspath,
    isLongStale: false,
    targets: (extended_communities ?? []).flatMap((text) => /^rt (.+)$/.exec(text)?.[1] ?? []),
  }));
}
