/**
 * The alias of a host end says whose it is: `slash32 <network> <container id> <interface>`, so that the kernel itself
 * remembers it over any crash, and `ip link` shows it to people.
 */
import { hash } from 'node:crypto';
import type { Endpoint, EndpointId } from '../model/endpoint.js';

/** IFALIASZ of linux/if.h, less the NUL. */
const MOST_BYTES = 255;
const WORD = 'slash32';

/** What an alias says. An id that was too long for it stands as `sha256:<hex>`, which no id can look like. */
export interface Alias extends EndpointId {
  readonly network: string;
}

/** The alias of an endpoint's host end: ASCII, and no longer than Linux takes. */
export function aliasOf(endpoint: Pick<Endpoint, 'network' | 'containerId' | 'ifname'>): string {
  const network = encodeURIComponent(endpoint.network);
  const ifname = encodeURIComponent(endpoint.ifname);
  const whole = [WORD, network, endpoint.containerId, ifname].join(' ');
  if (whole.length <= MOST_BYTES) return whole;
  // A link is found again by its id: one that a digest would not shorten stays readable, and the network gives way.
  const id = shortened(endpoint.containerId);
  const hashed = [WORD, network, id, ifname].join(' ');
  return hashed.length <= MOST_BYTES ? hashed : [WORD, digest(endpoint.network), id, ifname].join(' ');
}

/** Reads an alias. Undefined when it is not one of ours. */
export function parseAlias(text: string): Alias | undefined {
  const [word, network, containerId, ifname, ...rest] = text.split(' ');
  if (word !== WORD || !network || !containerId || !ifname || rest.length > 0) return undefined;
  try {
    return { network: decodeURIComponent(network), containerId, ifname: decodeURIComponent(ifname) };
  } catch {
    return undefined; // a percent sign that we did not write
  }
}

function shortened(id: string): string {
  const hashed = digest(id);
  return id.length > hashed.length ? hashed : id;
}

function digest(text: string): string {
  return `sha256:${hash('sha256', text)}`;
}
