/** Whose each address of this node is, as the programs of the shortcut have it. */
import type { Address } from '../model/address.js';
import type { Endpoint } from '../model/endpoint.js';
import type { Gateways } from '../model/network.js';
import type { NetlinkSocket } from '../netlink/index.js';
import { hostAddresses } from './host-addresses.js';
import type { Loaded, Place } from './shortcut-program.js';

const THIS_NODE: Place = { hostEnd: 0, table: 0 };

/** Of the host, without its filters. */
export interface Site {
  readonly socket: NetlinkSocket;
  readonly gateways: Gateways;
  readonly tables: ReadonlyMap<string, number>;
  /** Endpoints by the index of their host end. */
  readonly wired: ReadonlyMap<number, Endpoint>;
}

export class Places {
  readonly #site: Site;
  readonly #map: Pick<Loaded, 'putPlace' | 'removePlace'>;
  /** What is in the map, and since when its packets are counted, in ms of performance.now(). */
  readonly #there = new Map<Address, Place & { readonly since: number }>();
  #areOld = true;

  constructor(site: Site, map: Pick<Loaded, 'putPlace' | 'removePlace'>) {
    this.#site = site;
    this.#map = map;
  }

  /** Networks, or addresses of this host, may be others. */
  doubt(): void {
    this.#areOld = true;
  }

  /** Makes them true if they are in doubt. */
  refresh(): void {
    if (!this.#areOld) return;
    const { socket, gateways, wired } = this.#site;
    const here = [...hostAddresses(socket, gateways).map(({ address }) => address), gateways.v4, gateways.v6];
    const wanted = new Map([
      ...[...wired].flatMap(([hostEnd, endpoint]) => this.#placesOf(endpoint, hostEnd)),
      ...here.map((address) => [address, THIS_NODE] as const),
    ]);
    for (const address of this.#there.keys()) if (!wanted.has(address)) this.#take(address);
    for (const [address, place] of wanted) this.#put(address, place);
    this.#areOld = false;
  }

  add(endpoint: Endpoint, hostEnd: number): void {
    for (const [own, place] of this.#placesOf(endpoint, hostEnd)) this.#put(own, place);
  }

  /** Another endpoint may have the address by now: that one keeps it. */
  remove({ addresses }: Endpoint, hostEnd: number): void {
    for (const own of addresses) if (this.#there.get(own)?.hostEnd === hostEnd) this.#take(own);
  }

  /** How long packets to an endpoint have been counted, in ms. */
  countedFor({ addresses: [own] }: Endpoint): number {
    return performance.now() - (own === undefined ? 0 : (this.#there.get(own)?.since ?? 0));
  }

  countAnew(endpoint: Endpoint, hostEnd: number): void {
    this.remove(endpoint, hostEnd);
    this.add(endpoint, hostEnd);
  }

  #placesOf({ network, addresses }: Endpoint, hostEnd: number): (readonly [Address, Place])[] {
    const table = this.#site.tables.get(network);
    return table === undefined ? [] : addresses.map((own) => [own, { hostEnd, table }]);
  }

  #put(address: Address, { hostEnd, table }: Place): void {
    const there = this.#there.get(address);
    if (there?.hostEnd === hostEnd && there.table === table) return;
    this.#map.putPlace(address, { hostEnd, table });
    this.#there.set(address, { hostEnd, table, since: performance.now() });
  }

  #take(address: Address): void {
    this.#map.removePlace(address);
    this.#there.delete(address);
  }
}
