/**
 * Does a heard path enter a network? The answer is its own reason, and `slash32 explain` prints that reason.
 * The order is the order of the questions: is it a path that nobody may route, is it ours, is it for us, is it allowed.
 */
import { contains, lengthOf, type Prefix, prefix } from '../model/address.js';
import type { HostNetwork, Network } from '../model/network.js';
import type { Path } from '../model/path.js';

export type ImportVerdict =
  | 'imported'
  | 'martian'
  | 'local-endpoint'
  | 'carries-no-target'
  | 'no-common-target'
  | 'default-not-allowed'
  | 'outside-prefixes';

/** What no peer may lead us to (RFC 6890, RFC 7454 section 6.1): this host, links, groups, and what is reserved. */
const MARTIANS = ['0.0.0.0/8', '127.0.0.0/8', '169.254.0.0/16', '224.0.0.0/4', '240.0.0.0/4', '::/127', 'fe80::/10']
  .concat(['ff00::/8', '::ffff:0:0/96'])
  .map(prefix);

/**
 * @param path what gobgpd heard, with the peer's `untagged` targets already on it when it carried none
 * @param hasEndpoint an endpoint of this node owns exactly this prefix
 */
export function importVerdict(network: Network | HostNetwork, path: Path, hasEndpoint: boolean): ImportVerdict {
  if (isMartian(path.prefix)) return 'martian';
  // A heard path never replaces an endpoint of our own, whatever it carries.
  if (hasEndpoint) return 'local-endpoint';
  if (path.targets.length === 0) return 'carries-no-target';
  if (!path.targets.some((target) => network.imports.has(target))) return 'no-common-target';
  return placeVerdict(network, path.prefix);
}

/** Prefixes of a network are a fence; `allow` opens it for exactly the named ones. */
function placeVerdict(network: Network | HostNetwork, heard: Prefix): ImportVerdict {
  if (!('prefixes' in network) || network.allow.includes(heard)) return 'imported';
  // A default route draws in everything the network does not know: never by accident.
  if (lengthOf(heard) === 0) return 'default-not-allowed';
  const { prefixes } = network;
  return prefixes.length === 0 || prefixes.some((outer) => contains(outer, heard)) ? 'imported' : 'outside-prefixes';
}

function isMartian(heard: Prefix): boolean {
  return lengthOf(heard) > 0 && MARTIANS.some((martian) => contains(martian, heard));
}

/** One sentence a verdict, for people. */
export const IMPORT_SENTENCES: Record<ImportVerdict, (network: string, path: Path) => string> = {
  imported: (network, path) => `${network} imports ${path.targets.join(' ')}`,
  martian: (_, path) => `${path.prefix} is reserved and never routed (RFC 6890)`,
  'local-endpoint': (_, path) =>
    `${path.prefix} belongs to an endpoint of this node, and a heard path never replaces one`,
  'carries-no-target': (network, path) =>
    `the path carries no route target; name one under "untagged" of peer ${path.peer} and import it in ${network}`,
  'no-common-target': (network, path) =>
    `no route target of the path (${path.targets.join(' ')}) is imported by ${network}`,
  'default-not-allowed': (network, path) =>
    `a default route enters only where it is allowed; add ${path.prefix} to "allow" of ${network}`,
  'outside-prefixes': (network, path) =>
    `${path.prefix} lies outside the prefixes of ${network}, and "allow" does not name it`,
};
