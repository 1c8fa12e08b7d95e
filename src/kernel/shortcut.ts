/**
 * The shortcut in the kernel: the `Shortcut` port on Linux.
 *
 * Two programs (bpf/shortcut.c), one on the uplinks and one on every host end, know the addresses of this node and hold a lease.
 * As long as it runs they take packets past the stack; when it runs out, because nobody renews it or because networks are
 * about to change, the filters stay as they are and do nothing. So all that is here may fail: packets go by the stack then.
 *
 * A controller that starts puts its own programs into the place of the old ones, whose lease nobody renews any more.
 */
import type { Address } from '../model/address.js';
import { type Endpoint, type EndpointId, endpointKey } from '../model/endpoint.js';
import type { Gateways } from '../model/network.js';
import type { Bystanders, PeerPlace } from '../model/shortcut.js';
import {
  addClsact,
  clsactIn,
  decodeFilter,
  decodeRoute,
  deleteFilter,
  dumpFilters,
  dumpQdiscs,
  Errno,
  type Filter,
  indexOfName,
  type NetlinkSocket,
  nameOfIndex,
  putFilter,
} from '../netlink/index.js';
import type { Shortcut } from '../ports.js';
import { BystandersReader } from './bystanders.js';
import { hostAddresses } from './host-addresses.js';
import { LINK_PREFIX } from './ours.js';
import { routeTo } from './route-lookup.js';
import { type Loaded, loadShortcut, type Place } from './shortcut-program.js';

/** A controller that is away for so long lets everybody's new rules hold again, in ms. */
const LEASE = 2000;
/** Place and names of our filters. */
const PRIORITY = 3232;
const UPLINK = 'slash32-uplink';
const HOST_END = 'slash32-host-end';
const THIS_NODE: Place = { hostEnd: 0, table: 0 };

/** Of the host, without its filters. */
interface Site {
  readonly socket: NetlinkSocket;
  readonly gateways: Gateways;
  readonly tables: ReadonlyMap<string, number>;
}

/** An endpoint, and the index of its host end. */
type Wired = Endpoint & { readonly hostEnd: number };

export class KernelShortcut implements Shortcut, Disposable {
  readonly #site: Site;
  readonly #rulePriority: number;
  #bystanders: BystandersReader | undefined;
  readonly #endpoints = new Map<string, Wired>();
  #loaded: Loaded | undefined;
  /** What is in the map. */
  #places = new Map<Address, Place>();
  #placesAreOld = true;
  /** Uplinks that have had the program that is loaded. */
  readonly #attachedUplinks = new Set<number>();
  /** Networks are being changed. */
  #changes = 0;

  constructor(site: Site, attached: Iterable<Endpoint>, rulePriority: number) {
    this.#site = site;
    this.#rulePriority = rulePriority;
    for (const endpoint of attached) {
      this.#endpoints.set(endpointKey(endpoint), { ...endpoint, hostEnd: endpoint.link.index });
    }
  }

