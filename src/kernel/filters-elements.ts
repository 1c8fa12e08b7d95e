/**
 * The map elements that admit one endpoint: from its link only its own addresses may come, and packets to them are judged
 * by its network.
 *
 * A link-local address is not among them: endpoints need none, since neighbours are permanent at both ends, and whoever may
 * invent some can fill the host's neighbour table, which all links share.
 */
import { type Address, bytesOf, familyOf } from '../model/address.js';
import type { Endpoint } from '../model/endpoint.js';
import { interfaceKey, type VerdictElement } from '../netlink/index.js';
import { MASQUERADED } from './filters-masquerade.js';
import { fromNetwork, type MapName, toNetwork } from './filters-ruleset.js';
import { LINK_PREFIX } from './ours.js';

/** A name that is also safe in text for nft. */
const HOST_END = new RegExp(`^${LINK_PREFIX}[0-9a-zA-Z]{1,12}$`);

/** What of an endpoint the filters look at. */
export type Admissible = Pick<Endpoint, 'link' | 'addresses'>;

/** The key of one element: as the kernel wants it, and as nft writes it. It does not depend on the network. */
export interface FilterKey {
  /** Map and key in one string. */
  readonly id: string;
  readonly map: MapName;
  readonly key: Buffer;
  readonly text: string;
}

/**
 * The keys of all elements of an endpoint.
 * @param masqueraded its packets to elsewhere shall bear the node's address
 * Throws RangeError when its link's name is none of ours: it ends up in text for nft.
 */
export function keysOf(endpoint: Admissible, masqueraded = false): FilterKey[] {
  const { name } = endpoint.link;
  if (!HOST_END.test(name)) throw new RangeError(`not the name of a host end of ours: "${name}"`);
  const { addresses } = endpoint;
  return [
    ...addresses.map((own) => sourceKey(name, own)),
    ...addresses.map((own) => addressKey('destination', own)),
    ...(masqueraded ? addresses.map((own) => addressKey('masquerade', own)) : []),
  ];
}

/** The element of a key in the network with this kernel table. */
export function elementFor({ map, key }: FilterKey, table: number): VerdictElement {
  return { map, key, chain: chainFor(map, table) };
}

/** The same as nft writes it. */
export function elementText({ map, text }: FilterKey, table: number): string {
  return `${map} { ${text} : goto ${chainFor(map, table)} }`;
}

/** Map and key name an element. */
export function elementId(element: Pick<VerdictElement, 'map' | 'key'>): string {
  return `${element.map} ${element.key.toString('latin1')}`;
}

function sourceKey(link: string, of: Address): FilterKey {
  const map = familyOf(of) === 4 ? 'source4' : 'source6';
  const key = Buffer.concat([interfaceKey(link), bytesOf(of)]);
  return { id: elementId({ map, key }), map, key, text: `"${link}" . ${of}` };
}

function addressKey(what: 'destination' | 'masquerade', of: Address): FilterKey {
  const map: MapName = `${what}${familyOf(of)}`;
  const key = Buffer.from(bytesOf(of));
  return { id: elementId({ map, key }), map, key, text: of };
}

function chainFor(map: MapName, table: number): string {
  if (map.startsWith('masquerade')) return MASQUERADED;
  return map.startsWith('source') ? fromNetwork(table) : toNetwork(table);
}
