/** Sorting what the kernel sends back: errors and acknowledgements by request, everything else to whoever listens. */
import { Errno } from './libc.js';
import { type Message, NLMSG_ERROR } from './message.js';
import { errorIn, NetlinkError } from './netlink-error.js';

/** What came back for some requests, by their place among them. */
export interface Answers {
  readonly errors: Map<number, NetlinkError>;
  readonly answered: Set<number>;
  /** Some answers did not fit into the receive buffer. */
  overflown: boolean;
}

/** Puts one message where it belongs. */
export function sortIn(
  to: Answers,
  message: Message,
  index: number,
  count: number,
  hear: (message: Message) => void,
): void {
  if (index < 0 || index >= count) return; // a late answer to somebody who gave up
  if (message.type !== NLMSG_ERROR) {
    hear(message);
    return;
  }
  to.answered.add(index);
  const error = errorIn(message);
  if (error && !to.errors.has(index)) to.errors.set(index, error);
}

/** The error of a request that nothing came back for. */
export function unanswered(): NetlinkError {
  return new NetlinkError(Errno.ENOBUFS, 'the kernel gave no answer');
}
