/** Any other main plugin, such as Debian's ptp, with host-local, in a namespace that stands for a host. */
import { mkdtempSync, readdirSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { basename, dirname, join } from 'node:path';
import { makeHost } from '../lab/host.js';
import { addNamespace, attemptIn, namespacePath, removeNamespace, succeed } from '../lab/namespace.js';
import { execute } from './execute.js';
import type { Box, Subject } from './subject.js';

/** Makes the host, after removing what a killed run of this name left. `name` begins the names of all namespaces. */
export async function onOracle(plugin: string, name: string): Promise<Subject> {
  const host = `s32-${name}-host`;
  const dataDir = mkdtempSync(join(tmpdir(), `s32-${name}-`));
  const boxes: Box[] = [];
  for (const left of readdirSync('/run/netns')) if (left.startsWith(`s32-${name}-`)) await removeNamespace(left);
  await makeHost(host);
  const type = basename(plugin);
  return {
    ...{ name: type, plugin, isOurs: false, controller: undefined, hostNetns: namespacePath(host) },
    spareAddresses: ['10.99.1.240', '10.99.1.241', '10.99.1.242'],
    path: `${dirname(plugin)}:/usr/lib/cni`,
    conf: { name: 'blue', type, ipam: hostLocal(dataDir, '10.99.1.0/24', 'fd00:99:1::/64') },
    otherConf: { name: 'red', type, ipam: hostLocal(dataDir, '10.99.2.0/24', 'fd00:99:2::/64') },
    box: async () => {
      const box = boxNamed(`s32-${name}-box-${boxes.length + 1}`);
      await addNamespace(box.namespace);
      // Go's plugins wait for duplicate address detection, a second or two per ADD.
      await box.exec(['sysctl', '-q', '-w', 'net.ipv6.conf.default.accept_dad=0']);
      boxes.push(box);
      return box;
    },
    execute: (env, stdin, { program = plugin, ...options } = {}) =>
      execute(['nsenter', `--net=${namespacePath(host)}`, program], { ...PATH, ...env }, stdin, options),
    onHost: (argv) => attemptIn(host, argv),
    holdings: () => holdings(host, dataDir),
    down: async () => {
      for (const { namespace } of boxes) await removeNamespace(namespace);
      await removeNamespace(host);
      rmSync(dataDir, { recursive: true });
    },
  };
}

const PATH = { PATH: '/usr/sbin:/usr/bin:/sbin:/bin' };

function hostLocal(dataDir: string, v4: string, v6: string): object {
  const routes = [{ dst: '0.0.0.0/0' }, { dst: '::/0' }];
  return { type: 'host-local', dataDir, ranges: [[{ subnet: v4 }], [{ subnet: v6 }]], routes };
}

function boxNamed(namespace: string): Box {
  const attempt = (argv: readonly string[]) => attemptIn(namespace, argv);
  return {
    ...{ name: namespace, namespace, netns: namespacePath(namespace), attempt },
    exec: async (argv) => succeed(await attempt(argv), argv, namespace),
    remove: () => removeNamespace(namespace),
  };
}

async function holdings(host: string, dataDir: string): Promise<object> {
  const ip = async (...argv: string[]) =>
    JSON.parse((await attemptIn(host, ['ip', '-j', ...argv])).stdout || '[]') as { ifname: string; dst: string }[];
  const files = readdirSync(dataDir, { recursive: true, encoding: 'utf8' });
  return {
    links: (await ip('link')).map(({ ifname }) => ifname).filter((name) => name !== 'lo'),
    routes: (await ip('-4', 'route')).map(({ dst }) => dst),
    reservations: files.filter((file) => /\/[\da-f]+[.:][\da-f.:]+$/.test(file)).sort(),
  };
}
