/**
 * Where paths come in: the guard over them, and what it has to know of this host. The kernel is asked for each next hop
 * once, and again whenever links or addresses may have changed, or a route that leads to one.
 */
import { detourRefusal, type Guard, guardOf, mayBeFar, nextHopRefusal, type Refusal } from '../decide/guard.js';
import { type Address, contains, type Prefix } from '../model/address.js';
import { type Detour, type HostAddress, isDetour, type Way } from '../model/host.js';
import type { Networks } from '../model/network.js';
import type { Path } from '../model/path.js';
import { type Speaker, settingsOf } from '../model/peer.js';
import type { NextHop } from '../model/route.js';
import type { Kernel } from '../ports.js';

/** More than a pass takes up. Of 100,000 paths each would cost 100 bytes and time to collect. */
const MOST_SAID = 4096;

export class Border {
  #speaker: Speaker | undefined;
  #networks: Networks | undefined;
  #addresses: readonly HostAddress[] = [];
  #ways: ReadonlyMap<Address, Way> = new Map();
  #guard: Guard = () => undefined;
  /** What the guard has said of late; it looks at dozens of prefixes, and is asked several times in a pass. */
  readonly #said = new Map<Path, Refusal | undefined>();
  /** By link, or by gateway: there are many paths, and few of these. */
  readonly #linksDown = new Map<string, boolean>();
  readonly #pathsOf: (prefix: Prefix) => readonly Path[];
  /** Next hops that are not on a link, and those that nothing leads to: routes decide about them. */
  #byRoutes: readonly Address[] = [];
  /** A route has changed since the host was read that decides about a next hop. */
  isDoubtful = false;

  constructor(pathsOf: (prefix: Prefix) => readonly Path[] = () => []) {
    this.#pathsOf = pathsOf;
  }

  configure(speaker: Speaker, networks: Networks): void {
    this.#speaker = speaker;
    this.#networks = networks;
    this.#renew();
  }

  /** Why no network may take this path. */
  refusal(path: Path): Refusal | undefined {
    return this.#guardSays(path) ?? nextHopRefusal(this.#wayOf(path), (way) => this.#detourRefusal(path, way));
  }

  /** Where packets for the next hop of this path go, when it is not on a link of ours. */
  hops(path: Path): readonly NextHop[] | undefined {
    const way = this.#wayOf(path);
    return isDetour(way) ? way.hops : undefined;
  }

  /** A route to this prefix, or what it follows from, has come, changed or gone. */
  hearRoute(prefix: Prefix): void {
    if (this.#byRoutes.some((nextHop) => contains(prefix, nextHop))) this.isDoubtful = true;
  }

  #detourRefusal(path: Path, way: Detour): Refusal | undefined {
    const peer = this.#speaker && settingsOf(this.#speaker, path.peer);
    if (!peer || !this.#speaker || !mayBeFar(peer, this.#speaker.asn)) return 'next-hop-too-far';
    return detourRefusal(path, way, (by) => this.#pathsOf(by).some((other) => isDetour(this.#wayOf(other))));
  }

  #guardSays(path: Path): Refusal | undefined {
    const said = this.#said.get(path);
    if (said !== undefined || this.#said.has(path)) return said;
    const refusal = this.#guard(path);
    if (this.#said.size >= MOST_SAID) this.#said.clear();
    this.#said.set(path, refusal);
    return refusal;
  }

  /** Does it lead over a link that carries no packets? */
  isLinkDown(path: Path): boolean {
    const hops = this.hops(path);
    if (!hops) return this.#isDown(path.nextHop, path.device);
    return hops.every(({ gateway = path.nextHop, device }) => this.#isDown(gateway, device));
  }

  #isDown(nextHop: Address, device: string | undefined): boolean {
    const key = device ?? nextHop;
    let down = this.#linksDown.get(key);
    if (down === undefined) this.#linksDown.set(key, (down = this.#hasNoCarrier(nextHop, device)));
    return down;
  }

  /** The link of a gateway is that of the subnet it is in. */
  #hasNoCarrier(nextHop: Address, device: string | undefined): boolean {
    const links = this.#addresses.filter((own) =>
      device === undefined ? contains(own.subnet, nextHop) : own.device === device,
    );
    return links.length > 0 && !links.some(({ carrier }) => carrier);
  }

  /** Reads the host anew. Has anything changed that paths are judged by? */
  async look(kernel: Kernel): Promise<boolean> {
    const addresses = await kernel.addresses();
    const ways = await kernel.ways([...this.#ways.keys()]);
    const moved = JSON.stringify(addresses) !== JSON.stringify(this.#addresses);
    const turned = [...ways].some(([to, way]) => JSON.stringify(this.#ways.get(to)) !== JSON.stringify(way));
    this.#addresses = addresses;
    this.#learnt(ways);
    this.isDoubtful = false;
    this.#linksDown.clear();
    if (moved) this.#renew();
    return moved || turned;
  }

  /** Asks for the next hops that are new. */
  async learn(kernel: Kernel, nextHops: ReadonlySet<Address>): Promise<void> {
    const unknown = [...nextHops].filter((one) => !this.#ways.has(one));
    if (unknown.length > 0) this.#learnt(new Map([...this.#ways, ...(await kernel.ways(unknown))]));
  }

  #learnt(ways: ReadonlyMap<Address, Way>): void {
    this.#ways = ways;
    this.#byRoutes = [...ways].filter(([, way]) => way === 'none' || isDetour(way)).map(([nextHop]) => nextHop);
  }

  /** A link-local next hop comes with its link, and means nothing elsewhere. */
  #wayOf({ nextHop, device }: Path): Way | undefined {
    if (device === undefined) return this.#ways.get(nextHop);
    const isOurs = this.#addresses.some((own) => own.address === nextHop && own.device === device);
    return isOurs ? 'self' : 'on-link';
  }

  #renew(): void {
    this.#said.clear();
    if (this.#speaker && this.#networks) this.#guard = guardOf(this.#speaker, this.#networks, this.#addresses);
  }
}
