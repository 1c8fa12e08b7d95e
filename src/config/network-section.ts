/** `networks:` and `host:` of the file. */
import { z } from 'zod';
import { contains, isBlock, overlap, type Prefix } from '../model/address.js';
import { masqueradeObstacle } from '../model/masquerade.js';
import type { HostNetwork, Network } from '../model/network.js';
import type { RouteTarget } from '../model/route-target.js';
import { LAST_TABLE } from '../model/table.js';
import { allowance, allowanceOf } from './allowance.js';
import { absolute, aName, aPrefix, maxRoutes, parsed, routeTargets, wholeNumber } from './fields.js';
import { tableOf } from './table-number.js';
import type { ThisNode } from './this-node.js';

/** Besides our own word, those of BaGPipe's CNI plugin and of its API. */
const IMPORT = ['import', 'importrt', 'importRT', 'importRTs', 'import_rt'] as const;
const EXPORT = ['export', 'exportrt', 'exportRT', 'exportRTs', 'export_rt'] as const;

/** How the description of another spelling begins. */
export const SAME_AS = 'The same as';

const imports = spelled(IMPORT, 'Paths with one of these route targets enter. Default: nothing does.');
const exports = spelled(EXPORT, 'Route targets of what is announced. Default: nothing is announced.');
const TWICE = 'targets are given under another spelling of this key too; keep one';

/** Nobody can be reached at these: this host, loopback, IPv4 in the clothes of IPv6, link-local, multicast and reserved. */
const NO_POOL = [
  ...['0.0.0.0/8', '127.0.0.0/8', '169.254.0.0/16', '224.0.0.0/3'],
  ...['::/127', '::ffff:0:0/96', 'fe80::/10', 'ff00::/8'],
] as Prefix[];
const aPool = aPrefix.refine((pool) => !NO_POOL.some((range) => overlap(range, pool)), {
  error: 'holds addresses that no container can have (loopback, IPv4-mapped, link-local, multicast or reserved)',
});

/** The kernel's own tables: default, main and local (linux/rtnetlink.h). */
const RESERVED = [253, 254, 255];
const aTable = wholeNumber(1, LAST_TABLE).refine((table) => !RESERVED.includes(table), {
  error: "253, 254 and 255 are the kernel's own tables",
});

/** What a network and a frame for networks have in common. */
export const placeFields = {
  pools: z.array(aPool).prefault([]).describe("This node's addresses, when no IPAM plugin is named."),
  prefixes: z
    .array(aPrefix)
    .prefault([])
    .describe('Nothing outside is announced, and heard prefixes outside need allow. Default: anywhere.'),
  allow: z.array(aPrefix).prefault([]).describe('Exactly these may be heard besides what lies in prefixes.'),
  maxRoutes: maxRoutes.describe('So many heard routes at most; what is there stays, more are refused.'),
  egress: z
    .enum(['isolated', 'host'])
    .prefault('isolated')
    .describe("What a lookup miss does: refuse, or go on to the host's main table."),
};

/** One network of the list, as this node reads it. */
export const networkSection = (node: ThisNode) => shape(node).superRefine(meaning).transform(toNetwork);

const shape = (node: ThisNode) =>
  z.strictObject({
    name: aName
      .refine((name) => name !== 'host', '"host" is the host\'s own network; choose another name')
      .describe('How CNI configurations, commands and logs call it.'),
    ...imports,
    ...exports,
    ...placeFields,
    announce: z
      .enum(['host', 'aggregate', 'both'])
      .prefault('host')
      .describe(
        'What leads to its endpoints: a route each, its pools as blocks, or both. Outside the pools: a route each.',
      ),
    subnetFile: parsed((path) => node.subnets(absolute(path)))
      .optional()
      .describe(
        'More pools, and the MTU: the file in which flannel says what this node was given. Read at each start and reload.',
      ),
    mtu: wholeNumber(68, 65535)
      .optional()
      .describe('MTU of its containers. Default: as subnetFile or the uplink has it.'),
    table: aTable.optional().describe('Kernel table and mark. Default: from the name, 1000 to 8000.'),
    ipMasq: z
      .boolean()
      .prefault(false)
      .describe("What leaves for anywhere but the networks' prefixes bears the node's address. Needs egress: host."),
    allowTargets: allowance.optional().describe('Targets that a CNI configuration may name besides these.'),
    allowOverride: allowance.optional().describe('Targets that one container may name. Default: it may not name any.'),
  });

