/**
 * The leak oracle: what a node and its switch hold must be exactly what the live containers need, by the word of
 * witnesses that are not ours: ip, nft, ls, gobgp, vtysh. What is too many or missing is named, one line each.
 */
import { existsSync, readdirSync, readFileSync } from 'node:fs';
import type { Lab } from '../lab/lab.js';
import type { LabNode } from '../lab/node.js';
import { until } from '../lab/until.js';
import { announced, kernelRoutes } from '../main-job/fabric.js';

/** A container that is alive, as its runtime and its own kernel namespace tell it. */
export interface Live {
  /** CNI_CONTAINERID, as this runtime makes it. */
  readonly id: string;
  /** As `ip address` prints them in the container; link-local ones left out. */
  readonly addresses: readonly string[];
  readonly network?: keyof typeof TABLES;
  readonly ifname?: string;
}

/** The tables of the fabric's networks, from node1.yaml. */
export const TABLES = { blue: 1001, red: 1002 } as const;

/** What somebody found, and what the live containers call for; names within one witness are unique. */
interface Testimony {
  readonly what: string;
  readonly found: readonly string[];
  readonly wanted: readonly string[];
}

export interface LeakOracle {
  /** What is too many and what is missing at this moment; empty when nothing is. */
  leaks(live: readonly Live[]): Promise<string[]>;
  /** Waits until all that is on its way has arrived (a withdrawal at the ToR). Throws with what is still wrong then. */
  noLeaks(live?: readonly Live[]): Promise<void>;
}

/** The oracle of one node. Make it while no container lives there: the rules of that moment are those of the networks. */
export async function leakOracle(lab: Lab, nodeName: string): Promise<LeakOracle> {
  const [node, tor] = [lab.node(nodeName), lab.node('tor1')];
  const networkRules = await rules(node);
  const leaks = async (live: readonly Live[]) => {
    const links = await hostLinks(node);
    const testimonies = await Promise.all([
      { what: 'host link', found: links.map(({ owner }) => owner), wanted: live.map(ownerOf) },
      routes(node, live),
      { what: 'rule', found: await rules(node), wanted: networkRules },
      elements(node, links, live),
      { what: 'record', found: records(node), wanted: live.map((it) => `${ownerOf(it)}: ${sorted(it.addresses)}`) },
      { what: 'tombstone', found: tombstones(node), wanted: [] },
      { what: 'announcement at gobgpd', found: await announced(node), wanted: prefixes(live) },
      { what: 'path at the ToR', found: await pathsAtTor(tor), wanted: prefixes(live) },
      { what: "route in the ToR's kernel", found: await routesAtTor(tor), wanted: addresses(live) },
    ]);
    return testimonies.flatMap(differences);
  };
  return { leaks, noLeaks: (live = []) => untilNone(() => leaks(live)) };
}

async function untilNone(leaks: () => Promise<string[]>): Promise<void> {
  let last: string[] = [];
  const none = async () => {
    last = await leaks();
    if (last.length > 0) throw new Error(`\n  ${last.join('\n  ')}`);
    return true;
  };
  await until(none, { what: 'nothing to be too many or missing', timeout: 45_000 });
}

function differences({ what, found, wanted }: Testimony): string[] {
  return [
    ...found.filter((name) => !wanted.includes(name)).map((name) => `${what} too many: ${name}`),
    ...wanted.filter((name) => !found.includes(name)).map((name) => `${what} missing: ${name}`),
    ...found.filter((name, index) => found.indexOf(name) !== index).map((name) => `${what} twice: ${name}`),
  ];
}

interface HostLink {
  readonly name: string;
  /** `<container id> <interface>` from its alias; the link's own name when the alias does not tell. */
  readonly owner: string;
}

async function hostLinks(node: LabNode): Promise<HostLink[]> {
  const all = JSON.parse(await node.exec(['ip', '-j', 'link'])) as { ifname: string; ifalias?: string }[];
  return all
    .filter(({ ifname, ifalias }) => ifname.startsWith('s32') || ifalias?.startsWith('slash32 '))
    .map(({ ifname, ifalias }) => ({ name: ifname, owner: ifalias?.split(' ').slice(2).join(' ') || ifname }));
}

