/**
 * The filters of this node: who may send what from where, and who may reach whom.
 *
 * Rules are written by nft, from text, when networks change; that is rare. Endpoints come and go as map elements, in one
 * nfnetlink transaction each, without a process. The rules stay in force when the controller ends, and nothing is flushed
 * when it comes back.
 *
 * All endpoints are remembered here, so that the whole table can be made again after an `nft flush ruleset`, and an
 * element that belongs to nobody can be told. Whoever opens the filters therefore says who is attached already.
 */
import { type Endpoint, type EndpointId, endpointKey } from '../model/endpoint.js';
import type { Networks } from '../model/network.js';
import { generation, NETLINK_NETFILTER, NetlinkSocket } from '../netlink/index.js';
import { commit, type ElementChange, removeChains } from './filters-commit.js';
import { elementFor, elementId, elementText, type FilterKey, keysOf } from './filters-elements.js';
import { homesOf, isMasqueraded, MASQUERADE_CHAINS } from './filters-masquerade.js';
import { runNft } from './filters-nft.js';
import { type Layout, rebuildText, repairText, tableOfChain } from './filters-ruleset.js';
import { chainNames, elementsToChange, structure } from './filters-state.js';

/** The isolation filters of one node. */
export interface Filters extends Disposable {
  /**
   * Makes the rules for exactly these networks, and the elements for exactly the endpoints that are admitted. Repairs what
   * was damaged, opens no window meanwhile, and starts nft only when something differs. An endpoint whose network is not
   * among them is cut off.
   */
  separate(networks: Networks): Promise<void>;
  /**
   * Lets an endpoint send from its own addresses, and hear what its network has a way back to. Synchronous, and in force
   * when it returns. Once more is fine; what one of its addresses meant before is replaced.
   * @param table kernel table of its network, which `separate` has seen
   */
  admit(endpoint: Endpoint, table: number): void;
  /** Makes the rules that this endpoint needs besides those of its network. To be awaited before `admit`. */
  prepare(endpoint: Endpoint): Promise<void>;
  /**
   * Takes that back, for all of them at one moment. What is gone is fine, and an address that another endpoint has by now stays
   * that one's.
   */
  expel(...endpoints: readonly EndpointId[]): void;
  /** The elements that an endpoint should have in force and has not, as nft writes them. */
  lacking(endpoint: EndpointId): readonly string[];
  /** Has anybody touched our table since our own last change? Others may change theirs as often as they like. */
  changed(): boolean;
  /** How often it was found damaged and written again. */
  readonly repairs: number;
  /** By this the kernel says that a change was ours. */
  readonly port: number;
}

/**
 * Opens the filters of the calling thread's network namespace.
 * @param attached the endpoints that exist; elements of any other go with the first `separate`
 */
export function openFilters(attached: Iterable<Endpoint>): Filters {
  return new NftFilters(attached);
}

/** An endpoint we remember. Without a table its network is not known (yet), and it has no elements. */
interface Admitted {
  readonly endpoint: Endpoint;
  readonly keys: readonly FilterKey[];
  readonly table: number | undefined;
}

/** Others write rules too. When that happens while we write ours, what we read back may hold their change. */
const WRITE_ATTEMPTS = 3;

class NftFilters implements Filters {
  readonly #socket = new NetlinkSocket(NETLINK_NETFILTER);
  readonly #admitted = new Map<string, Admitted>();
  /** Whose an element is: the last endpoint that was admitted with it. */
  readonly #owners = new Map<string, string>();
  #networks: Networks = { byName: new Map(), host: { imports: new Set() } };
  /** An endpoint asked for masquerade by itself. */
  #masqueradeAsked = false;
  /** Our table as it was right after we wrote it, and from what. */
  #written: { readonly from: string; readonly rules: string | undefined } | undefined;
  /** The generation up to which our table is known to be as it should. */
  #known: number | undefined;
  #turn: Promise<void> = Promise.resolve();
  repairs = 0;
  /** While nft runs for us, the table is in the middle of our own change. */
  #isWriting = false;

