/** ExaBGP, which says what it hears as lines of JSON to a process of ours; here a file. It has no table of its own. */
import { readFileSync, rmSync } from 'node:fs';
import { unpackedSystem } from '../../lab/debian-suite.js';
import { until } from '../../lab/until.js';
import type { Daemon, Session, Settings, Shown } from '../daemon.js';
import type { Place } from '../place.js';

/** @param suite the Debian suite to take it from */
export function exabgp(name: string, suite: string): Daemon {
  return {
    name,
    title: 'ExaBGP',
    fetch: () => unpackedSystem(suite, 'exabgp'),
    version: async (at) => /ExaBGP : ([\d.]+)/.exec(await at.exec([PROGRAM, '--version']))?.[1] ?? '?',
    start,
    kill: (at) => at.kill('exabgp'),
    established: async (at) => [...sessions(at).entries()].filter(([, isUp]) => isUp).map(([address]) => address),
    paths: async (at, prefix) => paths(at, prefix),
    log: (at) => readFileSync(eventsFile(at), 'utf8'),
  };
}

const PROGRAM = '/usr/sbin/python3-exabgp';

async function start(at: Place, settings: Settings): Promise<void> {
  rmSync(eventsFile(at), { force: true });
  // ExaBGP takes a process whose output is closed for dead: 3 holds it open.
  const script = at.write('tell.sh', `exec cat 3>&1 >> ${eventsFile(at)}\n`);
  const file = at.write('exabgp.conf', configuration(settings, script));
  const options = ['exabgp.daemon.user=root', 'exabgp.tcp.bind=', 'exabgp.api.cli=false', 'exabgp.log.level=INFO'];
  at.launch('exabgp', ['env', ...options, PROGRAM, file]);
  await until(() => readFileSync(eventsFile(at)), { what: `exabgp of ${at.node.name}` });
}

function configuration(settings: Settings, script: string): string {
  return [
    'process tell {',
    `  run /bin/sh ${script};`,
    '  encoder json;',
    '}',
    ...settings.sessions.map((session) => neighbor(settings, session)),
    '',
  ].join('\n');
}

function neighbor(settings: Settings, session: Session): string {
  const { asn, routerId, prefixes, target, password, ttlSecurity } = settings;
  const { remote, remoteAsn, local, families } = session;
  const routes = families.flatMap((family) => prefixes[family]);
  return `neighbor ${remote} {
  router-id ${routerId};
  local-address ${local};
  local-as ${asn};
  peer-as ${remoteAsn};
  hold-time 9;
  ${password === undefined ? '' : `md5-password ${password};`}
  ${ttlSecurity ? 'outgoing-ttl 255; incoming-ttl 255;' : ''}
  capability { graceful-restart 60; asn4 enable; }
  family { ${families.map((family) => `ipv${family} unicast;`).join(' ')} }
  api { processes [ tell ]; neighbor-changes; receive { parsed; update; } }
  static { ${routes.map((route) => `route ${route} next-hop self extended-community [ target:${target} ];`).join(' ')} }
}`;
}

/** A line of its JSON, as far as it is read here. */
interface Event {
  readonly type: string;
  readonly neighbor: {
    readonly address: { readonly peer: string };
    readonly state?: string;
    readonly message?: { readonly update?: Update };
  };
}
interface Update {
  readonly attribute?: {
    readonly 'as-path'?: readonly number[];
    readonly 'extended-community'?: readonly { string: string }[];
  };
  /** By family and next hop. */
  readonly announce?: Readonly<Record<string, Readonly<Record<string, readonly { readonly nlri: string }[]>>>>;
  readonly withdraw?: Readonly<Record<string, readonly { readonly nlri: string }[]>>;
}

function eventsFile(at: Place): string {
  return `${at.directory}/events.json`;
}

function events(at: Place): Event[] {
  const lines = readFileSync(eventsFile(at), 'utf8').split('\n');
  return lines
    .filter((line) => line.startsWith('{') && line.endsWith('}'))
    .map((line) => JSON.parse(line) as Event)
    .filter(({ neighbor }) => neighbor);
}

function sessions(at: Place): Map<string, boolean> {
  const states = events(at).filter(({ type }) => type === 'state');
  return new Map(states.map(({ neighbor }) => [neighbor.address.peer, neighbor.state === 'up']));
}

/** What was announced last by each peer, unless it was withdrawn afterwards or the session has ended. */
function paths(at: Place, prefix: string): Shown[] {
  const found = new Map<string, Shown>();
  for (const { type, neighbor } of events(at)) {
    const { peer } = neighbor.address;
    if (type === 'state') found.delete(peer);
    const update = neighbor.message?.update;
    const isMeant = ({ nlri }: { readonly nlri: string }) => nlri === prefix;
    if (Object.values(update?.withdraw ?? {}).some((gone) => gone.some(isMeant))) found.delete(peer);
    for (const byNextHop of Object.values(update?.announce ?? {})) {
      const nextHop = Object.keys(byNextHop).find((one) => byNextHop[one]?.some(isMeant));
      if (nextHop !== undefined) found.set(peer, shown(nextHop, update?.attribute));
    }
  }
  return [...found.values()];
}

function shown(nextHop: string, attribute: Update['attribute']): Shown {
  const extended = attribute?.['extended-community'] ?? [];
  return {
    nextHop,
    asPath: (attribute?.['as-path'] ?? []).join(' '),
    isLongStale: false,
    targets: extended.flatMap(({ string }) => /^target:(.+)$/.exec(string)?.[1] ?? []),
  };
}
