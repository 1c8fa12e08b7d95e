/** Nokia SR Linux 25.3 and newer: `set` commands. Never loaded into a device: there was none to test with. */
import { isRange, PASSWORD_PLACEHOLDER } from './spelling.js';
import type { Session, Tor } from './tor.js';

const BGP = 'set / network-instance default protocols bgp';
const KEYCHAIN = 'slash32';

/** The ToR's side, for SR Linux. Communities are passed on without being asked. */
export function srlinux(tor: Tor): string {
  return [
    ...importPolicy(tor),
    ...(tor.sessions.some(({ hasPassword }) => hasPassword) ? keychain() : []),
    `${BGP} admin-state enable`,
    `${BGP} autonomous-system ${tor.asn}`,
    // Else eBGP without a policy exchanges nothing; what comes in has one.
    `${BGP} ebgp-default-policy export-reject-all false`,
    ...([4, 6] as const)
      .filter((family) => tor.sessions.some(({ families }) => families.includes(family)))
      .map((family) => `${BGP} afi-safi ipv${family}-unicast admin-state enable`),
    ...tor.sessions.flatMap((session) => group(tor, session)),
    '',
  ].join('\n');
}

function importPolicy({ accepted }: Tor): string[] {
  const policy = 'set / routing-policy policy slash32-in';
  const lists = ([4, 6] as const).flatMap((family) => {
    if (accepted[family].length === 0) return [];
    const statement = `${policy} statement v${family}`;
    const prefixes = accepted[family].map(
      ({ within, length }) =>
        `set / routing-policy prefix-set slash32-${family} prefix ${within} mask-length-range ${length}..${length}`,
    );
    return [
      ...prefixes,
      `${statement} match prefix prefix-set slash32-${family}`,
      `${statement} action policy-result accept`,
    ];
  });
  return [...lists, `${policy} default-action policy-result reject`];
}

function keychain(): string[] {
  const line = `set / system authentication keychain ${KEYCHAIN}`;
  return [
    `${line} admin-state enable`,
    `${line} type tcp-md5`,
    `${line} key 0 admin-state enable`,
    `${line} key 0 algorithm md5`,
    `${line} key 0 authentication-key ${PASSWORD_PLACEHOLDER}`,
  ];
}

function group({ timers, restartTime, maxPrefixes }: Tor, session: Session): string[] {
  const { from, name, asns, multihop, families } = session;
  const line = `${BGP} group slash32-${name}`;
  const state = (family: 4 | 6) => (families.includes(family) ? 'enable' : 'disable');
  return [
    `${line} import-policy [ slash32-in ]`,
    `${line} timers hold-time ${timers.hold}`,
    `${line} timers keepalive-interval ${timers.keepalive}`,
    `${line} timers connect-retry ${timers.connectRetry}`,
    ...(restartTime > 0
      ? [`${line} graceful-restart admin-state enable`, `${line} graceful-restart stale-routes-time ${restartTime}`]
      : []),
    ...(session.hasPassword ? [`${line} authentication keychain ${KEYCHAIN}`] : []),
    ...(multihop === undefined
      ? []
      : [`${line} multihop admin-state enable`, `${line} multihop maximum-hops ${multihop}`]),
    ...([4, 6] as const).map((family) => `${line} afi-safi ipv${family}-unicast admin-state ${state(family)}`),
    ...families.map(
      (family) => `${line} afi-safi ipv${family}-unicast prefix-limit-received max-received-routes ${maxPrefixes}`,
    ),
    ...(isRange(from)
      ? [
          `${BGP} dynamic-neighbors accept match ${from} peer-group slash32-${name}`,
          `${BGP} dynamic-neighbors accept match ${from} allowed-peer-as [ ${asns.join(' ')} ]`,
        ]
      : [
          `${BGP} neighbor ${from} peer-group slash32-${name}`,
          `${BGP} neighbor ${from} peer-as ${asns[0]}`,
          `${BGP} neighbor ${from} description ${name}`,
        ]),
  ];
}
