/** Cisco NX-OS: commands for `configure terminal`. Never loaded into a device: there was none to test with. */
import type { Family } from '../model/address.js';
import { groupOf, isRange, LIST, PASSWORD_PLACEHOLDER, rule } from './spelling.js';
import type { Session, Tor } from './tor.js';

/** The ToR's side, for NX-OS. */
export function nxos(tor: Tor): string {
  return [
    'feature bgp',
    ...([4, 6] as const).flatMap((family) => prefixList(tor, family)),
    ...tor.sessions.flatMap(asList),
    `router bgp ${tor.asn}`,
    ...(tor.restartTime > 0
      ? ['  graceful-restart', `  graceful-restart stalepath-time ${tor.restartTime}`]
      : ['  no graceful-restart']),
    // Each family is activated once for the whole process, then for each neighbour.
    ...([4, 6] as const)
      .filter((family) => tor.sessions.some(({ families }) => families.includes(family)))
      .map((family) => `  address-family ipv${family} unicast`),
    ...tor.sessions.flatMap((session) => neighbor(tor, session)),
    '',
  ].join('\n');
}

function prefixList({ accepted }: Tor, family: Family): string[] {
  const command = `${family === 4 ? 'ip' : 'ipv6'} prefix-list ${LIST[family]}`;
  if (accepted[family].length === 0) {
    return [`${command} seq 10 deny ${family === 4 ? '0.0.0.0/0 le 32' : '::/0 le 128'}`];
  }
  return accepted[family].map((one, i) => `${command} seq ${(i + 1) * 10} permit ${rule(one, 'eq')}`);
}

/** Which AS may come from a range. */
function asList({ from, name, asns }: Session): string[] {
  return isRange(from) ? [`route-map ${groupOf({ name })} permit 10`, `  match as-number ${asns.join(', ')}`] : [];
}

function neighbor({ timers, maxPrefixes }: Tor, session: Session): string[] {
  const { from, name, asns, multihop } = session;
  return [
    `  neighbor ${from}`,
    `    remote-as ${isRange(from) ? `route-map ${groupOf(session)}` : asns[0]}`,
    `    description ${name}`,
    ...(session.hasPassword ? [`    password 0 ${PASSWORD_PLACEHOLDER}`] : []),
    ...(multihop === undefined ? [] : [`    ebgp-multihop ${multihop}`]),
    `    timers ${timers.keepalive} ${timers.hold}`,
    ...session.families.flatMap((family) => [
      `    address-family ipv${family} unicast`,
      '      send-community both',
      `      prefix-list ${LIST[family]} in`,
      `      maximum-prefix ${maxPrefixes} restart 1`,
    ]),
  ];
}
