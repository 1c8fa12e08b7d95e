/** Which attachments a GC is told to keep (specification 1.1.0, section GC). */
import type { EndpointId } from '../model/endpoint.js';
import { CniError, CODE } from './cni-error.js';
import { isObject, type JsonObject } from './decode-json.js';

/** libcni sends the list under both names (containernetworking/cni#1101); older runtimes know the second only. */
const KEYS = ['cni.dev/valid-attachments', 'cni.dev/attachments'];

/**
 * The list, empty for null: nothing is valid. Undefined when the key is absent: then nothing may be removed.
 * Throws CniError 7 for an entry that cannot be read, since what it names would be removed.
 */
export function validAttachments(conf: JsonObject): readonly EndpointId[] | undefined {
  const key = KEYS.find((name) => Object.hasOwn(conf, name));
  if (key === undefined) return undefined;
  const list = conf[key] ?? [];
  if (!Array.isArray(list)) throw new CniError(CODE.invalidConfig, `${key} is not a list`);
  return list.map((entry: unknown, index) => {
    const { containerID, ifname } = isObject(entry) ? entry : {};
    if (typeof containerID !== 'string' || typeof ifname !== 'string') {
      throw new CniError(CODE.invalidConfig, `${key}.${index} has no containerID or no ifname`);
    }
    return { containerId: containerID, ifname };
  });
}
