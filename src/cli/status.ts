/** `slash32 status` as text: what stands, and below each peer that does not, why. */
import type { PeerView, StatusView } from '../admin/server.js';

export function statusText(status: StatusView): string {
  const up = status.peers.filter(isUp).length;
  return [
    `${status.node}  AS ${status.asn}  router-id ${status.routerId}`,
    `  gobgp      ${status.gobgp}${status.reason === undefined ? '' : `  ${status.reason}`}`,
    ...status.troubles.map((sentence) => `             ${sentence}`),
    `  peers      ${up}/${status.peers.length} established`,
    ...status.peers.flatMap(peerLines),
    `  networks   ${status.networks.length}  ${status.networks.join(', ')}`,
    `  endpoints  ${status.endpoints}  ${status.announced} announced`,
    ...status.duplicates.map((sentence) => `  ${sentence}`),
  ].join('\n');
}

/** Is there anything that somebody should look at? */
export function isDegraded({ gobgp, peers, duplicates, troubles }: StatusView): boolean {
  return gobgp !== 'up' || !peers.every(isUp) || duplicates.length + troubles.length > 0;
}

const isUp = ({ session }: PeerView) => session === 'established';

function peerLines({ name, address, device, asn, session, reason }: PeerView): string[] {
  const where = address === undefined ? 'not found' : `${address}${device === undefined ? '' : `%${device}`}`;
  const line = `             ${name} ${where} AS ${asn} ${session}`;
  return reason === undefined ? [line] : [line, `               ${reason}`];
}
