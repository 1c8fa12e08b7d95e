/** gobgpd and the sessions with peers. */
import { alone, type Reading, type Sample } from './reading.js';
import type { Snapshot } from './snapshot.js';

type Session = Snapshot['census']['sessions'][number];

/** One sample for each session that has the number. */
function perPeer(of: (session: Session) => number | undefined): Reading['read'] {
  return ({ census }) =>
    census.sessions.flatMap((session): Sample[] => {
      const value = of(session);
      return value === undefined ? [] : [[{ peer: session.peer.name }, value]];
    });
}

export const SESSIONS: readonly Reading[] = [
  {
    name: 'slash32_gobgp_up',
    type: 'gauge',
    help: '1 while gobgpd answers, 0 while it is away.',
    read: ({ gobgp }) => alone(gobgp.up ? 1 : 0),
  },
  {
    name: 'slash32_gobgp_troubles',
    type: 'gauge',
    help: 'What of the configuration gobgpd has not taken; "slash32 status" says each in a sentence.',
    read: ({ gobgp }) => alone(gobgp.troubles),
  },
  {
    name: 'slash32_bgp_peer_info',
    type: 'gauge',
    help: 'Always 1: the address and AS of a configured peer; the address is empty until the peer is found.',
    labels: ['peer', 'address', 'asn'],
    read: ({ census }) =>
      census.sessions.map(({ peer, address = '' }) => [{ peer: peer.name, address, asn: String(peer.asn) }, 1]),
  },
  {
    name: 'slash32_bgp_session_up',
    type: 'gauge',
    help: '1 while the session with a configured peer is established.',
    labels: ['peer'],
    read: perPeer(({ established }) => (established ? 1 : 0)),
  },
  {
    name: 'slash32_bgp_session_established_timestamp_seconds',
    type: 'gauge',
    help: 'Since when the session stands, in Unix time; absent while it does not.',
    labels: ['peer'],
    read: perPeer(({ established, since }) => (established ? since : undefined)),
  },
  {
    name: 'slash32_bgp_session_losses_total',
    type: 'counter',
    help: 'How often the session was lost since gobgpd knows the peer.',
    labels: ['peer'],
    read: perPeer(({ losses }) => losses),
  },
  {
    name: 'slash32_bgp_session_flaps',
    type: 'gauge',
    help: 'How often in a row the session came up and was lost within 30 s; 0 once it has stood longer.',
    labels: ['peer'],
    read: perPeer(({ flaps }) => flaps),
  },
  {
    name: 'slash32_bgp_range_sessions',
    type: 'gauge',
    help: 'Established sessions with peers that came by a listen range.',
    labels: ['range'],
    read: ({ census }) => [...census.ranges].map(([range, count]) => [{ range }, count]),
  },
];
