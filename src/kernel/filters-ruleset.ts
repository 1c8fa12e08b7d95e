/**
 * The rules that keep networks apart, as text for nft: one table, `inet slash32`, the only one we ever touch.
 *
 * How a packet goes:
 *
 *     from an endpoint      prerouting-raw   forged? drop. Else its network's mark, before conntrack sees it.
 *                           prerouting       the mark again: somebody's mangle rule may have overwritten it.
 *                           (routing)        `ip rule fwmark` leads it to the table of its network.
 *                           forward          to an endpoint: has that one's network a route back to the source?
 *     from outside          prerouting       to an endpoint: the same question, and its network's mark, so that rp_filter
 *                                            (with src_valid_mark=1) looks for the way back in that network's table.
 *                           forward          to an endpoint and without a mark: drop.
 *     from the host itself  (output)         never filtered: health probes.
 *     to elsewhere          postrouting      from an endpoint that asked for it: masquerade (filters-masquerade.ts).
 *
 * A mark decides about both ways of a packet, so the table of a network has to hold the routes to its own endpoints,
 * whatever it imports. And where a network goes on to the main table (egress `host`), that lookup has to leave out the
 * host's own routes to endpoints (`suppress_ifgroup`), or all such networks of a node reach each other through it.
 *
 * Networks are verdict chains, endpoints are map elements, so a packet costs the same with one endpoint or thousands.
 * A chain's name tells its whole content: `net-1001` never means anything but mark 1001. That is why a change of networks
 * can be made hitless: new chains are filled first, elements move in one transaction, chains that nobody uses go last.
 * The other way round, a packet that looked up a new element while it walked the old rules would find a chain still empty
 * and pass.
 *
 * Every rule that a packet passes costs 20 to 50 ns, a look at a link's name 80, a lookup 150 to 250 (docs/one-packet.md). So
 * what ends the way of nearly all packets comes as early as it may, and what only few need comes after it.
 *
 * prerouting stands after destination NAT (every nat chain of Linux 4.18 and newer runs at -100, whatever priority it
 * names), so a published port or a masqueraded answer is judged by the address it really goes to.
 */
import type { Prefix } from '../model/address.js';
import { MASQUERADE_MAPS, masqueradeChains } from './filters-masquerade.js';
import { LINK_PREFIX, MARK_MASK } from './ours.js';

/** The one table. */
export const TABLE = 'slash32';
/** The verdict maps: who may send from where, and whose address is whose. */
export const MAPS = {
  source4: 'ifname . ipv4_addr',
  source6: 'ifname . ipv6_addr',
  destination4: 'ipv4_addr',
  destination6: 'ipv6_addr',
} as const;
export type MapName = keyof typeof MAPS | keyof typeof MASQUERADE_MAPS;

/** What the rules are made from. */
export interface Layout {
  /** The kernel tables of the networks. */
  readonly tables: Iterable<number>;
  /** Where nobody is masqueraded; absent: nobody is anywhere. */
  readonly homes?: readonly Prefix[] | undefined;
}

/** Chain for packets from endpoints of the network with this kernel table. */
export const fromNetwork = (table: number) => `net-${table}`;
/** Chain for packets to endpoints of that network. */
export const toNetwork = (table: number) => `to-${table}`;

/** The kernel table a chain of a network is for; undefined for any other chain. */
export function tableOfChain(chain: string): number | undefined {
  const found = /^(?:net|to)-(\d{1,5})$/.exec(chain);
  return found ? Number(found[1]) : undefined;
}

/** Makes or repairs the table in place, in one transaction: every rule anew, the elements of the maps stay. */
export function repairText(layout: Layout): string {
  return `add table inet ${TABLE}\nflush table inet ${TABLE}\n${tableText(layout)}`;
}

/**
 * Makes the table from nothing, whatever was in its place, in one transaction with all its elements.
 * @param elements each as nft writes it, after the table's name
 */
