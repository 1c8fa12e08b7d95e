/**
 * What a configuration may ask for and we cannot do yet. Refused by name, because a wish that is silently dropped
 * (a published port, a rate limit) is found out in production. A field leaves this list when it is built.
 */
import { CniError, CODE } from './cni-error.js';
import { isObject } from './decode-json.js';

/** Throws CniError 2 that names the first such field and its value (specification section 5). */
export function refuseNotYet(wishes: { readonly [field: string]: unknown }): void {
  for (const [field, value] of Object.entries(wishes)) {
    if (!isAsked(value)) continue;
    throw new CniError(
      CODE.unsupportedField,
      `${field} = ${JSON.stringify(value).slice(0, 200)} is not supported yet`,
      REMEDY[field] ?? `remove ${field} from the configuration`,
    );
  }
}

const REMEDY: { readonly [field: string]: string } = {
  'runtimeConfig.portMappings': 'let the portmap plugin follow in the chain, and declare the capability there',
  'runtimeConfig.bandwidth': 'let the bandwidth plugin follow in the chain, and declare the capability there',
};

/** Go writes what nobody asked for as false, 0, "", [] or {}. */
function isAsked(value: unknown): boolean {
  if (Array.isArray(value)) return value.length > 0;
  if (isObject(value)) return Object.values(value).some(isAsked);
  return Boolean(value);
}
