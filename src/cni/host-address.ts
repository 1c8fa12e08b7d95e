import { type Address, address, bitsOf } from '../model/address.js';
import { quoted } from '../model/quoted.js';

/**
 * The address of `10.20.1.10` or `10.20.1.10/24`. Runtimes send both; only the host bits count, since every endpoint
 * gets its own /32 or /128. Throws RangeError that names the text.
 */
export function hostAddress(text: string): Address {
  const [base = '', length, ...rest] = text.split('/');
  const host = address(base);
  if (rest.length > 0 || (length !== undefined && !(/^\d{1,3}$/.test(length) && Number(length) <= bitsOf(host)))) {
    throw new RangeError(`not an address: ${quoted(text)} (expected like 10.20.1.10 or 10.20.1.10/24)`);
  }
  return host;
}
