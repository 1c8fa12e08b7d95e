/** Every daemon of the interop table, and what there is no test for, with the reason. */
import type { Daemon } from '../daemon.js';
import type { Feature } from '../table.js';
import { bird } from './bird.js';
import { exabgp } from './exabgp.js';
import { frr } from './frr.js';
import { gobgp } from './gobgp.js';
import { openbgpd } from './openbgpd.js';

export const DAEMONS: readonly Daemon[] = [
  frr('frr8'),
  frr('frr10', 'trixie'),
  bird('bird2'),
  bird('bird3', { suite: 'trixie', package: 'bird3' }),
  openbgpd('openbgpd', 'bookworm'),
  exabgp('exabgp', 'bookworm'),
  gobgp('gobgp310'),
  gobgp('gobgp336', 'trixie'),
  gobgp('gobgp48', 'forky'),
];

/** By the daemon's name. */
export const REASONS: Readonly<Record<string, Readonly<Partial<Record<Feature, string>>>>> = {
  openbgpd: {
    'RFC 8950': 'it does not have it: bgpd.conf(5) has an "announce" for every capability, and none for this one',
    LLGR: 'it does not have it: bgpd.conf(5) has an "announce" for every capability, and none for this one',
    'GR: it is killed itself':
      'it never says that it has restarted; bgpd.conf(5): "Currently only the End-of-RIB marker is supported and announced by the restart capability"',
  },
  gobgp336: {
    'RFC 8950':
      'over a link-local session it says "::" as the next hop of what it originates (measured; 3.10 and 4.8 say their own address)',
  },
  exabgp: {
    'RFC 8950': 'its addresses have no scope, so it cannot speak from a link-local one',
    LLGR: 'it does not have it: exabgp.conf(5) lists every capability, and this one is not there; nor has it a table to keep',
    ECMP: 'it hands what it hears to a program and sends none of it on',
    'targets kept': 'it hands what it hears to a program and sends none of it on',
    'GR: our gobgpd is killed': 'it has no table of what it hears, and so nothing to keep',
  },
};
