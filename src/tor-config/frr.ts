/** FRR, 8.4 and newer: lines for frr.conf, or for `vtysh -f`. Loaded into a real FRR by e2e/tor-config. */
import { baseOf, type Family, isLinkLocal, type Prefix } from '../model/address.js';
import { isRange, keyOf, LIST, PASSWORD_PLACEHOLDER, rule } from './spelling.js';
import type { Session, Tor } from './tor.js';

/** The ToR's side, for FRR. */
export function frr(tor: Tor): string {
  return [
    ...prefixLists(tor),
    `router bgp ${tor.asn}`,
    ' no bgp default ipv4-unicast',
    ' ! Else eBGP without a policy in both directions exchanges nothing, and says so only in the peer\'s "(Policy)".',
    ' no bgp ebgp-requires-policy',
    ...(tor.restartTime > 0 ? [' bgp graceful-restart'] : []),
    // It forwards nothing, so nothing is lost while it restarts.
    ...(tor.restartTime > 0 && tor.isReflector ? [' bgp graceful-restart preserve-fw-state'] : []),
    ...tor.sessions.flatMap((session) => neighbor(tor, session)),
    ...([4, 6] as const).flatMap((family) => addressFamily(tor, family)),
    'exit',
    '',
  ].join('\n');
}

/**
 * FRR answers "Malformed listen range" (8.4) to link-local ones: it would have to know the link. There it finds nodes by
 * their router advertisements, and which of its links lead to nodes is not in their configuration.
 */
function listenTo(range: Prefix, group: string): string[] {
  if (!isLinkLocal(baseOf(range))) return [` bgp listen range ${range} peer-group ${group}`];
  return [
    ' ! FRR takes no range of link-local addresses. Add this line for each link to a node, with its name for LINK:',
    ` !   neighbor LINK interface peer-group ${group}`,
  ];
}

function prefixLists({ accepted }: Tor): string[] {
  const list = (family: Family) => {
    const command = `${family === 4 ? 'ip' : 'ipv6'} prefix-list ${LIST[family]}`;
    // A list that is not there permits everything, so an empty one says no.
    if (accepted[family].length === 0) return [`${command} seq 10 deny any`];
    return accepted[family].map((one, i) => `${command} seq ${(i + 1) * 10} permit ${rule(one, 'ge')}`);
  };
  return [...list(4), ...list(6)];
}

function neighbor({ timers }: Tor, session: Session): string[] {
  const key = keyOf(session);
  const { from, asns, name, multihop, ttlSecurity, bfd } = session;
  const identity = isRange(from)
    ? [` neighbor ${key} peer-group`, ` neighbor ${key} remote-as ${asns.length === 1 ? asns[0] : 'external'}`]
    : [` neighbor ${key} remote-as ${asns[0]}`, ` neighbor ${key} description ${name}`];
  return [
    ...(isRange(from) && asns.length > 1
      ? [' ! FRR has no list of AS numbers for a range: any but its own may come.']
      : []),
    ...identity,
    ` neighbor ${key} timers ${timers.keepalive} ${timers.hold}`,
    ` neighbor ${key} timers connect ${timers.connectRetry}`,
    ...(session.hasPassword ? [` neighbor ${key} password ${PASSWORD_PLACEHOLDER}`] : []),
    ...(multihop === undefined ? [] : [` neighbor ${key} ebgp-multihop ${multihop}`]),
    ...(ttlSecurity === undefined ? [] : [` neighbor ${key} ttl-security hops ${ttlSecurity}`]),
    ...(bfd === undefined
      ? []
      : [` neighbor ${key} bfd ${bfd.multiplier} ${Math.max(bfd.minRx, 50)} ${Math.max(bfd.minTx, 50)}`]),
    ...(isRange(from) ? listenTo(from, key) : []),
  ];
}

function addressFamily(tor: Tor, family: Family): string[] {
  const sessions = tor.sessions.filter(({ families }) => families.includes(family));
  if (sessions.length === 0) return [];
  return [
    ` address-family ipv${family} unicast`,
    ...sessions
      .map(keyOf)
      .flatMap((key) => [
        `  neighbor ${key} activate`,
        ...(tor.isReflector ? [`  neighbor ${key} route-reflector-client`] : []),
        `  neighbor ${key} send-community both`,
        `  neighbor ${key} prefix-list ${LIST[family]} in`,
        `  neighbor ${key} maximum-prefix ${tor.maxPrefixes} restart 1`,
      ]),
    ' exit-address-family',
  ];
}
