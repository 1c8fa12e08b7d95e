/** BIRD, asked with birdc. */
import { unpackedSystem } from '../../lab/debian-suite.js';
import { until } from '../../lab/until.js';
import { all, type Daemon, isExtended, isInternal, type Session, type Settings } from '../daemon.js';
import type { Place } from '../place.js';

/** @param system Debian's suite and package to take it from; absent: what is installed */
export function bird(name: string, system?: { readonly suite: string; readonly package: string }): Daemon {
  return {
    name,
    title: 'BIRD',
    fetch: async () => (system ? unpackedSystem(system.suite, system.package) : undefined),
    version: async (at) => /BIRD (\d[\d.]*\d)/.exec(await birdc(at, 'show', 'status'))?.[1] ?? '?',
    start,
    kill: (at) => at.kill('bird'),
    established,
    paths,
    log: (at) => at.node.log('bird'),
  };
}

const SOCKET = '/run/slash32/bird.ctl';

async function start(at: Place, settings: Settings): Promise<void> {
  const file = at.write('bird.conf', configuration(settings));
  at.launch('bird', ['bird', '-f', ...(settings.restarting ? ['-R'] : []), '-c', file, '-s', SOCKET]);
  await until(() => birdc(at, 'show', 'status'), { what: `bird of ${at.node.name}` });
}

function birdc(at: Place, ...words: string[]): Promise<string> {
  return at.exec(['birdc', '-s', SOCKET, ...words]);
}

function configuration(settings: Settings): string {
  const { routerId, prefixes, target, sessions } = settings;
  const [admin, number] = target.split(':');
  const own = (family: 4 | 6) =>
    `protocol static own${family} { ipv${family} { import filter { bgp_ext_community.add((rt, ${admin}, ${number})); accept; }; }; ${prefixes[family].map((prefix) => `route ${prefix} blackhole;`).join(' ')} }`;
  return [
    'log stderr all;',
    `router id ${routerId};`,
    'protocol device { }',
    'protocol kernel { ipv4 { export where source = RTS_BGP; }; }',
    'protocol kernel { ipv6 { export where source = RTS_BGP; }; }',
    own(4),
    own(6),
    ...sessions.map((session) => protocol(settings, session)),
    '',
  ].join('\n');
}

function protocol(settings: Settings, session: Session): string {
  const { asn, password, ttlSecurity, longLived } = settings;
  const { name, remote, remoteAsn, local, families, device } = session;
  const scope = device === undefined ? '' : `%'${device}'`;
  const lines = [
    `local ${local} as ${asn};`,
    `neighbor ${remote}${scope} as ${remoteAsn};`,
    'direct;',
    ...(isInternal(settings, session) ? ['rr client;'] : []),
    ...(password === undefined ? [] : [`password "${password}";`]),
    ...(ttlSecurity ? ['ttl security on;'] : []),
    'hold time 9; keepalive time 3; connect retry time 1; connect delay time 1; error wait time 1, 2;',
    'graceful restart on;',
    ...(longLived ? ['long lived graceful restart on;'] : []),
    ...families.map((family) => channel(family, family === 4 && isExtended(session))),
  ];
  return [`protocol bgp ${name} {`, ...lines.map((line) => `  ${line}`), '}'].join('\n');
}

function channel(family: 4 | 6, extended: boolean): string {
  const nextHop = extended ? 'extended next hop on; ' : '';
  return `ipv${family} { ${nextHop}import all; export where source ~ [ RTS_BGP, RTS_STATIC ]; };`;
}

async function established(at: Place): Promise<string[]> {
  const blocks = (await birdc(at, 'show', 'protocols', 'all')).split(/\n(?=\S+ +BGP )/);
  return blocks
    .filter((block) => /BGP state: +Established/.test(block))
    .flatMap((block) => all(/Neighbor address: +(\S+)/g, block));
}

/** BIRD 2 says BGP.next_hop and (rt, 64512, 100), BIRD 3 bgp_next_hop and the like. */
async function paths(at: Place, prefix: string) {
  const text = await birdc(at, 'show', 'route', 'all', prefix).catch((error: Error) => {
    if (error.message.includes('Network not found')) return '';
    throw error;
  });
  return text.split(/(?=\bBGP[._]as_path\b|\bbgp_path\b)/i).flatMap((block) => {
    const nextHop = /bgp[._]next_hop: +(?::: )?(\S+)/i.exec(block)?.[1];
    if (nextHop === undefined) return [];
    const asPath = /(?:bgp[._]as_path|bgp_path): *(.*)/i.exec(block)?.[1] ?? '';
    const targets = [...block.matchAll(/\(rt, ?(\d+), ?(\d+)\)/g)].map(([, admin, number]) => `${admin}:${number}`);
    return [{ nextHop, asPath, targets, isLongStale: /\(65535, ?6\)/.test(block) }];
  });
}
