/** FRR as the neighbour: its own zebra and bgpd, with its own sockets, in the lab's namespace `b`. */
import { chown, mkdir, writeFile } from 'node:fs/promises';
import { execa } from 'execa';
import { until } from '../../src/until.fixture.js';
import { accepts } from '../lab/node.js';
import type { Lab, Running } from './lab.js';

/** A running FRR. */
export interface Frr {
  /** Runs commands of vtysh, and returns what it printed. */
  vtysh(...commands: string[]): Promise<string>;
  /** Kills its bgpd without a word to anybody. */
  crash(): Promise<void>;
  /** Starts bgpd again, with this configuration. */
  comeBack(config: string): Promise<void>;
  /** Destinations of BGP routes in its kernel, host routes without their length. */
  kernelRoutes(): Promise<readonly string[]>;
}

/** Starts zebra and bgpd with this configuration, and bfdd if it is wanted. */
export async function startFrr(lab: Lab, config: string, { bfd = false } = {}): Promise<Frr> {
  const directory = `${lab.directory}/frr`;
  const file = `${directory}/frr.conf`;
  const { uid, gid } = await frrUser();
  await mkdir(directory);
  await writeFile(file, config);
  for (const one of [directory, file]) await chown(one, uid, gid);
  const common = ['-A', '127.0.0.1', '-P', '0', '-f', file, '-z', `${directory}/zserv.api`, '--vty_socket', directory];
  lab.start('b', '/usr/lib/frr/zebra', ...common, '-i', `${directory}/zebra.pid`);
  await until('zebra listens', () => accepts(`${directory}/zserv.api`));
  if (bfd) {
    const control = ['--bfdctl', `${directory}/bfdd.sock`, '-i', `${directory}/bfdd.pid`];
    lab.start('b', '/usr/lib/frr/bfdd', ...common, ...control);
    await until('bfdd listens', () => accepts(`${directory}/bfdd.vty`));
  }
  let bgpd: Running;
  const startBgpd = async () => {
    bgpd = lab.start('b', '/usr/lib/frr/bgpd', ...common, '-i', `${directory}/bgpd.pid`);
    await until('bgpd listens', () => accepts(`${directory}/bgpd.vty`));
  };
  await startBgpd();
  return {
    async crash() {
      bgpd.kill('SIGKILL');
      await bgpd;
    },
    async comeBack(changed) {
      await writeFile(file, changed);
      await startBgpd();
    },
    async vtysh(...commands) {
      const options = commands.flatMap((command) => ['-c', command]);
      return (await execa('vtysh', ['--vty_socket', directory, ...options])).stdout;
    },
    async kernelRoutes() {
      const of = async (family: '-4' | '-6') =>
        JSON.parse(await lab.run('b', 'ip', '-j', family, 'route', 'show', 'proto', 'bgp')) as { dst: string }[];
      return [...(await of('-4')), ...(await of('-6'))].map(({ dst }) => dst);
    },
  };
}

async function frrUser(): Promise<{ uid: number; gid: number }> {
  const id = async (option: '-u' | '-g') => Number((await execa('id', [option, 'frr'])).stdout);
  return { uid: await id('-u'), gid: await id('-g') };
}

/** A ToR of AS 65000 with one neighbour per address, each with the families named. */
export function torConfig(
  neighbours: Readonly<Record<string, readonly ('ipv4' | 'ipv6')[]>>,
  lines: string[] = [],
): string {
  const all = Object.entries(neighbours);
  const family = (name: 'ipv4' | 'ipv6', network: string) => [
    ` address-family ${name} unicast`,
    `  network ${network}`,
    ...all.filter(([, families]) => families.includes(name)).map(([address]) => `  neighbor ${address} activate`),
    ' exit-address-family',
  ];
  return [
    'router bgp 65000',
    ' bgp router-id 198.51.100.2',
    ' no bgp ebgp-requires-policy',
    ' no bgp network import-check',
    ' no bgp default ipv4-unicast',
    ...lines,
    ...all.flatMap(([address]) => [
      ` neighbor ${address} remote-as 65001`,
      ` neighbor ${address} timers 3 9`,
      ` neighbor ${address} timers connect 1`,
    ]),
    ...family('ipv4', '10.99.0.0/24'),
    ...family('ipv6', '2001:db8:99::/64'),
    '',
  ].join('\n');
}
