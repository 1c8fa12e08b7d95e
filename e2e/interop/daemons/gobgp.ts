/** gobgpd with a file of its own, asked with the gobgp of the same release. It writes no kernel routes. */
import { rmSync } from 'node:fs';
import { unpackedPackage } from '../../lab/debian-suite.js';
import { GOBGP_API } from '../../lab/image.js';
import { until } from '../../lab/until.js';
import { type Daemon, isInternal, type Session, type Settings } from '../daemon.js';
import type { Place } from '../place.js';

/** @param suite the Debian suite to take it from; absent: what is installed */
export function gobgp(name: string, suite?: string): Daemon {
  let directory = '/usr/bin';
  const ask = (at: Place, ...words: string[]) => at.exec([`${directory}/gobgp`, '--target', GOBGP_API, ...words]);
  return {
    name,
    title: 'GoBGP',
    async fetch() {
      if (suite) directory = `${await unpackedPackage(suite, 'gobgpd')}/usr/bin`;
      return undefined;
    },
    version: async (at) => /([\d.]+\d)/.exec(await at.exec([`${directory}/gobgpd`, '--version']))?.[1] ?? '?',
    async start(at, settings) {
      const file = at.write('gobgp.toml', configuration(settings));
      rmSync(`${at.directory}/gobgpd.sock`, { force: true });
      const options = ['--api-hosts', GOBGP_API, '--pprof-disable', ...(settings.restarting ? ['-r'] : [])];
      at.launch('gobgpd', [`${directory}/gobgpd`, '-f', file, ...options]);
      await until(() => ask(at, 'global'), { what: `gobgpd of ${at.node.name}` });
      for (const prefix of [...settings.prefixes[4], ...settings.prefixes[6]]) {
        await ask(at, 'global', 'rib', 'add', prefix, 'rt', settings.target, '-a', familyOf(prefix));
      }
    },
    kill: (at) => at.kill('gobgpd'),
    established: async (at) => established(await ask(at, '-j', 'neighbor')),
    paths: async (at, prefix) => paths(await ask(at, '-j', 'global', 'rib', prefix, '-a', familyOf(prefix))),
    log: (at) => at.node.log('gobgpd'),
  };
}

function familyOf(prefix: string): string {
  return prefix.includes(':') ? 'ipv6' : 'ipv4';
}

function configuration(settings: Settings): string {
  const { asn, routerId, sessions } = settings;
  return [
    '[global.config]',
    `  as = ${asn}`,
    `  router-id = "${routerId}"`,
    ...sessions.map((session) => neighbor(settings, session)),
    '',
  ].join('\n');
}

function neighbor(settings: Settings, session: Session): string {
  const { password, ttlSecurity, longLived } = settings;
  const { remote, remoteAsn, families, device } = session;
  const scope = device === undefined ? '' : `%${device}`;
  return `[[neighbors]]
  [neighbors.config]
    neighbor-address = "${remote}${scope}"
    peer-as = ${remoteAsn}
    ${password === undefined ? '' : `auth-password = "${password}"`}
  [neighbors.timers.config]
    hold-time = 9.0
    keepalive-interval = 3.0
    connect-retry = 5.0
  ${isInternal(settings, session) ? REFLECTOR : ''}
  ${ttlSecurity ? '[neighbors.ttl-security.config]\n    enabled = true\n    ttl-min = 255' : ''}
  [neighbors.graceful-restart.config]
    enabled = true
    restart-time = 60
    deferral-time = 15
    ${longLived ? 'long-lived-enabled = true' : ''}
${families.map((family) => `${afiSafi(family)}\n${longLived ? LONG_LIVED : ''}`).join('\n')}`;
}

function afiSafi(family: 4 | 6): string {
  return `  [[neighbors.afi-safis]]
    [neighbors.afi-safis.config]
      afi-safi-name = "ipv${family}-unicast"
    [neighbors.afi-safis.mp-graceful-restart.config]
      enabled = true`;
}

const LONG_LIVED = `    [neighbors.afi-safis.long-lived-graceful-restart.config]
      enabled = true
      restart-time = 3600`;

const REFLECTOR = `[neighbors.route-reflector.config]
    route-reflector-client = true
    route-reflector-cluster-id = "10.255.0.1"`;

interface Neighbor {
  readonly state: { readonly neighbor_address?: string; readonly session_state?: number };
}

/** The sessions that the output of `gobgp -j neighbor` shows as established. */
export function established(json: string): string[] {
  return (JSON.parse(json) as Neighbor[])
    .filter(({ state }) => state.session_state === 6)
    .map(({ state }) => state.neighbor_address ?? '');
}

/** 65535:6, RFC 9494. */
const LLGR_STALE = 0xffff0006;

/** A path as `gobgp -j` prints it: attributes by their number in BGP. */
interface GobgpPath {
  readonly attrs: readonly Attribute[];
}
interface Attribute {
  readonly type: number;
  readonly nexthop?: string;
  readonly communities?: readonly number[];
  readonly as_paths?: readonly { readonly asns: readonly number[] }[];
  // biome-ignore lint/suspicious/noExplicitAny: another thing for each type
  readonly value?: any;
}

/** Paths in the output of `gobgp -j ... rib`, of every destination in it. */
export function paths(json: string) {
  const rib = (JSON.parse(json || '{}') ?? {}) as Record<string, readonly GobgpPath[]>;
  return Object.values(rib)
    .flat()
    .map(({ attrs }) => {
      const of = (type: number) => attrs.find((attribute) => attribute.type === type);
      const extended = (of(16)?.value ?? []) as { subtype: number; value: string }[];
      return {
        nextHop: of(14)?.nexthop ?? of(3)?.nexthop ?? '',
        asPath: (of(2)?.as_paths ?? []).flatMap(({ asns }) => asns).join(' '),
        isLongStale: (of(8)?.communities ?? []).includes(LLGR_STALE),
        targets: extended.filter(({ subtype }) => subtype === 2).map(({ value }) => value),
      };
    });
}
