/** Which route targets others may choose: patterns, direction by direction. */
import { z } from 'zod';
import type { TargetAllowance } from '../model/network.js';
import { targetPattern } from '../model/target-pattern.js';
import { parsed } from './fields.js';

const patterns = z.array(parsed(targetPattern)).prefault([]);

/** As it is written. */
export const allowance = z.strictObject({
  import: patterns.describe('64512:100, a range 64512:100-199, 64512:* or *. Default: nothing.'),
  export: patterns.describe('The same for what is announced.'),
});

/** In the words of the model. */
export function allowanceOf({ import: imports, export: exports }: z.output<typeof allowance>): TargetAllowance {
  return { imports, exports };
}