type Shape = z.output<ReturnType<typeof shape>>;

function meaning(network: Shape, context: z.RefinementCtx): void {
  const problem = (path: (string | number)[], message: string) => context.addIssue({ code: 'custom', path, message });
  for (const key of [...surplus(network, IMPORT), ...surplus(network, EXPORT)]) {
    problem([key], TWICE);
  }
  const obstacle = network.ipMasq ? masqueradeObstacle(network) : undefined;
  if (obstacle) problem(['ipMasq'], obstacle);
  for (const [i, pool] of outside(network.pools, network.prefixes)) {
    problem(['pools', i], `${pool} lies outside of the network's prefixes, so its addresses would not be announced`);
  }
  const { pools = [] } = network.subnetFile ?? {};
  if (network.announce !== 'host' && ![...network.pools, ...pools].some(isBlock)) {
    problem(['announce'], `"${network.announce}" needs pools of more than one address: they are what is announced`);
  }
  for (const pool of pools) {
    const { error } = aPool.safeParse(pool);
    if (error) problem(['subnetFile'], `${pool} ${error.issues[0]?.message}`);
  }
  for (const [, pool] of outside(pools, network.prefixes)) {
    problem(['subnetFile'], `${pool} lies outside of the network's prefixes, so its addresses would not be announced`);
  }
}

function toNetwork(network: Shape): Network {
  const mtu = network.mtu ?? network.subnetFile?.mtu;
  return {
    name: network.name,
    table: network.table ?? tableOf(network.name),
    imports: new Set(given(network, IMPORT)),
    exports: given(network, EXPORT),
    ...(network.announce === 'host' ? {} : { announce: network.announce }),
    pools: [...network.pools, ...(network.subnetFile?.pools ?? [])],
    ...(mtu === undefined ? {} : { mtu }),
    prefixes: network.prefixes,
    allow: network.allow,
    ...(network.maxRoutes === undefined ? {} : { maxRoutes: network.maxRoutes }),
    egress: network.egress,
    ...(network.ipMasq ? { masquerade: true } : {}),
    ...(network.allowTargets && { allowTargets: allowanceOf(network.allowTargets) }),
    ...(network.allowOverride && { allowOverride: allowanceOf(network.allowOverride) }),
  };
}

/** The host's main table. */
export const hostSection = z
  .strictObject({ ...imports, maxRoutes: maxRoutes.describe('So many heard routes at most in the main table.') })
  .superRefine((host, context) => {
    for (const key of surplus(host, IMPORT)) {
      context.addIssue({ code: 'custom', path: [key], message: TWICE });
    }
  })
  .transform(
    (host): HostNetwork => ({
      imports: new Set(given(host, IMPORT)),
      ...(host.maxRoutes === undefined ? {} : { maxRoutes: host.maxRoutes }),
    }),
  );

/** The first spelling is ours and explained; the others are the same. */
function spelled<Key extends string>(spellings: readonly [Key, ...Key[]], meaning: string) {
  const [ours] = spellings;
  const field = (key: Key) => routeTargets.optional().describe(key === ours ? meaning : `${SAME_AS} ${ours}.`);
  return Object.fromEntries(spellings.map((key) => [key, field(key)])) as Record<Key, ReturnType<typeof field>>;
}

type Targets<Key extends string> = { readonly [K in Key]?: readonly RouteTarget[] | undefined };

function given<Key extends string>(section: Targets<Key>, spellings: readonly Key[]): readonly RouteTarget[] {
  return spellings.flatMap((key) => section[key] ?? []);
}

function surplus<Key extends string>(section: Targets<Key>, spellings: readonly Key[]): Key[] {
  return spellings.filter((key) => section[key] !== undefined).slice(1);
}

function outside(pools: readonly Prefix[], prefixes: readonly Prefix[]): [number, Prefix][] {
  if (prefixes.length === 0) return [];
  return [...pools.entries()].filter(([, pool]) => !prefixes.some((outer) => contains(outer, pool)));
}
