/** The node as a whole. */
import { alone, type Reading, type Sample } from './reading.js';

const DUTIES = ['on', 'leaving', 'off'] as const;

export const NODE: readonly Reading[] = [
  {
    name: 'slash32_build_info',
    type: 'gauge',
    help: 'Always 1: the version that runs, and the name of the node.',
    labels: ['version', 'node'],
    read: ({ node: { name, version } }) => [[{ version, node: name }, 1]],
  },
  {
    name: 'slash32_duty',
    type: 'gauge',
    help: '1 for what this node does now: on, leaving (it is being drained) or off (it is drained).',
    labels: ['duty'],
    read: (now) => DUTIES.map((duty): Sample => [{ duty }, now.duty === duty ? 1 : 0]),
  },
  {
    name: 'slash32_nft_repairs_total',
    type: 'counter',
    help: 'How often our nft table was found changed by somebody else, and was written again.',
    read: ({ filterRepairs }) => alone(filterRepairs),
  },
];
