/** The shape of a result in each version: which keys there are, and of which type. */
import type { Row } from './row.js';

type Version = '0.1.0' | '0.2.0' | '0.3.0' | '0.3.1' | '0.4.0' | '1.0.0' | '1.1.0';

const MAY = {
  link: ['name', 'mac', 'sandbox'],
  route: ['dst', 'gw'],
  newLink: ['name', 'mac', 'sandbox', 'mtu', 'socketPath', 'pciID'],
  newRoute: ['dst', 'gw', 'mtu', 'advmss', 'priority', 'table', 'scope'],
};

/** What is wrong with a result of this version; empty when nothing is. */
// biome-ignore lint/suspicious/noExplicitAny: whatever the plugin printed
function faultsOf(json: any, version: Version): string[] {
  if (json?.cniVersion !== version) return [`it says ${json?.cniVersion}`];
  return version < '0.3.0' ? faultsOfOld(json) : faultsOfLists(json, version);
}

// biome-ignore lint/suspicious/noExplicitAny: as above
function faultsOfOld(json: any): string[] {
  const faults = keysBeyond(json, ['cniVersion', 'ip4', 'ip6', 'dns']);
  for (const [family, cidr] of [
    ['ip4', /^\d+\.\d+\.\d+\.\d+\/\d+$/],
    ['ip6', /^[\da-f:]+\/\d+$/],
  ] as const) {
    if (!cidr.test(json[family]?.ip)) faults.push(`${family}.ip is ${json[family]?.ip}`);
    faults.push(...keysBeyond(json[family] ?? {}, ['ip', 'gateway', 'routes']));
    for (const route of json[family]?.routes ?? []) {
      faults.push(...keysBeyond(route, ['dst', 'gw']));
      if (route.dst.includes(':') !== (family === 'ip6')) faults.push(`${route.dst} stands under ${family}`);
    }
  }
  return json.dns === undefined ? [...faults, 'dns is missing'] : faults;
}

// biome-ignore lint/suspicious/noExplicitAny: as above
function faultsOfLists(json: any, version: Version): string[] {
  const isNew = version >= '1.1.0';
  const faults = keysBeyond(json, ['cniVersion', 'interfaces', 'ips', 'routes', 'dns']);
  for (const link of json.interfaces) faults.push(...keysBeyond(link, isNew ? MAY.newLink : MAY.link));
  for (const route of json.routes) faults.push(...keysBeyond(route, isNew ? MAY.newRoute : MAY.route));
  for (const ip of json.ips) {
    faults.push(...keysBeyond(ip, ['version', 'interface', 'address', 'gateway']));
    const family = version < '1.0.0' ? (ip.address.includes(':') ? '6' : '4') : undefined;
    if (ip.version !== family) faults.push(`ips[].version is ${ip.version}, not ${family}`);
    if (json.interfaces[ip.interface]?.sandbox === undefined)
      faults.push('ips[].interface is not the container interface');
  }
  return version < '1.0.0' && json.dns === undefined ? [...faults, 'dns is missing'] : faults;
}

function keysBeyond(object: object, known: readonly string[]): string[] {
  return Object.keys(object)
    .filter((key) => !known.includes(key))
    .map((key) => `the key ${key} is not of this version`);
}

export const SHAPE_ROWS: readonly Row[] = (
  ['0.1.0', '0.2.0', '0.3.0', '0.3.1', '0.4.0', '1.0.0', '1.1.0'] as const
).map((version) => ({
  id: `shape ${version}`,
  promise: `ADD answers in the shape of ${version}, and DEL follows`,
  why: version === '1.1.0' ? 'containerd 2 and CRI-O speak it' : undefined,
  async run(trial) {
    const box = await trial.subject.box();
    const { json } = await trial.add(box, { cniVersion: version });
    for (const fault of faultsOf(json, version)) trial.that(false, fault);
    trial.succeeds(
      await trial.call('DEL', box, { cniVersion: version, conf: version < '0.4.0' ? {} : { prevResult: json } }),
      'DEL',
    );
  },
}));
