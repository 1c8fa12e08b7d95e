/** `bgp.guards:` of the file: what is taken from no peer. */
import { z } from 'zod';
import { DEFAULT_GUARDS } from '../model/peer.js';
import { aPrefix, wholeNumber } from './fields.js';

const lengths = (least: { readonly ge: number; readonly le: number }, most: number) =>
  z
    .strictObject({
      ge: wholeNumber(0, most).prefault(least.ge).describe('Nothing shorter; the default route has allowDefault.'),
      le: wholeNumber(0, most).prefault(least.le).describe('Nothing longer.'),
    })
    .refine(({ ge, le }) => ge <= le, { path: ['le'], error: 'lets no length in: le is less than ge' })
    .prefault({})
    .describe('In bits.');

export const guardsSection = z.strictObject({
  protected: z
    .array(aPrefix)
    .prefault([])
    .describe("Nothing in these is taken from a peer, besides the node's own addresses, subnets and peers."),
  lengths: z
    .strictObject({ ipv4: lengths(DEFAULT_GUARDS.lengths[4], 32), ipv6: lengths(DEFAULT_GUARDS.lengths[6], 128) })
    .transform(({ ipv4, ipv6 }) => ({ 4: ipv4, 6: ipv6 }))
    .prefault({})
    .describe('How long a prefix may be.'),
});
