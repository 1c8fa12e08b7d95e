/**
 * Everything on the host that is not ours to change, as sorted lines, to be compared before and after. What only counts
 * or ages (packets, lifetimes) is left out; what should not be there afterwards (a link, a namespace, a daemon of ours)
 * shows as well, because there is no place of ours on the host.
 */
import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { execa } from 'execa';
import { commandOf, identify, namespaceOf, processIds } from './process.js';

/** Lines by what they are about. */
export type ForeignState = ReadonlyMap<string, readonly string[]>;

const DAEMONS = new Set(['gobgpd', 'zebra', 'bgpd', 'staticd', 'watchfrr', 'bird']);
const DIRECTORIES = ['/run/netns', '/run/slash32', '/run/frr', '/etc/slash32', '/etc/cni/net.d', '/opt/cni/bin'];
const SYSCTLS = ['ipv4/conf/all', 'ipv4/conf/default', 'ipv6/conf/all', 'ipv6/conf/default'];
/** They count down by themselves. */
const AGING = new Set(['valid_life_time', 'preferred_life_time', 'expires']);

/** Looks at everything. Needs root for the ruleset; without it that part stays empty. */
export async function foreignState(): Promise<ForeignState> {
  const parts: [string, Promise<string[]> | string[]][] = [
    ['link', ipJson(['link'])],
    ['address', ipJson(['address'])],
    ['IPv4 route', ipJson(['-4', 'route', 'show', 'table', 'all'])],
    ['IPv6 route', ipJson(['-6', 'route', 'show', 'table', 'all'])],
    ['IPv4 rule', ipJson(['-4', 'rule'])],
    ['IPv6 rule', ipJson(['-6', 'rule'])],
    ['nft rule', ruleset()],
    ['sysctl', sysctls()],
    ['daemon', daemons()],
    ...DIRECTORIES.map((path): [string, string[]] => [`entry of ${path}`, entries(path)]),
  ];
  return new Map(await Promise.all(parts.map(async ([name, lines]) => [name, (await lines).sort()] as const)));
}

/** What differs, one sentence each; empty when nothing does. */
export function differences(before: ForeignState, after: ForeignState): string[] {
  return [...before.keys()].flatMap((about) => {
    const [old, now] = [before.get(about) ?? [], after.get(about) ?? []];
    return [
      ...old.filter((line) => !now.includes(line)).map((line) => `${about} gone: ${line}`),
      ...now.filter((line) => !old.includes(line)).map((line) => `${about} new: ${line}`),
    ];
  });
}

async function ipJson(argv: readonly string[]): Promise<string[]> {
  const { stdout } = await execa('ip', ['-j', ...argv], { reject: false });
  const items = JSON.parse(stdout || '[]') as unknown[];
  return items.map((item) => JSON.stringify(item, (key, value) => (AGING.has(key) ? undefined : value)));
}

async function ruleset(): Promise<string[]> {
  const { stdout } = await execa('nft', ['--stateless', 'list', 'ruleset'], { reject: false });
  let table = '';
  return stdout.split('\n').flatMap((line) => {
    if (line.startsWith('table ')) table = line;
    return line.trim() === '' ? [] : `${table} ${line.trim()}`;
  });
}

function sysctls(): string[] {
  const read = (path: string) => `${path}=${readFileSync(`/proc/sys/net/${path}`, 'utf8').trim()}`;
  const inDirectory = (path: string) => entries(`/proc/sys/net/${path}`).map((entry) => `${path}/${entry}`);
  return ['ipv4/ip_forward', ...SYSCTLS.flatMap(inDirectory)].flatMap((path) => {
    try {
      return read(path);
    } catch {
      return []; // Some can only be written, like stable_secret before it is set.
    }
  });
}

/** Routing daemons in the host's own network; those in namespaces belong to whoever made the namespace. */
function daemons(): string[] {
  const here = namespaceOf('self');
  return processIds().flatMap((pid) => {
    const command = commandOf(pid);
    const running = command !== undefined && DAEMONS.has(command) && namespaceOf(pid) === here && identify(pid);
    return running ? `${command} ${pid} started at ${running.startTime}` : [];
  });
}

function entries(directory: string): string[] {
  return existsSync(directory) ? readdirSync(directory) : [];
}
