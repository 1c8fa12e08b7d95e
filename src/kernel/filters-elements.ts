/**
 * The map elements that admit one endpoint: from its link only its own addresses may come, and packets to them are judged
 * by its network.
 *
 * Its link-local address is the one the kernel makes from its MAC (EUI-64, RFC 4291 appendix A): enough to ping the
 * gateway. Any other would let a container fill the host's neighbour table, which all links share, by inventing sources.
 */
import { type Address, addressFrom, bytesOf, familyOf } from '../model/address.js';
import type { Endpoint } from '../model/endpoint.js';
import { interfaceKey, type VerdictElement } from '../netlink/index.js';
import { fromNetwork, type MapName, toNetwork } from './filters-ruleset.js';
import { LINK_PREFIX } from './ours.js';

/** A name that is also safe in text for nft. */
const HOST_END = new RegExp(`^${LINK_PREFIX}[0-9a-zA-Z]{1,12}$`);

/** What of an endpoint the filters look at. */
export type Admissible = Pick<Endpoint, 'link' | 'mac' | 'addresses'>;

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
 * Throws RangeError when its link's name or its MAC is none: both end up in text for nft.
 */
export function keysOf(endpoint: Admissible): FilterKey[] {
  const { name } = endpoint.link;
  if (!HOST_END.test(name)) throw new RangeError(`not the name of a host end of ours: "${name}"`);
  const speaks6 = endpoint.addresses.some((own) => familyOf(own) === 6);
  const sources = speaks6 ? [...endpoint.addresses, linkLocalOf(endpoint.mac)] : endpoint.addresses;
  return [...sources.map((own) => sourceKey(name, own)), ...endpoint.addresses.map(destinationKey)];
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

/** The address that the kernel gives an interface by itself: fe80::/64 and the MAC with its seventh bit turned. */
export function linkLocalOf(mac: string): Address {
  if (!/^[0-9a-f]{2}(:[0-9a-f]{2}){5}$/i.test(mac)) throw new RangeError(`not a MAC address: "${mac}"`);
  const [a = 0, b = 0, c = 0, ...rest] = mac.split(':').map((part) => Number.parseInt(part, 16));
  return addressFrom(Uint8Array.of(0xfe, 0x80, 0, 0, 0, 0, 0, 0, a ^ 2, b, c, 0xff, 0xfe, ...rest));
}

function sourceKey(link: string, of: Address): FilterKey {
  const map = familyOf(of) === 4 ? 'source4' : 'source6';
  const key = Buffer.concat([interfaceKey(link), bytesOf(of)]);
  return { id: elementId({ map, key }), map, key, text: `"${link}" . ${of}` };
}

function destinationKey(of: Address): FilterKey {
  const map = familyOf(of) === 4 ? 'destination4' : 'destination6';
  const key = Buffer.from(bytesOf(of));
  return { id: elementId({ map, key }), map, key, text: of };
}

function chainFor(map: MapName, table: number): string {
  return map.startsWith('source') ? fromNetwork(table) : toNetwork(table);
}