  open(): void {
    this.#loaded ??= loadShortcut();
    this.#bystanders ??= new BystandersReader(this.#site.socket, this.#rulePriority);
    this.#placesAreOld = true;
    for (const { hostEnd } of this.#endpoints.values()) this.#attach(hostEnd, HOST_END);
  }

  close(): void {
    this.#loaded?.lease(0);
    const { socket } = this.#site;
    for (const index of socket.dump(dumpQdiscs(), clsactIn)) this.#clear(index);
    this.#loaded?.[Symbol.dispose]();
    this.#loaded = undefined;
    this[Symbol.dispose]();
    this.#places.clear();
    this.#attachedUplinks.clear();
  }

  bystanders(): Bystanders {
    if (!this.#bystanders) throw new Error('the shortcut is not open');
    return this.#bystanders.read();
  }

  allow(peers: readonly PeerPlace[]): void {
    const loaded = this.#loaded;
    if (!loaded || this.#changes > 0) return;
    for (const index of this.#uplinks(peers)) this.#attachUplink(index);
    if (this.#placesAreOld) this.#putPlaces(loaded);
    loaded.lease(LEASE);
  }

  forbid(): void {
    this.#loaded?.lease(0);
  }

  packets(): number {
    return this.#loaded?.packets() ?? 0;
  }

  /** Changes networks. Nothing goes past the stack from its beginning to the next `allow` after it. */
  async change(networks: () => Promise<void>): Promise<void> {
    this.#changes++;
    this.forbid();
    try {
      await networks();
    } finally {
      this.#changes--;
      this.#placesAreOld = true;
    }
  }

  /** Addresses of this host may be others. */
  hostChanged(): void {
    this.#placesAreOld = true;
  }

  /** An endpoint is wired. Its packets go by the stack if this fails. */
  add(endpoint: Endpoint, hostEnd: number): void {
    const wired = { ...endpoint, hostEnd };
    this.#endpoints.set(endpointKey(endpoint), wired);
    if (!this.#loaded) return;
    try {
      this.#attach(hostEnd, HOST_END);
      for (const [own, place] of this.#placesOf(wired)) this.#put(this.#loaded, own, place);
    } catch {
      // No reason to refuse a container; the next `allow` meets a full map again, and says so.
      this.#placesAreOld = true;
    }
  }

  /** Comes before its filters go. The program goes with the link. */
  remove(id: EndpointId): void {
    const key = endpointKey(id);
    const wired = this.#endpoints.get(key);
    this.#endpoints.delete(key);
    // Another endpoint may have the address by now.
    for (const own of wired?.addresses ?? []) if (this.#places.get(own)?.hostEnd === wired?.hostEnd) this.#take(own);
  }

  [Symbol.dispose](): void {
    this.#bystanders?.[Symbol.dispose]();
    this.#bystanders = undefined;
  }

  #putPlaces(loaded: Loaded): void {
    const { socket, gateways } = this.#site;
    const here = [...hostAddresses(socket, gateways).map(({ address }) => address), gateways.v4, gateways.v6];
    const wanted = new Map([
      ...[...this.#endpoints.values()].flatMap((wired) => this.#placesOf(wired)),
      ...here.map((address) => [address, THIS_NODE] as const),
    ]);
    for (const address of this.#places.keys()) if (!wanted.has(address)) this.#take(address);
    for (const [address, place] of wanted) this.#put(loaded, address, place);
    this.#placesAreOld = false;
  }

  #placesOf({ hostEnd, network, addresses }: Wired): (readonly [Address, Place])[] {
    const table = this.#site.tables.get(network);
    return table === undefined ? [] : addresses.map((own) => [own, { hostEnd, table }]);
  }

  #put(loaded: Loaded, address: Address, place: Place): void {
    const there = this.#places.get(address);
    if (there?.hostEnd === place.hostEnd && there.table === place.table) return;
    loaded.putPlace(address, place);
    this.#places.set(address, place);
  }

  #take(address: Address): void {
    this.#loaded?.removePlace(address);
    this.#places.delete(address);
  }

  /** The links over which peers are. */
  #uplinks(peers: readonly PeerPlace[]): Set<number> {
    const indexes = peers.flatMap(({ address, device }) => {
      if (device !== undefined) return indexOfName(device) ?? [];
      return routeTo(this.#site.socket, address).flatMap((answer) =>
        decodeRoute(answer).hops.flatMap(({ oif }) => oif ?? []),
      );
    });
    return new Set(indexes.filter((index) => !isHostEnd(index)));
  }

  /** What an earlier controller put there is replaced, what somebody removed is put back. */
  #attachUplink(index: number): void {
    const isThere = this.#filtersOf(index).some(({ name }) => name === UPLINK);
    if (!isThere || !this.#attachedUplinks.has(index)) this.#attach(index, UPLINK);
    this.#attachedUplinks.add(index);
  }

  #filtersOf(index: number): Filter[] {
    return this.#site.socket.dump(dumpFilters(index), decodeFilter);
  }

  /** Throws an Error with the remedy. A link that is gone needs none. */
  #attach(index: number, name: typeof UPLINK | typeof HOST_END): void {
    const { socket } = this.#site;
    const program = name === UPLINK ? this.#loaded!.uplink : this.#loaded!.hostEnd;
    // The place for filters may be there already.
    const error = socket.batch([addClsact(index), putFilter({ index, priority: PRIORITY, name }, program)]).get(1);
    if (!error || error.errno === Errno.ENODEV) return;
    const link = nameOfIndex(index) ?? `link ${index}`;
    throw new Error(`no program can be put on ${link}: ${error.message}; the kernel has to have clsact and cls_bpf`);
  }

  /**
   * Our filters alone. The place for them may be somebody else's by now, and Linux drops what a link sends, for 0.1 ms, while
   * it makes or removes one.
   */
  #clear(index: number): void {
    const ours = this.#filtersOf(index).filter(({ name }) => name === UPLINK || name === HOST_END);
    this.#site.socket.batch(ours.map(({ priority }) => deleteFilter({ index, priority })));
  }
}

function isHostEnd(index: number): boolean {
  return nameOfIndex(index)?.startsWith(LINK_PREFIX) === true;
}
