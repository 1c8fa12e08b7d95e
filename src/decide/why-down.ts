/** Why a peer has no session, from what it said when it was greeted. Each sentence names the remedy. */
import type { Goodbye, Greeting, Peer, Speaker } from '../model/peer.js';

/** Cease (RFC 4486), and Hold Timer Expired. */
const [CEASE, HOLD_TIMER] = [6, 4];
const CEASES: Readonly<Record<number, (goodbye: Goodbye) => string>> = {
  1: ({ limit }) =>
    `ended the session because it takes no more than ${limit ?? 'so many'} prefixes of a family from us ` +
    '(NOTIFICATION 6/1): raise its limit (FRR: maximum-prefix; "slash32 tor-config" prints one that fits) and clear the ' +
    'session there, or announce blocks to it (announce: aggregate)',
  2: () => 'ended the session because it was shut down there (NOTIFICATION 6/2): "no shutdown" there brings it back',
  3: () =>
    'ended the session because this node was taken out of its configuration (NOTIFICATION 6/3): add it there again',
};

/** Why the peer ended its session, without the peer's name; undefined where that says nothing to people. */
export function whyEnded(goodbye: Goodbye): string | undefined {
  if (goodbye.code === HOLD_TIMER) return 'ended the session because it did not hear from us in time: see the link';
  return goodbye.code === CEASE ? CEASES[goodbye.subcode]?.(goodbye) : undefined;
}

/** Would a greeting find out nothing more? Over its limit, a peer closes every connection without a word. */
export function saysAll({ code, subcode }: Goodbye): boolean {
  return code === CEASE && subcode === 1;
}

/** A sentence without the peer's name. */
export function whyDown(peer: Peer, speaker: Speaker, greeting: Greeting): string {
  if (peer.passive && greeting.kind !== 'open') {
    return 'waits for the peer to connect (passive), and it does not: see that it is up and has this node as its neighbour';
  }
  switch (greeting.kind) {
    case 'refused':
      return 'refuses TCP on port 179: nothing listens there; start BGP on it, or name another address';
    case 'unreachable':
      return `cannot be reached (${greeting.code}): see the link, the addresses on it, and "ip route get ${peer.address}"`;
    case 'silent':
      return silence(peer);
    case 'closed':
      return `ends our connection without a word: is this node${from(peer)} configured there as a neighbour?`;
    case 'open':
      return disagreement(peer, speaker, greeting);
  }
}

function silence({ password }: Peer): string {
  return password === undefined
    ? 'does not answer TCP on port 179: it is down, or a firewall is between, or it wants a password (passwordFile)'
    : 'does not answer, also not unsigned: compare the password on both sides; else it is down, or a firewall is between';
}

function disagreement(
  peer: Peer,
  speaker: Speaker,
  { asn, routerId, reply }: Extract<Greeting, { kind: 'open' }>,
): string {
  if (asn !== peer.asn)
    return `says that it is AS ${asn}, and AS ${peer.asn} is configured: set asn of the peer to ${asn}`;
  if (routerId === speaker.routerId) {
    return `has our router id ${routerId}: give one of the two another (node.routerId here)`;
  }
  if (typeof reply === 'object') return refusal(speaker, reply);
  if (reply === 'taken') return quirk(peer);
  if (reply === 'closed') return 'ends the connection when it hears who we are: see its log';
  return peer.ttlSecurity === undefined
    ? 'greets, and does not hear our answer: it may use TTL security (GTSM); set ttlSecurity of the peer'
    : 'greets, and hears only packets with a high TTL, as ours are: wait for the next try, or see its log';
}

/** It would take a stranger from here, and gobgpd has no session all the same: what differs is what gobgpd adds. */
function quirk({ password, ttlSecurity }: Peer): string {
  if (password !== undefined)
    return 'takes us without a password, and one is configured here: set it there, or remove passwordFile';
  if (ttlSecurity !== undefined) {
    return 'takes us, but its packets do not pass our TTL security: set it there for as many hops, or remove ttlSecurity';
  }
  return 'takes us now: the session should stand after the next try';
}

/** OPEN Message Error and its subcodes, RFC 4271 section 6.2. */
const OPEN_ERROR = 2;
const OPEN_ERRORS: Readonly<Record<number, (speaker: Speaker) => string>> = {
  2: ({ asn }) =>
    `does not want AS ${asn} (NOTIFICATION 2/2): it has another AS for this node; set its remote-as to ${asn}`,
  3: ({ routerId }) => `refuses our router id ${routerId} (NOTIFICATION 2/3): another node, or it itself, has the same`,
  6: ({ timers }) => `refuses our hold time of ${timers.hold} s (NOTIFICATION 2/6)`,
  7: () => 'wants a capability that we do not have (NOTIFICATION 2/7): compare the families on both sides',
};

function refusal(speaker: Speaker, { code, subcode }: { readonly code: number; readonly subcode: number }): string {
  const known = code === OPEN_ERROR ? OPEN_ERRORS[subcode] : undefined;
  if (known) return known(speaker);
  const hint = code === 6 ? ' (Cease): it is shut down there, or does not know this node' : '';
  return `refuses us with NOTIFICATION ${code}/${subcode}${hint}: see its log`;
}

function from({ localAddress }: Peer): string {
  return localAddress === undefined ? '' : ` (${localAddress})`;
}
