/** The vendors, and the words that every output begins with. */
import type { Bfd } from '../model/peer.js';
import { bird } from './bird.js';
import { eos } from './eos.js';
import { frr } from './frr.js';
import { junos } from './junos.js';
import { nxos } from './nxos.js';
import { PASSWORD_PLACEHOLDER } from './spelling.js';
import { srlinux } from './srlinux.js';
import type { Tor } from './tor.js';

interface Spelling {
  readonly print: (tor: Tor) => string;
  readonly comment: string;
  /** Are GTSM, BFD and route reflection among what is printed? */
  readonly gtsm: boolean;
  readonly bfd: boolean;
  readonly reflects: boolean;
}

/** How each vendor spells it, and how it marks a comment. */
const SPELLING = {
  frr: { print: frr, comment: '!', gtsm: true, bfd: true, reflects: true },
  bird: { print: bird, comment: '#', gtsm: true, bfd: true, reflects: true },
  eos: { print: eos, comment: '!', gtsm: true, bfd: false, reflects: false },
  junos: { print: junos, comment: '#', gtsm: false, bfd: false, reflects: false },
  srlinux: { print: srlinux, comment: '#', gtsm: false, bfd: false, reflects: false },
  nxos: { print: nxos, comment: '!', gtsm: false, bfd: false, reflects: false },
} as const satisfies Record<string, Spelling>;

/** A vendor that a ToR can be of. */
export type Vendor = keyof typeof SPELLING;
export const VENDORS = Object.keys(SPELLING) as readonly Vendor[];

/** The configuration of this ToR: comments that say what it is, then what the vendor's command line or daemon takes. */
export function torConfig(vendor: Vendor, tor: Tor): string {
  const spelling: Spelling = SPELLING[vendor];
  if (tor.isReflector && !spelling.reflects) {
    throw new Error(`the nodes and their peer are of one AS ${tor.asn}: for ${vendor} there is eBGP only`);
  }
  const comments = [...preface(tor), ...byHand(tor, spelling)].map((line) => `${spelling.comment} ${line}`);
  return [...comments, spelling.print(tor)].join('\n');
}

function preface({ sessions, isReflector }: Tor): string[] {
  return [
    `The ${isReflector ? "route reflector's" : "ToR's"} side of its slash32 nodes, as slash32 tor-config derived it from their configuration.`,
    'Only host routes and blocks of their networks come in; route targets go through as extended communities.',
    ...sessions.map(({ name, from, asns }) => `  ${name}: ${from}, AS ${asns.join(', ')}`),
    ...(sessions.some(({ hasPassword }) => hasPassword) ? [`Replace ${PASSWORD_PLACEHOLDER} by the password.`] : []),
  ];
}

/** What is not printed, because it could not be tried. */
function byHand({ sessions }: Tor, { gtsm, bfd }: Spelling): string[] {
  return sessions.flatMap((session) => [
    ...(session.ttlSecurity === undefined || gtsm
      ? []
      : [`${session.name} has TTL security for ${session.ttlSecurity} hop(s): set it here by hand.`]),
    ...(session.bfd === undefined || bfd
      ? []
      : [`${session.name} has BFD: ${heartbeat(session.bfd)}; set it here by hand.`]),
  ]);
}

function heartbeat({ minTx, minRx, multiplier }: Bfd): string {
  return `tx ${minTx} ms, rx ${minRx} ms, multiplier ${multiplier}`;
}
