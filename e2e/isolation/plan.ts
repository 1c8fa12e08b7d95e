/**
 * Who should reach whom, computed from route targets alone and without any code of slash32: the oracle of the matrix.
 *
 * A packet passes when both ends agree: the sender's network has a route to the receiver, and the receiver's has one back.
 * That is the same in both directions, so a one-way import lets nothing through.
 */

/** The targets of one network. */
export interface Targets {
  readonly imports: readonly string[];
  readonly exports: readonly string[];
}

/** What all nodes are configured with. */
export interface Plan {
  readonly networks: Readonly<Record<string, Targets>>;
  /** What the hosts' main tables import. */
  readonly host: readonly string[];
}

/** Somebody with addresses: a container, or the host itself. */
export interface Party {
  readonly name: string;
  readonly node: string;
  /** `host` is the node itself. */
  readonly network: string;
  readonly v4: string;
  readonly v6: string;
}

/** The target that the nodes' files give to what the ToR says without one: here the way to the nodes themselves. */
const UNTAGGED = '64512:1';

/** Mesh, hub and spokes, extranet (with mesh), one-way (hears mesh, is not heard), isolated, and one the hosts import. */
export const PLAN: Plan = {
  networks: {
    mesh: { imports: ['64512:10', '64512:40'], exports: ['64512:10'] },
    hub: { imports: ['4200000000:20', '4200000000:21'], exports: ['4200000000:20'] },
    spoke: { imports: ['4200000000:20'], exports: ['4200000000:21'] },
    extranet: { imports: ['64512:40', '64512:10'], exports: ['64512:40'] },
    oneway: { imports: ['64512:10', '192.0.2.1:50'], exports: ['192.0.2.1:50'] },
    isolated: { imports: [], exports: [] },
    watched: { imports: ['64512:70', UNTAGGED], exports: ['64512:70'] },
  },
  host: ['64512:70'],
};

/** May a packet of one party get to the other, and its answer back? */
export function reach(plan: Plan, from: Party, to: Party): boolean {
  return hears(plan, from, to) && hears(plan, to, from);
}

/** Should whoever sends have a route to the other one? */
export function hears(plan: Plan, one: Party, other: Party): boolean {
  const [imports, exports] = [targetsOf(plan, one)?.imports, targetsOf(plan, other)?.exports];
  if (!imports || !exports) return false;
  const isLocal = one.node === other.node && [one.network, 'host'].includes(other.network);
  const isOwnHost = one.node === other.node && one.network === 'host';
  return isLocal || isOwnHost || imports.some((target) => exports.includes(target));
}

function targetsOf(plan: Plan, { network }: Party): Targets | undefined {
  return network === 'host' ? { imports: plan.host, exports: [UNTAGGED] } : plan.networks[network];
}

/** Position in the plan decides addresses and tables, so they do not move when networks come and go. */
const ORDER = [...Object.keys(PLAN.networks), 'late'];

/** Number of a network's kernel table. */
export function tableOf(network: string): number {
  return 1001 + ORDER.indexOf(network);
}

/** The rest of a node's configuration file. */
export function planYaml(plan: Plan, node: string): string {
  const number = node.replace(/\D/g, '');
  const networks = Object.entries(plan.networks).map(([name, { imports, exports }]) => {
    const position = ORDER.indexOf(name) + 1;
    const pools = [`10.${100 + position}.${number}.0/24`, `2001:db8:${position}:${number}::/64`];
    const fields = { name, import: imports, export: exports, pools, table: tableOf(name) };
    return `  - ${JSON.stringify(fields)}\n`;
  });
  return `networks:\n${networks.join('')}host: ${JSON.stringify({ import: plan.host })}\n`;
}
