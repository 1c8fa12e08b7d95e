/**
 * Letter case of configuration keys.
 *
 * Go decodes keys without regard to case, and runtimes rely on it: containerd sends `HostPort` and `Servers`, podman
 * sends `hostPort`, BaGPipe's users write `importRT`. JSON.parse distinguishes them. So the keys we know are brought
 * into our spelling first, at every depth; keys we do not know stay as they came. A key whose value is null is left out,
 * because for Go it is absent too.
 */
import { isObject, type JsonObject } from './decode-json.js';

const KNOWN = [
  ...['cniVersion', 'name', 'type', 'network', 'wait', 'waitSeconds', 'mtu', 'ipMasq', 'communities'],
  ...['importrt', 'importRTs', 'import_rt', 'import', 'exportrt', 'exportRTs', 'export_rt', 'export', 'rt'],
  ...['ipam', 'args', 'cni', 'SLASH32_IMPORT', 'SLASH32_EXPORT', 'prevResult'],
  ...['runtimeConfig', 'ips', 'mac', 'portMappings', 'bandwidth', 'ingressRate', 'egressRate'],
  ...['hostPort', 'containerPort', 'protocol', 'hostIP'],
  ...['dns', 'servers', 'searches', 'nameservers', 'domain', 'search', 'options'],
];
const BY_LOWER_CASE = new Map(KNOWN.map((key) => [key.toLowerCase(), key]));

/** The same value with the keys we know in our spelling. Of two spellings of one key the last wins, as for Go. */
export function inOurSpelling(value: JsonObject): JsonObject {
  // Without a prototype, so that a key named __proto__ is only a key.
  const result: Record<string, unknown> = Object.create(null);
  for (const [key, inner] of Object.entries(value)) {
    if (inner !== null) result[BY_LOWER_CASE.get(key.toLowerCase()) ?? key] = spelled(inner);
  }
  return result;
}

/** Recursion is bounded by the depth that decodeObject lets through. */
function spelled(value: unknown): unknown {
  if (Array.isArray(value)) return value.map(spelled);
  return isObject(value) ? inOurSpelling(value) : value;
}
