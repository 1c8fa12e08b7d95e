/** The vendors, and the words that every output begins with. */
import { bird } from './bird.js';
import { eos } from './eos.js';
import { frr } from './frr.js';
import { junos } from './junos.js';
import { nxos } from './nxos.js';
import { srlinux } from './srlinux.js';
import { PASSWORD_PLACEHOLDER, type Tor } from './tor.js';

/** How each vendor spells it, and how it marks a comment. */
const SPELLING = {
  frr: { print: frr, comment: '!' },
  bird: { print: bird, comment: '#' },
  eos: { print: eos, comment: '!' },
  junos: { print: junos, comment: '#' },
  srlinux: { print: srlinux, comment: '#' },
  nxos: { print: nxos, comment: '!' },
} as const satisfies Record<string, { readonly print: (tor: Tor) => string; readonly comment: string }>;

/** A vendor that a ToR can be of. */
export type Vendor = keyof typeof SPELLING;
export const VENDORS = Object.keys(SPELLING) as readonly Vendor[];

/** The configuration of this ToR: comments that say what it is, then what the vendor's command line or daemon takes. */
export function torConfig(vendor: Vendor, tor: Tor): string {
  const { print, comment } = SPELLING[vendor];
  return [...preface(tor).map((line) => `${comment} ${line}`), print(tor)].join('\n');
}

function preface({ sessions }: Tor): string[] {
  return [
    "The ToR's side of its slash32 nodes, as slash32 tor-config derived it from their configuration.",
    'Only host routes of their networks come in; route targets go through as extended communities.',
    ...sessions.map(({ name, from, asns }) => `  ${name}: ${from}, AS ${asns.join(', ')}`),
    ...(sessions.some(({ hasPassword }) => hasPassword) ? [`Replace ${PASSWORD_PLACEHOLDER} by the password.`] : []),
  ];
}
