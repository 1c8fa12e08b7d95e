/** `netConfNetworks:` of the file: networks that CNI configurations may define by themselves. */
import { z } from 'zod';
import type { NetConfNetworks } from '../model/network.js';
import { quoted } from '../model/quoted.js';
import { allowance, allowanceOf } from './allowance.js';
import { parsed } from './fields.js';
import { placeFields } from './network-section.js';

/** A network's name, or its beginning and a star. */
const aNamePattern = parsed((text) => {
  if (/^[a-zA-Z0-9][a-zA-Z0-9_.-]{0,61}\*?$/.test(text) && text !== 'host') return text;
  throw new RangeError(`expected a network's name, or its beginning and "*", found ${quoted(text)}`);
});

/** One frame of the list. */
export const netConfSection = z
  .strictObject({
    name: aNamePattern.describe("A network's name, or its beginning and *. A network of the list above goes first."),
    import: allowance.shape.import,
    export: allowance.shape.export,
    ...placeFields,
    allowOverride: allowance.optional().describe('Targets that one container may name. Default: it may not name any.'),
  })
  .transform((frame): NetConfNetworks => {
    const { import: _imports, export: _exports, allowOverride, maxRoutes, ...place } = frame;
    return {
      ...place,
      ...(maxRoutes === undefined ? {} : { maxRoutes }),
      allowTargets: allowanceOf(frame),
      ...(allowOverride && { allowOverride: allowanceOf(allowOverride) }),
    };
  });
