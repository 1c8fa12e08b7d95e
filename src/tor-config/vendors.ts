/** The vendors, and the words that every output begins with. */
import { bird } from './bird.js';
import { eos } from './eos.js';
import { frr } from './frr.js';
import { junos } from './junos.js';
import { nxos } from './nxos.js';
import { srlinux } from './srlinux.js';
import { PASSWORD_PLACEHOLDER, type Tor } from './tor.js';

interface Spelling {
  readonly print: (tor: Tor) => string;
  readonly comment: string;
  /** Is GTSM among what is printed? */
  readonly gtsm: boolean;
}

/** How each vendor spells it, and how it marks a comment. */
const SPELLING = {
  frr: { print: frr, comment: '!', gtsm: true },
  bird: { print: bird, comment: '#', gtsm: true },
  eos: { print: eos, comment: '!', gtsm: true },
  junos: { print: junos, comment: '#', gtsm: false },
  srlinux: { print: srlinux, comment: '#', gtsm: false },
  nxos: { print: nxos, comment: '!', gtsm: false },
} as const satisfies Record<string, Spelling>;

/** A vendor that a ToR can be of. */
export type Vendor = keyof typeof SPELLING;
export const VENDORS = Object.keys(SPELLING) as readonly Vendor[];

/** The configuration of this ToR: comments that say what it is, then what the vendor's command line or daemon takes. */
export function torConfig(vendor: Vendor, tor: Tor): string {
  const { print, comment, gtsm } = SPELLING[vendor];
  return [...[...preface(tor), ...(gtsm ? [] : byHand(tor))].map((line) => `${comment} ${line}`), print(tor)].join(
    '\n',
  );
}

function preface({ sessions }: Tor): string[] {
  return [
    "The ToR's side of its slash32 nodes, as slash32 tor-config derived it from their configuration.",
    'Only host routes of their networks come in; route targets go through as extended communities.',
    ...sessions.map(({ name, from, asns }) => `  ${name}: ${from}, AS ${asns.join(', ')}`),
    ...(sessions.some(({ hasPassword }) => hasPassword) ? [`Replace ${PASSWORD_PLACEHOLDER} by the password.`] : []),
  ];
}

/** What is not printed, because it could not be tried: without it, sessions stay down. */
function byHand({ sessions }: Tor): string[] {
  const guarded = sessions.filter(({ ttlSecurity }) => ttlSecurity !== undefined);
  return guarded.map(
    ({ name, ttlSecurity }) => `${name} has TTL security for ${ttlSecurity} hop(s): set it here by hand.`,
  );
}
