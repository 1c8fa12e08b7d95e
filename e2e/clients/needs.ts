/** What a client needs of this machine, and the reason for a skip where that is missing. */
import { existsSync } from 'node:fs';
import type { Context } from 'mocha';

/** Skips, and says why, when one of the programs is not installed. */
export function needs(context: Context, ...programs: string[]): void {
  const missing = programs.filter((program) => !existsSync(program));
  if (missing.length > 0) skip(context, `not installed: ${missing.join(', ')}`);
}

/** Skips all that follows in this suite; the reason goes where the reporter's lines go. */
export function skip(context: Context, reason: string): never {
  console.log(`    skipped, because ${reason}`);
  context.skip();
}
