/** The controller's CNI socket: as many conversations as come, so many verbs at a time, and an orderly end. */
import { createServer } from 'node:net';
import { aborted } from './aborted.js';
import { type Answers, type Conversation, converse } from './conversation.js';
import type { Log } from './log.js';
import { listenPrivately } from './private-socket.js';
import { turns } from './turns.js';
import type { Handle } from './verbs.js';

export interface ServerOptions {
  /** Path of the unix socket. */
  readonly socket: string;
  readonly handle: Handle;
  readonly log: Log;
  readonly answered?: Answers;
  /** Ends it all. */
  readonly signal: AbortSignal;
}

/** A socket that is being listened on. */
export interface Serving {
  /** Resolves after the signal, when the last verb is through. */
  readonly closed: Promise<void>;
}

/** Verbs at work at one time; the others wait for their turn. */
const AT_A_TIME = 256;
/** Connections at one time. One more is closed at once, which its forwarder reports as "try again later". */
const CONNECTIONS = 1024;
/** How long verbs may go on after the signal, in milliseconds; then they are called off and undo what they did. */
const GRACE = 4_000;

/** Listens; resolves when forwarders can connect. Throws when the socket or its directory is not safe or not free. */
export async function serve({ socket, handle, log, answered = () => {}, signal }: ServerOptions): Promise<Serving> {
  const around = { handle, log, answered, turns: turns(AT_A_TIME) };
  const open = new Set<Conversation>();
  const server = createServer({ allowHalfOpen: true }, (connection) => {
    const conversation = converse(connection, around);
    open.add(conversation);
    conversation.over.then(() => open.delete(conversation));
  });
  server.maxConnections = CONNECTIONS;
  await listenPrivately(server, socket);
  server.on('error', (error) => log.error(`cannot accept on ${socket}: ${error.message}`));
  return { closed: aborted(signal).then(() => stop(() => server.close(), open)) };
}

/** No new ones, no further ones, and the running ones get their grace. */
async function stop(close: () => void, open: ReadonlySet<Conversation>): Promise<void> {
  close();
  for (const conversation of open) conversation.leave();
  const graceOver = setTimeout(() => {
    for (const conversation of open) conversation.callOff();
  }, GRACE);
  await Promise.all([...open].map((conversation) => conversation.over));
  clearTimeout(graceOver);
}
