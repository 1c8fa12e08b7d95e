/**
 * The shortcut in the kernel: the `Shortcut` port on Linux.
 *
 * Two programs (bpf/shortcut.c) know the addresses of this node and hold a lease: one on the uplinks, and one on the host ends
 * of endpoints that talk much. As long as it runs they take packets past the stack; when it runs out, because nobody renews it
 * or because networks are about to change, the filters stay as they are and do nothing. So all that is here may fail: packets
 * go by the stack then.
 *
 * A controller that starts puts its own programs into the place of the old ones, whose lease nobody renews any more.
 */
import type { Endpoint } from '../model/endpoint.js';
import type { Bystanders, PeerPlace, ShortcutUse } from '../model/shortcut.js';
import { decodeLink, decodeRoute, dumpLinks, indexOfName, nameOfIndex } from '../netlink/index.js';
import type { Shortcut } from '../ports.js';
import { BystandersReader } from './bystanders.js';
import { linkOf } from './inspect.js';
import { LinkProgram, takeAllAside } from './link-program.js';
import { LINK_PREFIX } from './ours.js';
import { Places, type Site } from './places.js';
import { routeTo } from './route-lookup.js';
import { type Loaded, loadShortcut } from './shortcut-program.js';
import { Talkers } from './talkers.js';

/** A controller that is away for so long lets everybody's new rules hold again, in ms. */
const LEASE = 2000;
/** `00:53:32:01:00:07`: a link without Ethernet has another address, or none, and the program would mistake what it reads. */
const MAC_LENGTH = 17;

/** What there is while it is open. */
interface Opened {
  readonly loaded: Loaded;
  readonly uplink: LinkProgram;
  readonly places: Places;
  readonly talkers: Talkers;
  readonly bystanders: BystandersReader;
}

export class KernelShortcut implements Shortcut, Disposable {
  readonly #site: Site;
  readonly #rulePriority: number;
  #opened: Opened | undefined;
  /** The links over which peers are, by index, and which of them have the program. */
  #uplinks: ReadonlyMap<number, boolean> = new Map();
  /** The programs may until then, in ms of performance.now(). */
  #leasedUntil = 0;
  /** Networks are being changed. */
  #changes = 0;

  constructor(site: Site, rulePriority: number) {
    this.#site = site;
    this.#rulePriority = rulePriority;
  }

  open(): void {
    if (this.#opened) return;
    const loaded = loadShortcut();
    try {
      this.#opened = this.#around(loaded);
    } catch (error) {
      loaded[Symbol.dispose]();
      throw error;
    }
  }

  #around(loaded: Loaded): Opened {
    const { socket, wired } = this.#site;
    const [uplink, hostEnd] = [loaded.uplink, loaded.hostEnd].map((program) => new LinkProgram(socket, program));
    const places = new Places(this.#site, loaded);
    const talkers = new Talkers(wired, hostEnd!, places, loaded);
    const bystanders = new BystandersReader(socket, this.#rulePriority);
    return { loaded, uplink: uplink!, places, talkers, bystanders };
  }

  close(): void {
    this.forbid();
    const opened = this.#opened;
    this.#opened = undefined;
    opened?.bystanders[Symbol.dispose]();
    this.#takeAway(opened?.talkers)
      // What is still there does nothing, for nobody renews its lease.
      .catch(() => {})
      .finally(() => opened?.loaded[Symbol.dispose]());
  }

  bystanders(peers: readonly PeerPlace[]): Bystanders {
    const { bystanders, uplink } = this.#known();
    const looks = [...this.#linksTo(peers)].map(([index, name]) => ({ index, name, ...uplink.look(index) }));
    this.#uplinks = new Map(looks.map(({ index, isOn }) => [index, isOn]));
    const filtered = looks.filter(({ meetsOthers }) => meetsOthers);
    return { ...bystanders.read(), links: filtered.map(({ name }) => name) };
  }

  allow(): void {
    if (this.#changes > 0) return;
    const { uplink, places, talkers } = this.#known();
    for (const [index, isOn] of this.#uplinks) if (!isOn) this.#putOn(index, uplink);
    places.refresh();
    this.#lease(LEASE);
    talkers.look();
  }

  forbid(): void {
    this.#lease(0);
  }

  isAllowed(): boolean {
    return performance.now() < this.#leasedUntil;
  }

  use(): ShortcutUse {
    return { packets: this.#opened?.loaded.packets() ?? 0, endpoints: this.#opened?.talkers.count ?? 0 };
  }

  /** Changes networks. Nothing goes past the stack from its beginning to the next `allow` after it. */
  async change(networks: () => Promise<void>): Promise<void> {
    this.#changes++;
    this.forbid();
    try {
      await networks();
    } finally {
      this.#changes--;
      this.hostChanged();
    }
  }

  /** Addresses of this host may be others. */
  hostChanged(): void {
    this.#opened?.places.doubt();
  }

  /** An endpoint is wired. Its packets go by the stack if this fails. */
  add(endpoint: Endpoint, hostEnd: number): void {
    const places = this.#opened?.places;
    try {
      places?.add(endpoint, hostEnd);
    } catch {
      // No reason to refuse a container; the next `allow` meets a full map again, and says so.
      places?.doubt();
    }
  }

  /** Comes before its filters go. The program goes with the link. */
  remove(endpoint: Endpoint, hostEnd: number): void {
    this.#opened?.places.remove(endpoint, hostEnd);
  }

  [Symbol.dispose](): void {
    this.#opened?.bystanders[Symbol.dispose]();
    this.#opened?.loaded[Symbol.dispose]();
    this.#opened = undefined;
  }

  #known(): Opened {
    if (!this.#opened) throw new Error('the shortcut is not open');
    return this.#opened;
  }

  #lease(milliseconds: number): void {
    this.#opened?.loaded.lease(milliseconds);
    this.#leasedUntil = performance.now() + milliseconds;
  }

  /** Throws an Error that names the link. */
  #putOn(index: number, uplink: LinkProgram): void {
    const link = linkOf(this.#site.socket, index);
    if (link?.mac.length !== MAC_LENGTH) return;
    try {
      uplink.put(index);
    } catch (error) {
      throw new Error(`no program can be put on ${link.name}: ${(error as Error).message}`, { cause: error });
    }
  }

  /** The links over which peers are, by index and name. Host ends are none. */
  #linksTo(peers: readonly PeerPlace[]): Map<number, string> {
    const indexes = peers.flatMap(({ address, device }) => {
      if (device !== undefined) return indexOfName(device) ?? [];
      return routeTo(this.#site.socket, address).flatMap((answer) =>
        decodeRoute(answer).hops.flatMap(({ oif }) => oif ?? []),
      );
    });
    const links = [...new Set(indexes)].map((index) => [index, nameOfIndex(index) ?? ''] as const);
    return new Map(links.filter(([, name]) => !name.startsWith(LINK_PREFIX)));
  }

  /** Removing a program makes Linux wait, so they go one by one, on another thread. */
  async #takeAway(talkers: Talkers | undefined): Promise<void> {
    await talkers?.settled();
    await takeAllAside(this.#site.socket.dump(dumpLinks(), decodeLink).map(({ index }) => index));
  }
}
