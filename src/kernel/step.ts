/** A piece of wiring: what it is for, in words for an error, and the message that does it. */
import { Errno, NetlinkError, type NetlinkSocket, type Request } from '../netlink/index.js';

export interface Step {
  readonly what: string;
  readonly request: Request;
  /** What to ask for instead when the place is taken (EEXIST). */
  readonly otherwise?: Request;
}

/** An endpoint could not be wired. The message names the step and the kernel's reason. */
export class WiringError extends Error {
  override readonly name = 'WiringError';
  constructor(what: string, cause: unknown) {
    super(`wiring: ${what}: ${cause instanceof Error ? cause.message : String(cause)}`, { cause });
  }
}

/**
 * Does all steps in one system call. Throws WiringError for the first that failed; the others may be done.
 * Where a place was taken and there is another, what came after may have missed it: from there on one by one.
 */
export function perform(socket: NetlinkSocket, steps: readonly Step[]): void {
  const errors = socket.batch(steps.map(({ request }) => request));
  const failed = [...errors.keys()].sort((a, b) => a - b);
  const [first] = failed;
  if (first === undefined) return;
  const { what, otherwise } = steps[first]!;
  const error = errors.get(first)!;
  if (!otherwise || error.errno !== Errno.EEXIST) throw new WiringError(what, error);
  for (const index of failed) named(steps[index]!.what, () => performOne(socket, steps[index]!));
}

function performOne(socket: NetlinkSocket, { request, otherwise }: Step): void {
  try {
    socket.request(request);
  } catch (error) {
    if (!otherwise || !(error instanceof NetlinkError) || error.errno !== Errno.EEXIST) throw error;
    socket.request(otherwise);
  }
}

/** Runs something that is no single message under the name of a step. */
export function named<T>(what: string, work: () => T): T {
  try {
    return work();
  } catch (error) {
    throw error instanceof WiringError ? error : new WiringError(what, error);
  }
}
