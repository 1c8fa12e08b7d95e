/**
 * A node is no transit: it tells peers what is its own, and nothing that another peer has said. gobgpd does otherwise when
 * nobody tells it not to, and then two ToRs would reach each other, or a default route, through a node.
 *
 * One policy on all that goes out, in force before the first peer is added. The numbers are the same in both generations.
 */
import { unary } from './call.js';
import type { Session } from './session.js';

const NAME = 'slash32-own';
const ACCEPT = 1;
const REJECT = 2;
const EXPORT = 2;
/** What was added here rather than heard. */
const LOCAL = 3;

export const POLICIES = {
  policies: [
    {
      name: NAME,
      statements: [{ name: NAME, conditions: { routeType: LOCAL }, actions: { routeAction: ACCEPT } }],
    },
  ],
};

/** `global` is gobgpd's name for what is not of one peer. */
export const ASSIGNMENT = {
  assignment: { name: 'global', direction: EXPORT, policies: [{ name: NAME }], defaultAction: REJECT },
};

/** Lets only our own paths out. The same again changes nothing. */
export async function exportOnlyOurs({ client, codec }: Session): Promise<void> {
  await unary(client, codec.setPolicies, null);
  await unary(client, codec.setPolicyAssignment, null);
}
