/**
 * Opening the controller for runtimes, in the one order in which no DEL is lost: nobody may write a tombstone while we
 * drain, and when we let them again the socket is there, so that they use it instead.
 */
import { dirname, join } from 'node:path';
import { exclusiveLock } from './exclusive-lock.js';
import { privateDirectory } from './private-socket.js';
import { type ServerOptions, type Serving, serve } from './server.js';
import { drain, drainAsTheyCome, LOCK, removeHalfWritten } from './tombstones.js';

/** A forwarder holds the lock for the time of one small write; one that holds it longer has been stopped. */
const LOCK_PATIENCE = 5_000;

/** Drains, listens, unlocks; resolves when forwarders can connect. */
export async function openCniSocket(options: ServerOptions): Promise<Serving> {
  const { socket, handle, log, signal } = options;
  const directory = join(dirname(socket), 'tombstones');
  await privateDirectory(dirname(socket));
  await privateDirectory(directory);
  using lock = await exclusiveLock(join(directory, LOCK), LOCK_PATIENCE);
  if (!lock) log.warn(`somebody holds ${join(directory, LOCK)}; what it writes now is worked off at the next start`);
  await removeHalfWritten(directory);
  await drain({ directory, handle, log });
  // After the drain, so that two never run at once; what comes in between is seen by the first look.
  drainAsTheyCome({ directory, handle, log }, signal);
  return await serve(options);
}
