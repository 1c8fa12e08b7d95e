/** An element of `bgp.listenRanges`: peers that come to us, of which only the range and the AS are known. */
import { z } from 'zod';
import { baseOf, familyOf, isLinkLocal } from '../model/address.js';
import type { ListenRange } from '../model/peer.js';
import { aName, aPrefix } from './fields.js';
import { sessionConflicts } from './peer-conflicts.js';
import { anAsn, familiesOf, sessionFields, sessionOf, someFamilies } from './session-fields.js';
import type { ThisNode } from './this-node.js';

const EXTERNAL =
  'gobgpd lets any AS in where a range has none, our own too; write one range for each AS, with its number';

const ANYWHERE =
  'gobgpd takes who comes from a range at every address that it listens to; name those in bgp.listenAddresses instead';

const oneAsn = z.preprocess((given, context) => {
  if (given !== 'external') return given;
  context.addIssue({ code: 'custom', message: EXTERNAL });
  return z.NEVER;
}, anAsn);

export const listenRangeSection = (node: ThisNode) =>
  z
    .strictObject({
      name: aName.optional().describe('How commands and logs call whoever comes by it. Default: the range.'),
      prefix: aPrefix
        .refine(
          (prefix) => !isLinkLocal(baseOf(prefix)),
          'a link-local peer is named by its link: use peers with interface',
        )
        .describe('Where they connect from. No two ranges may overlap.'),
      asn: oneAsn.describe('AS number of all of them.'),
      families: someFamilies.optional().describe('What is exchanged. Default: the family of the range.'),
      ...sessionFields(node),
      localAddress: z
        .unknown()
        .refine(() => false, ANYWHERE)
        .optional(),
    })
    .superRefine(sessionConflicts)
    .transform(
      ({ name, prefix, asn, families, localAddress: _, ...session }): ListenRange => ({
        ...sessionOf(session),
        name: name ?? prefix,
        prefix,
        asn,
        families: families ? familiesOf(families) : [familyOf(prefix)],
      }),
    );
