/** FRR: zebra and bgpd, asked with vtysh. */
import { unpackedSystem } from '../../lab/debian-suite.js';
import { until } from '../../lab/until.js';
import { type Daemon, isExtended, isInternal, type Session, type Settings } from '../daemon.js';
import type { Place } from '../place.js';

/** @param suite the Debian suite to take it from; absent: what is installed */
export function frr(name: string, suite?: string): Daemon {
  return {
    name,
    title: 'FRR',
    fetch: async () => (suite ? unpackedSystem(suite, 'frr', ['frr', 'frrvty']) : undefined),
    version: async (at) => /version ([\d.]+)/.exec(await at.exec(['/usr/lib/frr/bgpd', '--version']))?.[1] ?? '?',
    // What users an unpacked system finds on this machine is not known: there it runs as root.
    async start(at, settings) {
      if (suite) await at.exec(['chown', 'root:root', '/run/frr']);
      await start(at, settings, suite ? ['-u', 'root', '-g', 'root'] : []);
    },
    kill: (at) => at.kill('bgpd'),
    established,
    paths,
    log: (at) => at.node.log('bgpd'),
  };
}

async function start(at: Place, settings: Settings, user: readonly string[]): Promise<void> {
  const file = at.write('frr.conf', configuration(settings));
  if (!settings.restarting) await at.kill('zebra');
  for (const name of settings.restarting ? ['bgpd'] : ['zebra', 'bgpd']) {
    at.launch(name, [`/usr/lib/frr/${name}`, ...user, ...OPTIONS]);
    await until(() => vtysh(at, '-d', name, '-c', 'show version'), { what: `${name} of ${at.node.name}` });
  }
  await vtysh(at, '-d', 'bgpd', '-f', file);
}

const OPTIONS = ['-f', '/dev/null', '-A', '127.0.0.1', '-P', '0', '--log', 'stdout'];

function vtysh(at: Place, ...words: string[]): Promise<string> {
  return at.exec(['vtysh', ...words]);
}

function configuration(settings: Settings): string {
  const { asn, routerId, sessions, prefixes, target, longLived } = settings;
  const family = (of: 4 | 6) => [
    ` address-family ipv${of} unicast`,
    ...prefixes[of].map((prefix) => `  network ${prefix} route-map OWN`),
    ...sessions
      .filter(({ families }) => families.includes(of))
      .flatMap((session) => [
        `  neighbor ${session.remote} activate`,
        ...(isInternal(settings, session) ? [`  neighbor ${session.remote} route-reflector-client`] : []),
      ]),
    ' exit-address-family',
  ];
  return [
    'route-map OWN permit 10',
    ` set extcommunity rt ${target}`,
    'exit',
    `router bgp ${asn}`,
    ` bgp router-id ${routerId}`,
    ' no bgp default ipv4-unicast',
    ' no bgp ebgp-requires-policy',
    ' no bgp network import-check',
    ' bgp log-neighbor-changes',
    ' bgp graceful-restart',
    ' bgp graceful-restart preserve-fw-state',
    ...(longLived ? [' bgp long-lived-graceful-restart stale-time 3600'] : []),
    ...sessions.flatMap((session) => neighbor(settings, session)),
    ...family(4),
    ...family(6),
    'exit',
    '',
  ].join('\n');
}

function neighbor({ password, ttlSecurity }: Settings, session: Session): string[] {
  const { remote, remoteAsn, device } = session;
  const line = ` neighbor ${remote}`;
  return [
    `${line} remote-as ${remoteAsn}`,
    ...(device === undefined ? [] : [`${line} interface ${device}`]),
    ...(isExtended(session) ? [`${line} capability extended-nexthop`] : []),
    `${line} timers 3 9`,
    `${line} timers connect 1`,
    `${line} advertisement-interval 0`,
    ...(password === undefined ? [] : [`${line} password ${password}`]),
    ...(ttlSecurity ? [`${line} ttl-security hops 1`] : []),
  ];
}

interface Summary {
  readonly peers?: Readonly<Record<string, { readonly state: string }>>;
}

async function established(at: Place): Promise<string[]> {
  const families = JSON.parse(await vtysh(at, '-c', 'show bgp summary json')) as Record<string, Summary>;
  return Object.values(families)
    .flatMap(({ peers }) => Object.entries(peers ?? {}))
    .filter(([, { state }]) => state === 'Established')
    .map(([address]) => address);
}

interface FrrPath {
  readonly aspath: { readonly string: string };
  readonly extendedCommunity?: { readonly string: string };
  readonly community?: { readonly string: string };
  readonly nexthops: readonly { readonly ip: string; readonly scope?: string }[];
}

async function paths(at: Place, prefix: string) {
  const family = prefix.includes(':') ? 'ipv6' : 'ipv4';
  const shown = JSON.parse(await vtysh(at, '-c', `show bgp ${family} unicast ${prefix} json`)) as { paths?: FrrPath[] };
  return (shown.paths ?? []).map(({ aspath, extendedCommunity, community, nexthops }) => ({
    nextHop: (nexthops.find(({ scope }) => scope !== 'link-local') ?? nexthops[0])?.ip ?? '',
    asPath: aspath.string === 'Local' ? '' : aspath.string,
    targets: (extendedCommunity?.string ?? '').split(' ').flatMap((word) => /^RT:(.+)$/.exec(word)?.[1] ?? []),
    isLongStale: /\bllgr-stale\b/.test(community?.string ?? ''),
  }));
}
