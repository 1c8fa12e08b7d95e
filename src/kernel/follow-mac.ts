/**
 * Follows the MAC address of containers: `tuning` in a chain, or whoever is root inside, may give the container end another
 * one. Our neighbours are permanent, so the host would go on sending frames that the container drops; and in the container
 * Linux itself throws the gateway's permanent neighbours away when the address of their link changes (measured).
 *
 * A socket that listens to every namespace the host has an id for hears of it (NETLINK_LISTEN_ALL_NSID; a veth pair across
 * namespaces gives each the id). What it hears is a hint only, since whoever is root in a container can make links that
 * claim any other end: what counts is the container end that the recorded namespace itself shows to be the other half.
 */
import type { Endpoint } from '../model/endpoint.js';
import { decodePeer, Group, listen, openNamespace, RTM_NEWLINK } from '../netlink/index.js';
import { gatewayNeighbours } from './container-end.js';
import type { Host } from './host.js';
import { hostNeighbours } from './host-end.js';
import { containerSocket, linkOf } from './inspect.js';
import { PROTOCOL } from './ours.js';
import { perform } from './step.js';

/** A few are looked at each time, so that a container that changes its address without pause costs us little. */
const AT_ONCE = 4;
const INTERVAL_MS = 25;
const QUEUE_BYTES = 1024 * 1024;

/** Endpoints by the index of their host end. */
export type Wired = ReadonlyMap<number, Endpoint>;

/** Looks at every container once, then at those whose address changes, until the signal. */
export function followMacs(host: Host, wired: Wired, signal: AbortSignal): void {
  const doubtful = new Set(wired.keys());
  /** As last seen; at first what we gave it. */
  const known = new Map<number, string>();
  const hear = (message: Parameters<typeof decodePeer>[0]) => {
    const { peerIndex, mac } = decodePeer(message);
    const endpoint = wired.get(peerIndex);
    if (endpoint && mac !== (known.get(peerIndex) ?? endpoint.mac)) doubtful.add(peerIndex);
  };
  const lost = () => {
    for (const index of wired.keys()) doubtful.add(index);
  };
  const subscription = { groups: [Group.link], ignorePorts: [], routeProtocol: PROTOCOL, queue: QUEUE_BYTES };
  listen({ ...subscription, type: RTM_NEWLINK, everyNamespace: true }, { hear, lost }, signal);
  const timer = setInterval(() => {
    for (const index of [...doubtful].slice(0, AT_ONCE)) {
      doubtful.delete(index);
      const endpoint = wired.get(index);
      const mac = endpoint && followMac(host, index, endpoint);
      if (mac === undefined) known.delete(index);
      else known.set(index, mac);
    }
  }, INTERVAL_MS);
  timer.unref();
  signal.addEventListener('abort', () => clearInterval(timer), { once: true });
}

/** Makes the neighbours at both ends right for the MAC address of today. Returns it; undefined when the container is gone. */
function followMac(host: Host, index: number, endpoint: Endpoint): string | undefined {
  try {
    using namespace = openNamespace(endpoint.netns);
    if (namespace.inode !== endpoint.netnsInode) return undefined;
    using socket = containerSocket(namespace);
    const link = linkOf(socket, endpoint.ifname);
    if (!link || link.peerIndex !== index) return undefined;
    perform(host.socket, hostNeighbours(index, { ...endpoint, mac: link.mac }));
    perform(socket, gatewayNeighbours(link.index, endpoint, host.gateways));
    return link.mac;
  } catch {
    return undefined; // A container that ends meanwhile is the sweep's business, and CHECK names whatever else is wrong.
  }
}
