/**
 * What no field can see by itself: two things that must differ, or must not meet.
 *
 * Runs on every list element that is well-formed by itself, so that one typo does not hide what else is wrong.
 */
import { isDeepStrictEqual } from 'node:util';
import type { z } from 'zod';
import { contains, isBlock, overlap, type Prefix } from '../model/address.js';
import { isHeardBy, type NetConfNetworks, type Network } from '../model/network.js';
import { type ListenRange, type Peer, peerKey, type SoughtPeer } from '../model/peer.js';
import { peerSection } from './bgp-section.js';
import { listenRangeSection } from './listen-range-section.js';
import { netConfSection } from './netconf-section.js';
import { networkSection } from './network-section.js';
import { unfitPeerSetting } from './peer-conflicts.js';
import type { Path, Problem } from './problem.js';
import type { ThisNode } from './this-node.js';

/** A list element, where it is, and which keys it really has. */
interface Element<T> {
  readonly path: Path;
  readonly value: T;
  readonly keys: ReadonlySet<string>;
}

/** Every problem between elements of the file. Of two, the later one is to blame. */
export function crossProblems(root: unknown, node: ThisNode): Problem[] {
  const all = wellFormed<Peer | SoughtPeer>(root, ['bgp', 'peers'], peerSection(node));
  const peers = all.filter((peer): peer is Element<Peer> => 'address' in peer.value);
  const ranges = wellFormed<ListenRange>(root, ['bgp', 'listenRanges'], listenRangeSection(node));
  const networks = wellFormed<Network>(root, ['networks'], networkSection(node));
  const frames = wellFormed<NetConfNetworks>(root, ['netConfNetworks'], netConfSection);
  return [
    ...doubles<{ readonly name: string }>([...all, ...ranges], 'name', (peer) => peer.name),
    ...overlappingRanges(ranges),
    ...ranges.flatMap(({ value, path }) =>
      unfitPeerSetting({ ...value, passive: true }, path, ownSection(root), 'prefix'),
    ),
    ...all.flatMap(({ value, path }) => unfitPeerSetting(value, path, ownSection(root))),
    ...[...all, ...ranges].flatMap(({ value, path }) => untellable(value, path, ownSection(root), networks)),
    ...doubles(peers, 'address', peerKey),
    ...namesakes(peers),
    ...doubles(networks, 'name', (network) => network.name),
    ...doubles(frames, 'name', (frame) => frame.name),
    ...sharedTables(networks),
    ...sharedPools([...networks, ...frames]),
    ...sharedPrefixes(networks),
    ...peersInPools(peers, [...networks, ...frames]),
  ];
}

/** A peer cannot hear what nobody says, or what is not ours to choose. */
function untellable(
  { announce }: Peer | SoughtPeer | ListenRange,
  path: Path,
  { gobgp }: ReturnType<typeof ownSection>,
  networks: readonly Element<Network>[],
): Problem[] {
  const problem = (message: string) => [{ path: [...path, 'announce'], message }];
  if (announce === undefined) return [];
  if (gobgp?.manage === false)
    return problem('what a peer is told, gobgpd\'s own file decides ("manage: false"); leave announce out');
  const isSaid = networks.some(({ value: { exports, pools } }) => exports.length > 0 && pools.some(isBlock));
  if (announce === 'host' || isSaid) return [];
  return problem(`"${announce}" needs a network with pools of more than one address: they are what is announced`);
}

function ownSection(root: unknown): {
  readonly asn?: unknown;
  readonly listenPort?: unknown;
  readonly gobgp?: { readonly manage?: unknown };
} {
  return (root as { readonly bgp?: object } | undefined)?.bgp ?? {};
}

function wellFormed<T>(root: unknown, path: Path, schema: z.ZodType<T>): Element<T>[] {
  let list = root;
  for (const step of path) list = (list as Record<string, unknown> | null | undefined)?.[step];
  if (!Array.isArray(list)) return [];
  return list.flatMap((raw, i) => {
    const result = schema.safeParse(raw);
    return result.success ? [{ path: [...path, i], value: result.data, keys: new Set(Object.keys(raw)) }] : [];
  });
}

/** Pairs of elements with the same value: [earlier, later]. */
function twins<T>(elements: readonly Element<T>[], of: (value: T) => unknown): [Element<T>, Element<T>][] {
  const first = new Map<unknown, Element<T>>();
  const found: [Element<T>, Element<T>][] = [];
  for (const element of elements) {
    const earlier = first.get(of(element.value));
    if (earlier) found.push([earlier, element]);
    else first.set(of(element.value), element);
  }
  return found;
}

