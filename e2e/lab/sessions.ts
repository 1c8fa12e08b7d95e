/** Waits for BGP sessions, in the words of the daemon that has them. */
import type { LabNode } from './node.js';
import { until } from './until.js';

/** Until FRR has so many, and each is established. */
export function frrSessions(tor: LabNode, count: number): Promise<unknown> {
  type Summary = Readonly<Record<string, { readonly peers?: Readonly<Record<string, { readonly state: string }>> }>>;
  const states = async () => {
    const summary = await tor.vtyshJson<Summary>('show bgp summary json');
    return Object.values(summary).flatMap(({ peers = {} }) => Object.values(peers).map(({ state }) => state));
  };
  return allStand(tor, count, states, 'Established');
}

/** Until gobgpd has so many, and each is established. */
export function gobgpSessions(node: LabNode, count: number): Promise<unknown> {
  const states = async () => {
    const peers = JSON.parse(await node.gobgp('-j', 'neighbor')) as { state: { session_state?: number } }[];
    return peers.map(({ state }) => state.session_state);
  };
  return allStand(node, count, states, 6);
}

function allStand<T>(node: LabNode, count: number, states: () => Promise<T[]>, established: T): Promise<unknown> {
  const areUp = async () => {
    const found = await states();
    return found.length === count && found.every((state) => state === established);
  };
  return until(areUp, { what: `${count} sessions of ${node.name}`, timeout: 60_000 });
}
