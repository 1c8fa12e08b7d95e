/**
 * Which subnets this node was given, from the file in which flannel's daemon tells every CNI plugin (`subnet.env`): lines
 * like FLANNEL_SUBNET=10.244.1.1/24. So nothing that differs from node to node stands in any other configuration.
 */
import { address, type Prefix, prefix, prefixAround } from '../model/address.js';
import { quoted } from '../model/quoted.js';
import { textOfFile } from './named-file.js';

/** What the file says, of what concerns us. */
export interface Subnets {
  /** One or two. */
  readonly pools: readonly Prefix[];
  /** Bytes; undefined when the file has none. */
  readonly mtu: number | undefined;
}

const MAX_FILE = 64 * 1024;
const REMEDY = { ENOENT: '; flanneld writes it once it has a subnet for this node' };
const SUBNETS = ['FLANNEL_SUBNET', 'FLANNEL_IPV6_SUBNET'];

/** Reads the file. Throws RangeError that names it and says what is wrong with it. */
export function readSubnets(path: string): Subnets {
  const short = ({ size }: { readonly size: number }) => {
    if (size > MAX_FILE) throw new RangeError(`${path} is longer than ${MAX_FILE} bytes; is it flannel's?`);
  };
  return subnetsIn(textOfFile(path, short, REMEDY), path);
}

/** The same of its text. */
export function subnetsIn(text: string, path: string): Subnets {
  const values = new Map(
    [...text.matchAll(/^[ \t]*(\w+)=["']?([^"'\r\n]*?)["']?[ \t]*\r?$/gm)].map(([, key, value]) => [key, value]),
  );
  const pools = SUBNETS.flatMap((key) => {
    const value = values.get(key);
    return value ? [subnet(value, `${path}: ${key}`)] : [];
  });
  if (pools.length === 0) throw new RangeError(`${path} has neither ${SUBNETS.join(' nor ')}; is it flannel's?`);
  return { pools, mtu: mtu(values.get('FLANNEL_MTU'), path) };
}

/** Flannel writes its own bridge's address, 10.244.1.1/24, for the subnet 10.244.1.0/24. */
function subnet(text: string, what: string): Prefix {
  const [, base = '', length = ''] = /^([^/]*)\/(\d{1,3})$/.exec(text) ?? [];
  try {
    // Parsed as a prefix for its length alone, which only that parser judges.
    const around = prefix(`${base.includes(':') ? '::' : '0.0.0.0'}/${length}`);
    return prefixAround(address(base), Number(around.split('/')[1]));
  } catch (error) {
    throw new RangeError(`${what}: not a subnet: ${quoted(text)}`, { cause: error });
  }
}

function mtu(text: string | undefined, path: string): number | undefined {
  if (text === undefined || text === '') return undefined;
  const bytes = Number(text);
  if (Number.isInteger(bytes) && bytes >= 68 && bytes <= 65535) return bytes;
  throw new RangeError(`${path}: FLANNEL_MTU: not a number from 68 to 65535: ${quoted(text)}`);
}
