/**
 * BIRD 2: a file to include from bird.conf, which has the router id, `protocol device` and the `protocol kernel` of each
 * family as on every BIRD; with BFD also `protocol bfd { }`. Loaded into a real BIRD by e2e/tor-config.
 */
import type { Family } from '../model/address.js';
import { isRange, PASSWORD_PLACEHOLDER } from './spelling.js';
import type { Accepted, Session, Tor } from './tor.js';

/** The ToR's side, for BIRD. */
export function bird(tor: Tor): string {
  return [
    ...([4, 6] as const).map((family) => filter(family, tor.accepted[family])),
    ...tor.sessions.map((session) => protocol(tor, session)),
  ].join('\n');
}

function filter(family: Family, accepted: readonly Accepted[]): string {
  const sets = accepted.map(({ within, length }) => `${within}{${length},${length}}`);
  const condition = sets.length === 0 ? 'false' : `net ~ [ ${sets.join(', ')} ]`;
  return `function slash32_accepts_${family}() { return ${condition}; }\n`;
}

function protocol(tor: Tor, session: Session): string {
  const { timers, asn } = tor;
  const { from, asns, ttlSecurity, bfd } = session;
  // With ttl security, multihop is how far it may be.
  const multihop = session.multihop ?? (ttlSecurity !== undefined && ttlSecurity > 1 ? ttlSecurity : undefined);
  const remote = asns.length === 1 ? `as ${asns[0]}` : 'external';
  const id = `slash32_${session.name.replaceAll('-', '_')}`;
  const lines = [
    `local as ${asn};`,
    ...(isRange(from) && asns.length > 1
      ? ['# BIRD has no list of AS numbers for a range: any but its own may come.']
      : []),
    isRange(from) ? `neighbor range ${from} ${remote};` : `neighbor ${from} ${remote};`,
    ...(isRange(from) ? [`dynamic name "${id}_";`] : [`description "${session.name}";`]),
    ...(multihop === undefined ? [] : [`multihop ${multihop};`]),
    ...(ttlSecurity === undefined ? [] : ['ttl security on;']),
    ...(session.hasPassword ? [`password "${PASSWORD_PLACEHOLDER}";`] : []),
    `hold time ${timers.hold};`,
    `keepalive time ${timers.keepalive};`,
    `connect retry time ${timers.connectRetry};`,
    // The default delay of 5 s before the first try is for routers with many peers.
    'connect delay time 1;',
    `error wait time 1, ${timers.connectRetry};`,
    ...(tor.isReflector ? ['rr client;'] : []),
    ...(bfd === undefined
      ? []
      : [`bfd { min tx interval ${bfd.minTx} ms; min rx interval ${bfd.minRx} ms; multiplier ${bfd.multiplier}; };`]),
    tor.restartTime > 0 ? 'graceful restart on;' : 'graceful restart off;',
    ...session.families.flatMap((family) => channel(tor, family)),
  ];
  return [`protocol bgp ${id} {`, ...lines.map((line) => `  ${line}`), '}', ''].join('\n');
}

/** Communities of every kind are passed on without being asked. */
function channel({ maxPrefixes }: Tor, family: Family): string[] {
  return [
    `ipv${family} {`,
    `  import where slash32_accepts_${family}();`,
    `  import limit ${maxPrefixes} action restart;`,
    '  export where source ~ [ RTS_BGP, RTS_STATIC ];',
    '};',
  ];
}
