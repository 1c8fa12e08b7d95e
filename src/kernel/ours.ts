/** By which marks slash32 knows its own things in the kernel. Whatever lacks them is never changed and never removed. */

/** Protocol number of our routes and rules (free in /etc/iproute2/rt_protos). */
export const PROTOCOL = 32;

/**
 * Metric of our routes.
 *
 * A metric of our own is what keeps foreign routes alive: Linux identifies a route by table, prefix, tos and metric, and
 * NLM_F_REPLACE takes the first of that place whoever wrote it (IPv6 would also merge ours with a foreign one into one
 * multipath route). No daemon uses 3232: FRR has 20, BIRD 32, DHCP clients 100 to 1024, the kernel 0 and 1024. It is
 * higher than all of these, so where the node has a route of its own for the same prefix, the node's own wins.
 */
export const METRIC = 3232;

/** The part of a packet's mark that is ours; its value is the table of the network. The rest belongs to others. */
export const MARK_MASK = 0x3fff;

/**
 * Priority of the rules that look a network's table up. The next one is of those that go on to the main table, the one
 * after that of those that end the lookup.
 */
export const RULE_PRIORITY = 2032;

/**
 * Every host end is in this group ("S3\0"): the main table leads to all endpoints of the node, and a network that goes on
 * to the main table must not reach those of others through it.
 */
export const HOST_END_GROUP = 0x533300;

/** Links in this group are about to be removed ("S32"). */
export const DOOMED_GROUP = 0x533332;

/** Host ends begin with this. What makes one ours is its alias. */
export const LINK_PREFIX = 's32';
