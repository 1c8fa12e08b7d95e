/** Junos 20.2 and newer (for ranges; otherwise any): `set` commands. Never loaded into a device: there was none to test with. */
import { groupOf, isRange, PASSWORD_PLACEHOLDER } from './spelling.js';
import type { Session, Tor } from './tor.js';

const FAMILY = { 4: 'inet', 6: 'inet6' } as const;

/** The ToR's side, for Junos. Communities are passed on without being asked. */
export function junos(tor: Tor): string {
  return [
    `set routing-options autonomous-system ${tor.asn}`,
    ...(tor.restartTime > 0 ? ['set routing-options graceful-restart'] : []),
    ...importPolicy(tor),
    ...tor.sessions.flatMap((session) => group(tor, session)),
    '',
  ].join('\n');
}

function importPolicy({ accepted }: Tor): string[] {
  const policy = 'set policy-options policy-statement SLASH32-IN';
  const terms = ([4, 6] as const).flatMap((family) => {
    if (accepted[family].length === 0) return [];
    const term = `${policy} term v${family}`;
    const filters = accepted[family].map(
      ({ within, length }) => `${term} from route-filter ${within} prefix-length-range /${length}-/${length}`,
    );
    return [`${term} from family ${FAMILY[family]}`, ...filters, `${term} then accept`];
  });
  return [...terms, `${policy} term rest then reject`];
}

/** A group each: a range belongs to a group, and so do the timers. */
function group({ timers, maxPrefixes }: Tor, session: Session): string[] {
  const { from, name, asns, multihop } = session;
  const line = `set protocols bgp group ${groupOf(session)}`;
  const identity = isRange(from)
    ? [
        ...asns.map((asn) => `set policy-options as-list ${groupOf(session)} members ${asn}`),
        `${line} peer-as-list ${groupOf(session)}`,
        `${line} allow ${from}`,
      ]
    : [`${line} peer-as ${asns[0]}`, `${line} neighbor ${from} description ${name}`];
  return [
    `${line} type external`,
    ...identity,
    `${line} hold-time ${timers.hold}`,
    `${line} import SLASH32-IN`,
    ...(session.hasPassword ? [`${line} authentication-key ${PASSWORD_PLACEHOLDER}`] : []),
    ...(multihop === undefined ? [] : [`${line} multihop ttl ${multihop}`]),
    ...session.families.flatMap((family) => [
      `${line} family ${FAMILY[family]} unicast prefix-limit maximum ${maxPrefixes}`,
      `${line} family ${FAMILY[family]} unicast prefix-limit teardown idle-timeout 1`,
    ]),
  ];
}