function doubles<T>(elements: readonly Element<T>[], key: string, of: (value: T) => string): Problem[] {
  return twins(elements, of).map(([earlier, later]) => ({
    path: [...later.path, key],
    message: `"${of(later.value)}" is the ${key} of ${earlier.path.join('.')} too`,
  }));
}

/**
 * Link-local peers of one address on several links: gobgpd's one export policy knows neighbours by prefixes, which have no
 * link, so what differs between the two would hold for both.
 */
function namesakes(peers: readonly Element<Peer>[]): Problem[] {
  return twins(peers, (peer) => peer.address)
    .filter(([earlier, later]) => earlier.value.device !== later.value.device)
    .flatMap(([earlier, later]) =>
      TOLD_BY_ADDRESS.filter((key) => !isDeepStrictEqual(earlier.value[key], later.value[key])).map((key) => ({
        path: [...later.path, later.value[key] === undefined ? 'address' : key],
        message:
          `gobgpd tells ${later.value.address} on ${earlier.value.device} and on ${later.value.device} the same: ` +
          `give ${earlier.path.join('.')} the same ${key}, or another address to one of the two`,
      })),
    );
}

/** What a peer is told is chosen by its address alone. */
const TOLD_BY_ADDRESS = ['announce', 'communities', 'largeCommunities', 'localPreference'] as const;

/** gobgpd would take one of the two, and which is its secret. */
function overlappingRanges(ranges: readonly Element<ListenRange>[]): Problem[] {
  return ranges.flatMap((later, i) => {
    const earlier = ranges.slice(0, i).find(({ value }) => overlap(value.prefix, later.value.prefix));
    const message = `${later.value.prefix} overlaps ${earlier?.value.prefix} of ${earlier?.path.join('.')}; who comes belongs to one of them`;
    return earlier ? [{ path: [...later.path, 'prefix'], message }] : [];
  });
}

function sharedTables(networks: readonly Element<Network>[]): Problem[] {
  return twins(networks, (network) => network.table)
    .filter(([earlier, later]) => earlier.value.name !== later.value.name)
    .map(([earlier, later]) => {
      const { name, table } = later.value;
      const given = later.keys.has('table');
      const why = given ? `${table}` : `the table derived from "${name}", ${table},`;
      const message = `${why} is the table of "${earlier.value.name}" too; give one of them another table`;
      return { path: [...later.path, given ? 'table' : 'name'], message };
    });
}

/** What has addresses to give. */
type Pooled = Pick<Network, 'name' | 'pools'>;

function sharedPools(networks: readonly Element<Pooled>[]): Problem[] {
  const earlier: { readonly pool: Prefix; readonly name: string }[] = [];
  const found: Problem[] = [];
  for (const { path, value } of networks) {
    for (const [i, pool] of value.pools.entries()) {
      const other = earlier.find((one) => overlap(one.pool, pool));
      if (other) {
        const message = `${pool} overlaps pool ${other.pool} of "${other.name}": an address would be given out twice`;
        found.push({ path: [...path, 'pools', i], message });
      }
      earlier.push({ pool, name: value.name });
    }
  }
  return found;
}

/**
 * On one flat fabric an address is one container, whatever its network. Prefixes of two networks may overlap where one
 * imports from the other, whose addresses it has to let in; where they have nothing in common, both claim the same addresses.
 */
function sharedPrefixes(networks: readonly Element<Network>[]): Problem[] {
  return networks.flatMap((later, i) =>
    networks.slice(0, i).flatMap((earlier) => {
      if (isHeardBy(earlier.value, later.value) || isHeardBy(later.value, earlier.value)) return [];
      return overlaps(later, earlier.value);
    }),
  );
}

function overlaps({ path, value }: Element<Network>, earlier: Network): Problem[] {
  return [...value.prefixes.entries()].flatMap(([i, ours]) => {
    const theirs = earlier.prefixes.find((one) => overlap(one, ours));
    if (!theirs) return [];
    const message = `${ours} overlaps ${theirs} of "${earlier.name}", and neither imports what the other exports: an address would be of both; keep them apart`;
    return [{ path: [...path, 'prefixes', i], message }];
  });
}

function peersInPools(peers: readonly Element<Peer>[], networks: readonly Element<Pooled>[]): Problem[] {
  return networks.flatMap(({ path, value }) =>
    value.pools.flatMap((pool, i) => {
      const inside = peers.find((peer) => contains(pool, peer.value.address));
      if (!inside) return [];
      const message = `${pool} holds ${inside.value.address}, the address of peer "${inside.value.name}"`;
      return [{ path: [...path, 'pools', i], message }];
    }),
  );
}
