/** How far a drain is, as a file of the run directory: a restarted controller goes on there, a reboot clears it. */
import { join } from 'node:path';
import { z } from 'zod';
import type { DrainRecord } from '../model/duty.js';
import type { DrainStore } from '../ports.js';
import { readRegularFile, removeDurably, writeAtomically } from './atomic-file.js';
import type { RunDirectory } from './run-directory.js';

const NAME = 'drain.json';
const schema = z.strictObject({ duty: z.enum(['leaving', 'off']), until: z.number() });

/** The record in this run directory. A file that cannot be read counts as a drain that is over: silence is the safe side. */
export function drainStore(run: RunDirectory): DrainStore {
  return {
    load() {
      const text = readRegularFile(join(run.path, NAME));
      return text === undefined ? undefined : recordOf(text);
    },
    save(record) {
      if (record) writeAtomically(run, NAME, `${JSON.stringify(record)}\n`);
      else removeDurably(run, NAME);
    },
  };
}

function recordOf(text: string): DrainRecord {
  try {
    return schema.parse(JSON.parse(text));
  } catch {
    return { duty: 'off', until: 0 };
  }
}
