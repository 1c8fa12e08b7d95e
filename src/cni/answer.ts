/** One frame in, one answer out: whatever happens in between, a runtime gets one JSON document that it understands. */
import { askedVersion } from './asked-version.js';
import { CniError, CODE } from './cni-error.js';
import { decodeObject } from './decode-json.js';
import { nameOf } from './environment.js';
import type { Answer, Frame } from './frame.js';
import { parseRequest } from './request.js';
import { inOurSpelling } from './spelling.js';
import type { Handle } from './verbs.js';
import { type CniVersion, NEWEST } from './version.js';

/** An answer, and what the log should know of how it came about. */
export interface Answered extends Answer {
  readonly failure?: CniError;
}

/** Never throws. */
export async function answerTo(frame: Frame, handle: Handle, signal: AbortSignal): Promise<Answered> {
  try {
    return { exitCode: 0, document: await handle(parseRequest(frame), signal) };
  } catch (thrown) {
    const failure = asCniError(thrown, signal);
    const told = nameOf(frame.environment).verb === 'DEL' ? failure.forDel() : failure;
    return { exitCode: 1, document: told.toDocument(versionFor(frame)), failure };
  }
}

/** Nobody outside should see what only the log may tell, and nobody should have to guess that something broke. */
export function asCniError(thrown: unknown, signal?: AbortSignal): CniError {
  if (thrown instanceof CniError) return thrown;
  if (signal?.aborted && thrown instanceof Error && thrown.name === 'AbortError') {
    return new CniError(CODE.tryAgainLater, 'called off: the runtime left, or slash32d is stopping');
  }
  const what = thrown instanceof Error ? thrown : new Error(String(thrown));
  // A SyntaxError quotes the text it could not read, which may be somebody's configuration.
  const words = what instanceof SyntaxError ? '' : `: ${what.message.slice(0, 200)}`;
  const details = "this is a fault in slash32; slash32d's log has the stack";
  return new CniError(CODE.internal, `internal error: ${what.name}${words}`, details, { cause: thrown });
}

/** The version to fail in: the asked one where it can be read, however broken the rest is. */
function versionFor(frame: Frame): CniVersion {
  try {
    return askedVersion(inOurSpelling(decodeObject(frame.stdin, 'stdin')).cniVersion);
  } catch {
    return NEWEST;
  }
}