export function rebuildText(layout: Layout, elements: Iterable<string>): string {
  const lines = [...elements].map((element) => `add element inet ${TABLE} ${element}\n`);
  return `add table inet ${TABLE}\ndelete table inet ${TABLE}\n${tableText(layout)}${lines.join('')}`;
}

function tableText({ tables, homes }: Layout): string {
  const sorted = [...new Set(tables)].sort((a, b) => a - b);
  const maps = Object.entries({ ...MAPS, ...(homes ? MASQUERADE_MAPS : {}) }).map(
    ([name, key]) => `\tmap ${name} {\n\t\ttype ${key} : verdict\n\t}\n`,
  );
  const masquerade = homes ? masqueradeChains(homes) : [];
  const chains = [...sorted.flatMap(networkChains), ...SHARED_CHAINS, ...masquerade].map(chainText);
  return `table inet ${TABLE} {\n${[...maps, ...chains].join('\n')}}\n`;
}

/** Every host end of ours, as nft writes it. */
const HOST_ENDS = `"${LINK_PREFIX}*"`;

type Chain = readonly [name: string, ...lines: string[]];

function chainText([name, ...lines]: Chain): string {
  return `\tchain ${name} {\n${lines.map((line) => `\t\t${line}\n`).join('')}\t}\n`;
}

/** Only our bits of the mark change: the rest belongs to others. */
const UNMARK = `meta mark set meta mark & ${hex(~MARK_MASK)}`;

function networkChains(table: number): Chain[] {
  const mark = `${UNMARK} | ${hex(table)}`;
  return [
    [fromNetwork(table), `${mark} accept`],
    [toNetwork(table), `${mark} goto return-route`],
  ];
}

const SHARED_CHAINS: readonly Chain[] = [
  [
    'return-route',
    'fib saddr . mark oif exists accept',
    // Routers on the way are in no network, and path MTU discovery needs them. Other endpoints are no routers.
    // With the mark, rp_filter would look for them in the network's table, even where it is loose (2, Debian's default).
    `iifname != ${HOST_ENDS} icmp type { destination-unreachable, time-exceeded, parameter-problem } ${UNMARK} accept`,
    `iifname != ${HOST_ENDS} icmpv6 type { destination-unreachable, packet-too-big, time-exceeded, parameter-problem } accept`,
    'drop',
  ],
  [
    'from-endpoint',
    'ip daddr 127.0.0.0/8 drop',
    'icmp type { redirect, router-advertisement, router-solicitation } drop',
    'iifname . ip saddr vmap @source4',
    'icmpv6 type { nd-router-solicit, nd-router-advert, nd-redirect } drop',
    'iifname . ip6 saddr vmap @source6',
    // Duplicate address detection has no source yet. Without one the host makes no neighbour entry.
    'icmpv6 type nd-neighbor-solicit ip6 saddr :: accept',
    'drop',
  ],
  ['network-of-source', 'iifname . ip saddr vmap @source4', 'iifname . ip6 saddr vmap @source6'],
  [
    'to-endpoint',
    `iifname != ${HOST_ENDS} meta mark & ${hex(MARK_MASK)} != 0 accept`,
    'ip daddr vmap @destination4',
    'ip6 daddr vmap @destination6',
    'drop',
  ],
  [
    'prerouting-raw',
    'type filter hook prerouting priority raw; policy accept;',
    `iifname ${HOST_ENDS} goto from-endpoint`,
  ],
  [
    'prerouting',
    'type filter hook prerouting priority dstnat + 1; policy accept;',
    `iifname ${HOST_ENDS} goto network-of-source`,
    'ip daddr vmap @destination4',
    'ip6 daddr vmap @destination6',
  ],
  ['forward', 'type filter hook forward priority filter; policy accept;', `oifname ${HOST_ENDS} goto to-endpoint`],
];

function hex(value: number): string {
  return `0x${(value >>> 0).toString(16).padStart(8, '0')}`;
}