  constructor(attached: Iterable<Endpoint>) {
    for (const endpoint of attached) this.#remember(endpoint, undefined);
  }

  separate(networks: Networks): Promise<void> {
    // One after another: the second starts from what the first has made.
    return this.#inTurn(() => {
      this.#networks = networks;
      return this.#separate();
    });
  }

  async prepare(endpoint: Endpoint): Promise<void> {
    if (!endpoint.masquerade || this.#masqueradeAsked) return;
    await this.#inTurn(() => {
      this.#masqueradeAsked = true;
      return this.#separate();
    });
  }

  admit(endpoint: Endpoint, table: number): void {
    const keys = this.#keysOf(endpoint);
    const ids = new Set(keys.map(({ id }) => id));
    const stale = this.#ownKeys(endpoint).filter((key) => !ids.has(key.id));
    this.#commit({ put: keys.map((key) => elementFor(key, table)), remove: stale });
    this.#forget(endpoint);
    this.#remember(endpoint, table);
  }

  expel(...endpoints: readonly EndpointId[]): void {
    this.#commit({ put: [], remove: endpoints.flatMap((endpoint) => this.#ownKeys(endpoint)) });
    for (const endpoint of endpoints) this.#forget(endpoint);
  }

  lacking(endpoint: EndpointId): readonly string[] {
    const table = this.#admitted.get(endpointKey(endpoint))?.table;
    if (table === undefined) return ['every element of this endpoint'];
    const keys = this.#ownKeys(endpoint);
    const { put } = elementsToChange(this.#socket, new Map(keys.map((key) => [key.id, elementFor(key, table)])));
    const lacking = new Set(put.map(elementId));
    return keys.filter(({ id }) => lacking.has(id)).map((key) => elementText(key, table));
  }

  get port(): number {
    return this.#socket.port;
  }

  changed(): boolean {
    if (this.#isWriting) return false;
    const now = generation(this.#socket);
    if (this.#known === now) return false;
    if (!this.#written || this.#written.rules !== structure(this.#socket)) return true;
    const { put, remove } = elementsToChange(this.#socket, this.#wanted());
    if (put.length + remove.length > 0) return true;
    this.#known = now;
    return false;
  }

  [Symbol.dispose](): void {
    this.#socket.close();
  }

  #inTurn(work: () => Promise<void>): Promise<void> {
    const turn = this.#turn.then(work);
    this.#turn = turn.catch(() => {});
    return turn;
  }

  async #separate(): Promise<void> {
    const moved = this.#moveEndpoints();
    const layout = this.#layout();
    const same = this.#written?.from === nameOf(layout) && !moved;
    if (same && !this.changed()) return;
    this.#written = undefined;
    this.#isWriting = true;
    try {
      for (let attempt = 1; attempt <= WRITE_ATTEMPTS; attempt++) if (await this.#write(layout)) break;
    } finally {
      this.#isWriting = false;
    }
    // Everything is as it was wanted before: somebody else had changed it.
    if (same) this.repairs++;
  }

  #layout() {
    const networks = [...this.#networks.byName.values()];
    const endpoints = [...this.#admitted.values()].map(({ endpoint }) => endpoint);
    const masquerades = [...networks, ...endpoints].some(({ masquerade }) => masquerade);
    return {
      tables: new Set(networks.map(({ table }) => table)),
      homes: masquerades || this.#masqueradeAsked ? homesOf(this.#networks) : undefined,
    };
  }

  /** Gives every endpoint what its network has now. Returns whether that is something else for any. */
  #moveEndpoints(): boolean {
    let moved = false;
    for (const [owner, { endpoint, keys: before, table }] of this.#admitted) {
      const now = this.#networks.byName.get(endpoint.network)?.table;
      const keys = this.#keysOf(endpoint);
      if (now === table && keys.length === before.length) continue;
      for (const { id } of before) if (this.#owners.get(id) === owner) this.#owners.delete(id);
      for (const { id } of keys) if (!this.#owners.has(id)) this.#owners.set(id, owner);
      this.#admitted.set(owner, { endpoint, keys, table: now });
      moved = true;
    }
    return moved;
  }

  #keysOf(endpoint: Endpoint): FilterKey[] {
    return keysOf(endpoint, isMasqueraded(endpoint, this.#networks.byName.get(endpoint.network)));
  }

  /**
   * Rules, then elements, then what nobody needs any more: a packet on its way finds every chain filled.
   * Returns whether all changes meanwhile were ours.
   */
  async #write(layout: Layout): Promise<boolean> {
    const before = generation(this.#socket);
    await this.#writeRules(layout);
    let own = 1 + commit(this.#socket, elementsToChange(this.#socket, this.#wanted()));
    own += removeChains(
      this.#socket,
      chainNames(this.#socket).filter((chain) => isSurplus(chain, layout)),
    );
    this.#written = { from: nameOf(layout), rules: structure(this.#socket) };
    const alone = generation(this.#socket) === before + own;
    this.#known = alone ? before + own : undefined;
    return alone;
  }

  async #writeRules(layout: Layout): Promise<void> {
    const chains = chainNames(this.#socket);
    const inUse = chains.flatMap((chain) => tableOfChain(chain) ?? []);
    const rebuild = rebuildText(layout, this.#texts());
    if (chains.length === 0) return runNft(rebuild);
    // Refused: a map or a chain of that name is of another kind, so it was somebody else's, or another version's.
    const tables = [...layout.tables, ...inUse];
    await runNft(repairText({ ...layout, tables })).catch(() => runNft(rebuild));
  }

  #commit(change: ElementChange): void {
    const before = generation(this.#socket);
    const own = commit(this.#socket, change);
    const after = generation(this.#socket);
    // A change that changes nothing makes no generation. More than ours: somebody else wrote too, `changed` has to look.
    if (this.#known === before && after - before <= own) this.#known = after;
  }

  #wanted() {
    return new Map(this.#settled().map(({ key, table }) => [key.id, elementFor(key, table)]));
  }

  #texts(): string[] {
    return this.#settled().map(({ key, table }) => elementText(key, table));
  }

  /** Every element that should be: of two endpoints with the same address, the later one's. */
  #settled(): { readonly key: FilterKey; readonly table: number }[] {
    return [...this.#admitted].flatMap(([owner, { keys, table }]) =>
      table === undefined
        ? []
        : keys.filter((key) => this.#owners.get(key.id) === owner).map((key) => ({ key, table })),
    );
  }

  #ownKeys(id: EndpointId): readonly FilterKey[] {
    const owner = endpointKey(id);
    const keys = this.#admitted.get(owner)?.keys ?? [];
    return keys.filter((key) => this.#owners.get(key.id) === owner);
  }

  #remember(endpoint: Endpoint, table: number | undefined): void {
    const owner = endpointKey(endpoint);
    const keys = this.#keysOf(endpoint);
    this.#admitted.set(owner, { endpoint, keys, table });
    for (const key of keys) this.#owners.set(key.id, owner);
  }

  #forget(id: EndpointId): void {
    for (const key of this.#ownKeys(id)) this.#owners.delete(key.id);
    this.#admitted.delete(endpointKey(id));
  }
}

function isSurplus(chain: string, { tables, homes }: Layout): boolean {
  if (MASQUERADE_CHAINS.includes(chain)) return homes === undefined;
  const table = tableOfChain(chain);
  return table !== undefined && !new Set(tables).has(table);
}

function nameOf({ tables, homes }: Layout): string {
  return [[...tables].sort((a, b) => a - b).join(), homes?.join() ?? 'none masqueraded'].join(' ');
}
