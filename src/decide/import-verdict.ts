/**
 * Does a heard path enter a network? The answer is its own reason, and `slash32 explain` prints that reason.
 * The order is the order of the questions: is it a path that nobody may route, is it ours, is it for us, is it allowed.
 */
import { contains, lengthOf, type Prefix } from '../model/address.js';
import type { Endpoint } from '../model/endpoint.js';
import type { HostNetwork, Network } from '../model/network.js';
import type { Path } from '../model/path.js';
import type { PeerKey } from '../model/peer.js';
import { MAIN_TABLE } from '../model/route.js';
import { REFUSAL_SENTENCES, type Refusal } from './guard.js';

export type ImportVerdict =
  | 'imported'
  | 'local-endpoint'
  | Refusal
  | 'carries-no-target'
  | 'no-common-target'
  | 'default-not-allowed'
  | 'outside-prefixes'
  | 'over-quota'
  | 'peer-over-quota';

/** The kernel tables and the peers whose quota has no place for a prefix. */
export interface OverQuota {
  readonly tables: ReadonlySet<number>;
  readonly peers: ReadonlySet<PeerKey>;
}

/** What is known of a path before any network is asked. */
export interface Standing {
  /** The endpoint of this node that owns exactly this prefix. */
  readonly endpoint?: Endpoint | undefined;
  /** Why no network may take the path. */
  readonly refusal?: Refusal | undefined;
  /** Absent: there is a place everywhere. */
  readonly overQuota?: OverQuota | undefined;
}

/** @param path what gobgpd heard, with the peer's `untagged` targets already on it when it carried none */
export function importVerdict(network: Network | HostNetwork, path: Path, standing: Standing): ImportVerdict {
  // A heard path never replaces an endpoint of our own, whatever it carries.
  if (standing.endpoint) return 'local-endpoint';
  if (standing.refusal) return standing.refusal;
  if (path.targets.length === 0) return 'carries-no-target';
  if (!path.targets.some((target) => network.imports.has(target))) return 'no-common-target';
  const verdict = placeVerdict(network, path.prefix);
  return verdict === 'imported' ? quotaVerdict(network, path, standing) : verdict;
}

/** Asked last: only what would be imported counts. */
function quotaVerdict(network: Network | HostNetwork, { peer }: Path, { overQuota }: Standing): ImportVerdict {
  if (overQuota?.peers.has(peer)) return 'peer-over-quota';
  return overQuota?.tables.has('table' in network ? network.table : MAIN_TABLE) ? 'over-quota' : 'imported';
}

/** Prefixes of a network are a fence; `allow` opens it for exactly the named ones. */
function placeVerdict(network: Network | HostNetwork, heard: Prefix): ImportVerdict {
  if (!('prefixes' in network) || network.allow.includes(heard)) return 'imported';
  // A default route draws in everything the network does not know: never by accident.
  if (lengthOf(heard) === 0) return 'default-not-allowed';
  const { prefixes } = network;
  return prefixes.length === 0 || prefixes.some((outer) => contains(outer, heard)) ? 'imported' : 'outside-prefixes';
}

/** One sentence a verdict, for people. */
export const IMPORT_SENTENCES: Record<ImportVerdict, (network: string, path: Path) => string> = {
  imported: (network, path) => `${network} imports ${path.targets.join(' ')}`,
  'local-endpoint': (_, path) =>
    `${path.prefix} belongs to an endpoint of this node, and a heard path never replaces one`,
  ...sentencesOfRefusals(),
  'carries-no-target': (network, path) =>
    `the path carries no route target; name one under "untagged" of peer ${path.peer} and import it in ${network}`,
  'no-common-target': (network, path) =>
    `no route target of the path (${path.targets.join(' ')}) is imported by ${network}`,
  'default-not-allowed': (network, path) =>
    `a default route enters only where it is allowed; add ${path.prefix} to "allow" of ${network}`,
  'outside-prefixes': (network, path) =>
    `${path.prefix} lies outside the prefixes of ${network}, and "allow" does not name it`,
  'over-quota': (network, path) =>
    `${network} has all the routes that its "maxRoutes" lets in, and ${path.prefix} came too late`,
  'peer-over-quota': (_, path) =>
    `all the routes that "maxRoutes" of peer ${path.peer} lets in are there, and ${path.prefix} came too late`,
};

/** A refusal holds for every network, so its sentence names none. */
function sentencesOfRefusals(): Record<Refusal, (network: string, path: Path) => string> {
  const entries = Object.entries(REFUSAL_SENTENCES).map(([refusal, sentence]) => [
    refusal,
    (_network: string, path: Path) => sentence(path),
  ]);
  return Object.fromEntries(entries) as Record<Refusal, (network: string, path: Path) => string>;
}
