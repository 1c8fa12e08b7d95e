/** A cached result in another version, as the `types` packages of containernetworking/cni convert it. */

// biome-ignore lint/suspicious/noExplicitAny: results of all versions
type Any = any;

/** The result in `version`, through the newest shape. */
export function inVersion(result: Any, version: string): Any {
  const lists = result.ip4 || result.ip6 ? toLists(result) : result;
  if (version < '0.3.0') return toOneEach(lists, version);
  const ips = lists.ips.map(({ version: _, ...ip }: Any) =>
    version < '1.0.0' ? { version: ip.address.includes(':') ? '6' : '4', ...ip } : ip,
  );
  // 1.1 to 1.0 strips nothing, in Go as here.
  return { ...lists, cniVersion: version, ips };
}

function toLists({ ip4, ip6, dns }: Any): Any {
  const both = [ip4, ip6].filter(Boolean);
  const ips = both.map(({ ip, gateway }: Any) => ({ address: ip, gateway }));
  return { interfaces: [], ips, routes: both.flatMap(({ routes = [] }: Any) => routes), dns };
}

function toOneEach({ ips, routes = [], dns = {} }: Any, cniVersion: string): Any {
  const family = (isSix: boolean) => {
    const first = ips.find(({ address }: Any) => address.includes(':') === isSix);
    if (!first) return undefined;
    const own = routes.filter(({ dst }: Any) => dst.includes(':') === isSix).map(({ dst, gw }: Any) => ({ dst, gw }));
    return { ip: first.address, gateway: first.gateway, routes: own };
  };
  return { cniVersion, ip4: family(false), ip6: family(true), dns };
}
