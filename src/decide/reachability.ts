/**
 * Who may reach whom under a configuration, before anything is applied: the view of one node, which takes the networks of
 * the others for its own.
 *
 * Two endpoints talk when each one's network has a route to the other, because the way in is guarded by the way back. So a
 * pair has two answers, the way forth and the way back, and only both together carry a packet. Endpoints on this node and
 * those of other nodes are told apart: between nodes a network's prefixes are a fence, and a network meets itself only by
 * its own targets.
 */
import { overlap, type Prefix } from '../model/address.js';
import { type HostNetwork, isHeardBy, type Network, type Networks } from '../model/network.js';

/** `forth` and `back`: a route in this direction alone, so packets are dropped on the way in. */
export type Relation = 'both' | 'forth' | 'back' | 'none';

/** From an endpoint of one network on this node, to one of another. The host is called `host`. */
export interface Pair {
  readonly from: string;
  readonly to: string;
  /** Both on this node. */
  readonly here: Relation;
  /** The second on another node that has the same networks. */
  readonly elsewhere: Relation;
}

type Place = 'here' | 'elsewhere';
type Side = Network | 'host';

/** Every ordered pair, the host's row and column last. */
export function reachability(networks: Networks): Pair[] {
  const sides: Side[] = [...networks.byName.values(), 'host'];
  return sides.flatMap((from) =>
    sides.map((to) => ({
      from: nameOf(from),
      to: nameOf(to),
      here: relation(from, to, 'here', networks.host),
      elsewhere: relation(from, to, 'elsewhere', networks.host),
    })),
  );
}

function nameOf(side: Side): string {
  return side === 'host' ? 'host' : side.name;
}

function relation(from: Side, to: Side, place: Place, host: HostNetwork): Relation {
  const [forth, back] = [hasRoute(from, to, place, host), hasRoute(to, from, place, host)];
  if (forth && back) return 'both';
  if (forth) return 'forth';
  return back ? 'back' : 'none';
}

function hasRoute(from: Side, to: Side, place: Place, host: HostNetwork): boolean {
  // Hosts reach each other by routes that are not ours; an endpoint reaches a host elsewhere only through its own host's.
  if (to === 'host') return from === 'host' || place === 'here' || from.egress === 'host';
  if (from === 'host') return place === 'here' || isHeardBy(to, host);
  if (place === 'here') return from === to || isHeardBy(to, from);
  // The main table is the host's: what the host has heard from other nodes is there, the endpoints of this node are not.
  return (isHeardBy(to, from) && fenceAdmits(from, to)) || (from.egress === 'host' && isHeardBy(to, host));
}

/** A network without prefixes and pools may have any address, and then its targets alone decide. */
function fenceAdmits({ prefixes }: Network, exporter: Network): boolean {
  const space: readonly Prefix[] = exporter.prefixes.length > 0 ? exporter.prefixes : exporter.pools;
  if (prefixes.length === 0 || space.length === 0) return true;
  return space.some((one) => prefixes.some((fence) => overlap(fence, one)));
}
