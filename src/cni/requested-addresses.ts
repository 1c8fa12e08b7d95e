/** Which addresses a runtime asks for. Three places may say so; the most specific that does is heard, alone. */
import { type Address, familyOf } from '../model/address.js';
import { CniError, CODE } from './cni-error.js';

/** Where a request may name addresses, in the order of precedence (CNI conventions). */
export interface AddressWishes {
  readonly conf: {
    readonly runtimeConfig: { readonly ips: readonly Address[] };
    readonly argsCni: { readonly ips: readonly Address[] };
  };
  readonly args: { readonly ips: readonly Address[] };
}

/**
 * The addresses asked for, at most one per family; none means: any free one.
 * runtimeConfig.ips, then args.cni.ips, then IP in CNI_ARGS, which is not read at all when one of the others speaks.
 * Throws CniError 7 when a family is asked for twice.
 */
export function requestedAddresses({ conf, args }: AddressWishes): readonly Address[] {
  const wishes = [conf.runtimeConfig.ips, conf.argsCni.ips, args.ips].find((ips) => ips.length > 0) ?? [];
  const asked = [...new Set(wishes)];
  for (const family of [4, 6] as const) {
    const same = asked.filter((ip) => familyOf(ip) === family);
    if (same.length > 1) {
      throw new CniError(
        CODE.invalidConfig,
        `two IPv${family} addresses are asked for: ${same.join(', ')}; ask for one`,
      );
    }
  }
  return asked;
}
