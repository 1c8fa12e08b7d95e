/**
 * "usePodCidr" where an IPAM plugin's configuration wants a subnet: the one that this node was given, so that the same
 * configuration serves every node. The spelling is Calico's; our own pools need none.
 */
import { type Family, familyOf, type Prefix } from '../model/address.js';
import { CniError, CODE } from './cni-error.js';
import { decodeObject, isObject } from './decode-json.js';

const FAMILIES: ReadonlyMap<unknown, Family> = new Map([
  ['usePodCidr', 4],
  ['usePodCidrIPv6', 6],
]);

/**
 * The configuration with the first pool of its family in place of each such word below `ipam`; as it came when there is none.
 * A word whose family has no pool stays.
 */
export function withPodCidrs(netConf: string, pools: readonly Prefix[]): string {
  if (!netConf.includes('usePodCidr')) return netConf;
  const conf = decodeObject(Buffer.from(netConf), 'stdin');
  const put = (value: unknown): unknown => {
    const family = FAMILIES.get(value);
    if (family !== undefined) return pools.find((pool) => familyOf(pool) === family) ?? value;
    if (Array.isArray(value)) return value.map(put);
    return isObject(value) ? Object.fromEntries(Object.entries(value).map(([key, inner]) => [key, put(inner)])) : value;
  };
  return JSON.stringify(
    Object.fromEntries(
      Object.entries(conf).map(([key, value]) => [key, key.toLowerCase() === 'ipam' ? put(value) : value]),
    ),
  );
}

/** Throws CniError 7 when such a word was left, because the network has no pool of that family on this node. */
export function refuseWithoutPool(netConf: string, network: string): void {
  const [, left = ''] = /"(usePodCidr(?:IPv6)?)"/.exec(netConf) ?? [];
  if (left === '') return;
  throw new CniError(
    CODE.invalidConfig,
    `ipam says ${left}, and network "${network}" has no IPv${FAMILIES.get(left)} pool on this node`,
    "give the network pools or a subnetFile in the node's configuration",
  );
}
