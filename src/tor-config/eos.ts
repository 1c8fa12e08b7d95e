/** Arista EOS: commands for `configure`. Never loaded into a device: there was none to test with. */
import type { Family } from '../model/address.js';
import { groupOf, isRange, keyOf, LIST, PASSWORD_PLACEHOLDER, rule } from './spelling.js';
import type { Session, Tor } from './tor.js';

/** The ToR's side, for EOS. */
export function eos(tor: Tor): string {
  return [
    ...([4, 6] as const).flatMap((family) => prefixList(tor, family)),
    ...tor.sessions.flatMap(peerFilter),
    `router bgp ${tor.asn}`,
    '   no bgp default ipv4-unicast',
    ...(tor.restartTime > 0
      ? [`   graceful-restart stalepath-time ${tor.restartTime}`, '   graceful-restart-helper']
      : []),
    ...tor.sessions.flatMap((session) => neighbor(tor, session)),
    ...([4, 6] as const).flatMap((family) => addressFamily(tor, family)),
    '',
  ].join('\n');
}

function prefixList({ accepted }: Tor, family: Family): string[] {
  const rules = accepted[family].map((one, i) => `   seq ${(i + 1) * 10} permit ${rule(one, 'eq')}`);
  const none = `   seq 10 deny ${family === 4 ? '0.0.0.0/0' : '::/0'} le ${family === 4 ? 32 : 128}`;
  return [`${family === 4 ? 'ip' : 'ipv6'} prefix-list ${LIST[family]}`, ...(rules.length > 0 ? rules : [none])];
}

/** Which AS may come from a range. */
function peerFilter({ from, name, asns }: Session): string[] {
  if (!isRange(from)) return [];
  return [
    `peer-filter ${groupOf({ name })}`,
    ...asns.map((asn, i) => `   ${(i + 1) * 10} match as-range ${asn} result accept`),
  ];
}

function neighbor({ timers, maxPrefixes }: Tor, session: Session): string[] {
  const key = keyOf(session);
  const { from, name, asns, multihop, ttlSecurity } = session;
  const identity = isRange(from)
    ? [`   neighbor ${key} peer group`, `   bgp listen range ${from} peer-group ${key} peer-filter ${key}`]
    : [`   neighbor ${key} remote-as ${asns[0]}`, `   neighbor ${key} description ${name}`];
  return [
    ...identity,
    `   neighbor ${key} timers ${timers.keepalive} ${timers.hold}`,
    ...(session.hasPassword ? [`   neighbor ${key} password 0 ${PASSWORD_PLACEHOLDER}`] : []),
    ...(multihop === undefined ? [] : [`   neighbor ${key} ebgp-multihop ${multihop}`]),
    ...(ttlSecurity === undefined ? [] : [`   neighbor ${key} ttl maximum-hops ${ttlSecurity}`]),
    `   neighbor ${key} send-community standard extended large`,
    `   neighbor ${key} maximum-routes ${maxPrefixes}`,
  ];
}

function addressFamily({ sessions }: Tor, family: Family): string[] {
  const speaking = sessions.filter(({ families }) => families.includes(family)).map(keyOf);
  if (speaking.length === 0) return [];
  const lines = speaking.flatMap((key) => [
    `      neighbor ${key} activate`,
    `      neighbor ${key} prefix-list ${LIST[family]} in`,
  ]);
  return [`   address-family ipv${family}`, ...lines];
}