/** A local endpoint's address is in the table of its network, and in main for the node itself. Nobody else is in this fabric. */
async function routes(node: LabNode, live: readonly Live[]): Promise<Testimony> {
  const found = await Promise.all(
    [4, 6].map(async (family) => {
      const argv = ['ip', `-${family}`, '-j', 'route', 'show', 'table', 'all', 'proto', '32'];
      const all = JSON.parse((await node.exec(argv)) || '[]') as { dst: string; table?: string }[];
      return all.map(({ dst, table }) => `${dst} in table ${table ?? 'main'}`);
    }),
  );
  const wanted = live.flatMap(({ addresses, network = 'blue' }) =>
    addresses.flatMap((address) => [`${address} in table main`, `${address} in table ${TABLES[network]}`]),
  );
  return { what: 'route', found: found.flat(), wanted };
}

async function rules(node: LabNode): Promise<string[]> {
  const texts = await Promise.all([4, 6].map((family) => node.exec(['ip', `-${family}`, 'rule', 'show'])));
  return texts.flatMap((text, index) => text.split('\n').map((line) => `IPv${index ? 6 : 4} ${line.trim()}`));
}

interface NftMap {
  readonly name: string;
  readonly elem?: readonly [string | { readonly concat: readonly string[] }, unknown][];
}

async function elements(node: LabNode, links: readonly HostLink[], live: readonly Live[]): Promise<Testimony> {
  const listing = await node.exec(['nft', '-j', 'list', 'table', 'inet', 'slash32']);
  const maps = (JSON.parse(listing).nftables as { map?: NftMap }[]).flatMap(({ map }) => map ?? []);
  const found = maps.flatMap(({ name, elem = [] }) =>
    elem.map(([key]) => `${name} ${typeof key === 'string' ? key : key.concat.join(' . ')}`),
  );
  const wanted = live.flatMap((container) => {
    const link = links.find(({ owner }) => owner === ownerOf(container))?.name ?? `link of ${ownerOf(container)}`;
    return container.addresses.flatMap((address) => {
      const family = address.includes(':') ? 6 : 4;
      return [`source${family} ${link} . ${address}`, `destination${family} ${address}`];
    });
  });
  return { what: 'nft element', found, wanted };
}

function records(node: LabNode): string[] {
  return filesIn(`${node.directory}/slash32/endpoints`).map(({ name, path }) => {
    try {
      const { containerId, ifname, addresses } = JSON.parse(readFileSync(path, 'utf8'));
      return `${containerId} ${ifname}: ${sorted(addresses)}`;
    } catch {
      return name;
    }
  });
}

function tombstones(node: LabNode): string[] {
  return filesIn(`${node.directory}/slash32/tombstones`).map(({ name }) => name);
}

function filesIn(directory: string): { name: string; path: string }[] {
  const names = existsSync(directory) ? readdirSync(directory).filter((name) => !name.startsWith('.')) : [];
  return names.filter((name) => name !== 'corrupt').map((name) => ({ name, path: `${directory}/${name}` }));
}

async function pathsAtTor(tor: LabNode): Promise<string[]> {
  const ribs = await Promise.all(
    ['ipv4', 'ipv6'].map((family) => tor.vtyshJson<{ routes?: object }>(`show bgp ${family} unicast json`)),
  );
  return ribs.flatMap(({ routes }) => Object.keys(routes ?? {}));
}

async function routesAtTor(tor: LabNode): Promise<string[]> {
  const all = [...(await kernelRoutes(tor, 'main', 4)), ...(await kernelRoutes(tor, 'main', 6))];
  return all.filter((dst) => !dst.includes('/') && dst !== 'default');
}

function ownerOf({ id, ifname = 'eth0' }: Live): string {
  return `${id} ${ifname}`;
}

function addresses(live: readonly Live[]): string[] {
  return live.flatMap((it) => it.addresses);
}

function prefixes(live: readonly Live[]): string[] {
  return addresses(live).map((address) => `${address}/${address.includes(':') ? 128 : 32}`);
}

function sorted(texts: readonly string[]): string {
  return [...texts].sort().join(' ');
}
