/**
 * The wiring of endpoints with veth pairs: the `Wire` port on Linux.
 *
 *     connect: filters -> pair -> host end -> host end up        furnish: container end, up
 *
 * Filters first, and nothing has a carrier before the container end is up: no packet ever passes unguarded. The host end goes
 * up without one on purpose: with a carrier, Linux walks every IPv6 route of the host within that call (rt6_sync_up), 1.6 ms
 * with 1,000 endpoints; like this it does so once, afterwards. And it takes routes like that, so an endpoint can be announced
 * while its container end is made. No process is started: five system calls carry everything.
 * What fails in `connect` is undone, and the error names the step.
 */
import type { Endpoint, EndpointId } from '../model/endpoint.js';
import type { Wiring } from '../model/wiring.js';
import { decodeLink, dumpLinks, type Link, openNamespace } from '../netlink/index.js';
import type { Namespace, Wire, WiredLink } from '../ports.js';
import { aliasOf, parseAlias } from './alias.js';
import { configureContainerEnd, refuseName } from './container-end.js';
import { followMacs } from './follow-mac.js';
import type { Host } from './host.js';
import { createPair, prepareHostEnd, raiseHostEnd, refuseOccupied } from './host-end.js';
import { inspect, linkOf } from './inspect.js';
import { hostLinkName } from './link-name.js';
import { sharedTurn } from './shared-turn.js';
import { named } from './step.js';
import { uplinkMtu } from './uplink.js';
import { watchHostEnds } from './vanished.js';

export class VethWire implements Wire {
  readonly #host: Host;
  readonly #expelTogether: (endpoint: EndpointId) => Promise<void>;

  constructor(host: Host) {
    this.#host = host;
    this.#expelTogether = sharedTurn((...endpoints) => host.filters.expel(...endpoints));
  }

  open(netns: string): Namespace {
    return openNamespace(netns);
  }

  async connect(endpoint: Endpoint, namespace: Namespace): Promise<number> {
    let index: number | undefined;
    // Before the filters: those may be of the same endpoint, wired long ago.
    refuseOccupied(endpoint);
    refuseName(endpoint);
    try {
      await this.#host.filters.prepare(endpoint);
      named('filters', () => this.#admit(endpoint));
      index = createPair(this.#host.socket, endpoint, namespace);
      prepareHostEnd(this.#host, index, endpoint);
      raiseHostEnd(this.#host, index, endpoint);
      return index;
    } catch (error) {
      await this.#undo(endpoint, index, error);
      throw error;
    }
  }

  async furnish(endpoint: Endpoint, namespace: Namespace): Promise<void> {
    configureContainerEnd(endpoint, this.#host.gateways, namespace);
    const { index } = endpoint.link;
    this.#host.wired.set(index, endpoint);
    this.#host.shortcut.add(endpoint, index);
  }

  async disconnect(endpoint: Endpoint): Promise<void> {
    const link = this.#linkOf(endpoint);
    const index = link?.index ?? endpoint.link.index;
    this.#host.shortcut.remove(endpoint, index);
    // Filters first: a link that is about to go leaves the group that other networks cannot reach. Without its elements
    // nothing passes from it, and nothing of another endpoint to it.
    await this.#expelTogether(endpoint);
    this.#host.wired.delete(index);
    if (link) await this.#host.removal.remove(index);
  }

  async removeOrphan({ index, containerId, ifname }: WiredLink): Promise<void> {
    // The index may be another link's by now: only one that still says whose it is goes.
    const owner = parseAlias(linkOf(this.#host.socket, index)?.alias ?? '');
    if (owner?.containerId === containerId && owner.ifname === ifname) await this.#host.removal.remove(index);
  }

  async links(): Promise<readonly WiredLink[]> {
    return this.#host.socket.dump(dumpLinks('veth'), decodeLink).flatMap(({ name, index, alias }) => {
      const named = parseAlias(alias);
      return named ? [{ name, index, containerId: named.containerId, ifname: named.ifname }] : [];
    });
  }

  hostLinkName(id: EndpointId): string {
    return hostLinkName(id);
  }

  inspect(endpoint: Endpoint, namespace: Namespace | undefined): Wiring {
    return inspect(this.#host, endpoint, this.#linkOf(endpoint), namespace);
  }

  watchLinks(gone: () => void, signal: AbortSignal): void {
    watchHostEnds(this.#host.ports, gone, signal);
    followMacs(this.#host, this.#host.wired, signal);
  }

  uplinkMtu(): number {
    return uplinkMtu(this.#host.socket, this.#host);
  }

  #admit(endpoint: Endpoint): void {
    const table = this.#host.tables.get(endpoint.network);
    if (table === undefined) throw new Error(`network "${endpoint.network}" has no table yet`);
    this.#host.filters.admit(endpoint, table);
  }

  /** What cannot be undone is named beside what went wrong first. */
  async #undo(endpoint: Endpoint, index: number | undefined, error: unknown): Promise<void> {
    try {
      this.#host.filters.expel(endpoint);
      if (index !== undefined) await this.#host.removal.remove(index);
    } catch (second) {
      const [first, then] = [error, second].map((each) => (each instanceof Error ? each.message : String(each)));
      throw new Error(`${first}; and undoing it failed: ${then}`, { cause: error });
    }
  }

  /** By name, or by index when somebody has renamed it; in either case only if it is this endpoint's. */
  #linkOf(endpoint: Endpoint): Link | undefined {
    const { name, index } = endpoint.link;
    const { socket } = this.#host;
    const ours = (link: Link | undefined) => (link && belongsTo(link, endpoint) ? link : undefined);
    return ours(linkOf(socket, name)) ?? (index ? ours(linkOf(socket, index)) : undefined);
  }
}

/** After a crash between making a link and naming its owner there is no alias; then the MAC address tells. */
function belongsTo(link: Link, endpoint: Endpoint): boolean {
  return link.alias ? link.alias === aliasOf(endpoint) : link.mac === endpoint.link.mac;
}
