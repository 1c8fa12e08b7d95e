/**
 * Results that others made: the prevResult of a chain, and what an IPAM plugin answers.
 *
 * The shape tells the version better than `cniVersion` does, which delegates leave out or set to their own: `ip4` and
 * `ip6` are 0.1.0 and 0.2.0, lists are everything later. Go writes a missing value as "", null or not at all.
 */
import { z } from 'zod';
import { type Address, address, bitsOf, type Prefix, prefixAround } from '../model/address.js';
import { CniError, CODE } from './cni-error.js';
import { isObject } from './decode-json.js';
import { hostAddress } from './host-address.js';
import type { Result } from './result.js';
import { checked, issuesOf, list, orEmpty } from './schema.js';

/** A result of any version. Throws CniError 7 that names `what` it was and the field. */
export function decodeResult(value: unknown, what: string): Result {
  const isOld = isObject(value) && (value.ip4 !== undefined || value.ip6 !== undefined);
  const decoded = (isOld ? OneAddressPerFamily : Lists).safeParse(value);
  if (!decoded.success)
    throw new CniError(CODE.invalidConfig, `${what} is not a CNI result: ${issuesOf(decoded.error)}`);
  return decoded.data;
}

const text = orEmpty(z.string());
const count = orEmpty(z.number().int().nonnegative());
const gateway = orEmpty(z.string().transform(checked(address)));
const onLength = z.string().transform(checked(addressAndLength));
const destination = z.string().transform(checked((cidr) => around(addressAndLength(cidr))));
const texts = list(z.string());

const Dns = z
  .object({ nameservers: texts, domain: text, search: texts, options: texts })
  .transform((dns) => Object.fromEntries(Object.entries(dns).filter(([, value]) => value?.length)));

const Route = z.object({
  dst: destination,
  gw: gateway,
  mtu: count,
  advmss: count,
  priority: count,
  table: count,
  scope: count,
});

const Interface = z.object({ name: z.string(), mac: text, sandbox: text, mtu: count, socketPath: text, pciID: text });

const Ip = z
  .object({ address: onLength, gateway, interface: orEmpty(z.number().int()) })
  .transform(({ address: own, ...rest }) => ({ ...own, ...rest }));

const Lists = z
  .object({ interfaces: list(Interface), ips: list(Ip), routes: list(Route), dns: Dns.nullish() })
  .transform(({ dns, ips, ...result }): Result => {
    // Some plugins write -1 for "no interface".
    const known = (index: number | undefined) => index !== undefined && index >= 0 && index < result.interfaces.length;
    const indexed = ips.map((ip) => (known(ip.interface) ? ip : { ...ip, interface: undefined }));
    return { ...result, ips: indexed, dns: dns ?? {} };
  });

const FamilyConfig = z.object({ ip: onLength, gateway, routes: list(Route) });

const OneAddressPerFamily = z
  .object({ ip4: FamilyConfig.nullish(), ip6: FamilyConfig.nullish(), dns: Dns.nullish() })
  .transform(({ ip4, ip6, dns }): Result => {
    const families = [ip4, ip6].filter((family) => family != null);
    const ips = families.map(({ ip, gateway: via }) => ({ ...ip, gateway: via }));
    return { interfaces: [], ips, routes: families.flatMap(({ routes }) => routes), dns: dns ?? {} };
  });

function addressAndLength(cidr: string): { address: Address; length: number } {
  const own = hostAddress(cidr);
  const slash = cidr.indexOf('/');
  return { address: own, length: slash < 0 ? bitsOf(own) : Number(cidr.slice(slash + 1)) };
}

/** Go keeps the host bits of a route's destination, as in 10.0.0.1/8. */
function around({ address: base, length }: { address: Address; length: number }): Prefix {
  return prefixAround(base, length);
}
