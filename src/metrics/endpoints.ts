/** Endpoints, their addresses, and what is said of them. */
import { alone, type Reading } from './reading.js';

export const ENDPOINTS: readonly Reading[] = [
  {
    name: 'slash32_endpoints',
    type: 'gauge',
    help: 'Container interfaces that are attached, by the network that they asked for.',
    labels: ['network'],
    read: ({ census }) => [...census.endpoints].map(([network, count]) => [{ network }, count]),
  },
  {
    name: 'slash32_pool_addresses',
    type: 'gauge',
    help: 'Addresses of a pool: free, used, or resting for a while after their release.',
    labels: ['network', 'pool', 'state'],
    read: ({ pools }) =>
      pools.flatMap(({ network, pool, size, used, resting }) => [
        [{ network, pool, state: 'free' }, size - used - resting],
        [{ network, pool, state: 'used' }, used],
        [{ network, pool, state: 'resting' }, resting],
      ]),
  },
  {
    name: 'slash32_announcements_wanted',
    type: 'gauge',
    help: 'Prefixes of this node that are to be announced: host routes of endpoints, and blocks.',
    read: ({ census }) => alone(census.announcements.wanted),
  },
  {
    name: 'slash32_announcements_accepted',
    type: 'gauge',
    help: 'Announcements that gobgpd has taken and makes for us; 0 while it is away.',
    read: ({ census }) => alone(census.announcements.accepted),
  },
  {
    name: 'slash32_duplicate_addresses',
    type: 'gauge',
    help: 'Addresses of our endpoints that another node announces too.',
    read: ({ census }) => alone(census.duplicates),
  },
  {
    name: 'slash32_prefixes_pending',
    type: 'gauge',
    help: 'Prefixes that something was heard of and that the next passes will look at.',
    read: ({ census }) => alone(census.prefixes.pending),
  },
  {
    name: 'slash32_prefixes_failed',
    type: 'gauge',
    help: 'Prefixes that are not as they should be because the kernel or gobgpd refused; they are tried again.',
    read: ({ census }) => alone(census.prefixes.failed),
  },
];
