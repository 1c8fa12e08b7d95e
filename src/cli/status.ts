/** `slash32 status`: the node at a glance, and below each peer that is down, why. */
import type { PeerView, StatusView } from '../admin/server.js';
import type { ShortcutStanding } from '../model/shortcut.js';

export function statusText(status: StatusView): string {
  const { node, asn, routerId, gobgp, reason, peers, ranges, networks, endpoints, announced } = status;
  return [
    `${node}  AS ${asn}  router-id ${routerId}`,
    `  gobgp      ${gobgp}${reason === undefined ? '' : `  ${reason}`}`,
    ...status.troubles.map((sentence) => `             ${sentence}`),
    `  peers      ${established(status)}/${peers.length} established`,
    ...peers.flatMap(peerLines),
    ...ranges.map(({ name, prefix, established: count }) => `  range      ${name} ${prefix} ${count} established`),
    `  networks   ${networks.length}  ${networks.join(', ')}`,
    `  endpoints  ${endpoints}  ${announced} announced`,
    ...shortcutLines(status.shortcut),
    ...status.quotas.map(({ of, routes, maxRoutes }) => `  quota      ${of} ${routes}/${maxRoutes} routes`),
    ...status.refused
      .filter(({ now }) => now > 0)
      .map(({ peer, reason, now, example }) => `  refused    ${now} ${reason} from ${peer}: ${example}`),
    ...sentences(status).map((sentence) => `  ${sentence}`),
  ].join('\n');
}

/** Is something wrong that somebody has to look at? What guards refuse is not: that is what they are for. */
export function isDegraded(status: StatusView): boolean {
  const { gobgp, peers, troubles } = status;
  return gobgp !== 'up' || established(status) < peers.length || troubles.length + sentences(status).length > 0;
}

function established({ peers }: StatusView): number {
  return peers.filter(({ session }) => session === 'established').length;
}

const DUTIES = {
  on: [],
  leaving: ['this node is being drained: it waits until traffic has moved'],
  off: ['this node is drained: nothing is announced; "slash32 undrain" takes it back'],
} as const;

function sentences({ quotas, duplicates, duty, unserved }: StatusView): string[] {
  return [...DUTIES[duty], ...quotas.flatMap(({ says }) => says ?? []), ...duplicates, ...(unserved ? [unserved] : [])];
}

/** Switched off, nothing is said of it. That it is off is nothing wrong: packets go by the stack. */
function shortcutLines(standing: ShortcutStanding): string[] {
  if (standing.is === 'unwanted') return [];
  const { is, packets, endpoints } = standing;
  if (is === 'off') return [`  shortcut   off: ${standing.reason}`];
  return [`  shortcut   on  ${packets} packets, ${endpoints} endpoints talk much`];
}

function peerLines({ name, address, device, asn, session, reason, isBfdUp }: PeerView): string[] {
  const where = address === undefined ? 'not found' : `${address}${device === undefined ? '' : `%${device}`}`;
  const line = `             ${name} ${where} AS ${asn} ${session}${isBfdUp === undefined ? '' : `, BFD ${isBfdUp ? 'up' : 'down'}`}`;
  return reason === undefined ? [line] : [line, `               ${reason}`];
}
