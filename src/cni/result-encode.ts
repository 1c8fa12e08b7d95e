/**
 * A result in the shape of each version of the specification.
 *
 * 0.1.0 and 0.2.0 know one address per family and no interfaces; 0.3.0 to 0.4.0 add lists, each address with its IP
 * version as text; 1.0.0 drops that text; 1.1.0 adds facts of interfaces and routes, which older readers never see.
 */
import { type Family, familyOf } from '../model/address.js';
import { present } from '../model/present.js';
import { CniError, CODE } from './cni-error.js';
import type { Dns, Result, ResultInterface, ResultIp, ResultRoute } from './result.js';
import { atLeast, type CniVersion } from './version.js';

/** The JSON object of `result` in `cniVersion`. Throws CniError when an old version cannot say it: there is no address. */
export function encodeResult(result: Result, cniVersion: CniVersion): object {
  if (!atLeast(cniVersion, '0.3.0')) return { cniVersion, ...oneAddressPerFamily(result), dns: encodeDns(result.dns) };
  return {
    cniVersion,
    interfaces: result.interfaces.map((link) => encodeInterface(link, cniVersion)),
    ips: result.ips.map((ip) => encodeIp(ip, cniVersion)),
    routes: result.routes.map((route) => encodeRoute(route, cniVersion)),
    dns: encodeDns(result.dns),
  };
}

function oneAddressPerFamily(result: Result): object {
  if (result.ips.length === 0)
    throw new CniError(CODE.internal, 'a result without an address has no form before 0.3.0');
  return present({ ip4: familyConfig(result, 4), ip6: familyConfig(result, 6) });
}

function familyConfig(result: Result, family: Family): object | undefined {
  const first = result.ips.find((ip) => familyOf(ip.address) === family);
  if (!first) return undefined;
  const routes = result.routes.filter((route) => familyOf(route.dst) === family);
  return present({
    ip: `${first.address}/${first.length}`,
    gateway: first.gateway,
    routes: routes.length > 0 ? routes.map(({ dst, gw }) => present({ dst, gw })) : undefined,
  });
}

function encodeInterface({ name, mac, sandbox, ...newer }: ResultInterface, version: CniVersion): object {
  return present({ name, mac, sandbox, ...(atLeast(version, '1.1.0') ? newer : {}) });
}

function encodeIp({ address, length, gateway, interface: index }: ResultIp, version: CniVersion): object {
  const ipVersion = atLeast(version, '1.0.0') ? undefined : String(familyOf(address));
  return present({ version: ipVersion, interface: index, address: `${address}/${length}`, gateway });
}

function encodeRoute({ dst, gw, ...newer }: ResultRoute, version: CniVersion): object {
  return present({ dst, gw, ...(atLeast(version, '1.1.0') ? newer : {}) });
}

function encodeDns({ nameservers, domain, search, options }: Dns): object {
  return present({ nameservers, domain, search, options });
}
