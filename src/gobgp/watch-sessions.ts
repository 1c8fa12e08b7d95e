/**
 * Sessions of peers as they change. The stream lasts as long as the connection: those of the tables come and go
 * (`watch.ts`), and what happens between two of them is in neither. Of a peer that gobgpd forgets at once, nothing else tells.
 */
import type { BgpEvent } from '../ports.js';
import { reasonOf, watching } from './call.js';
import type { WireEvent } from './codec.js';
import type { Session } from './session.js';

/**
 * Tells until the signal; rejects when the stream ends.
 * @param overLimit is called with the address of a peer whose session has just been ended because of too many paths
 */
export async function watchSessions(
  { client, codec }: Session,
  hear: (event: BgpEvent) => void,
  overLimit: (peer: string) => void,
  signal: AbortSignal,
): Promise<never> {
  const onEvent = (event: WireEvent) => {
    if (event.kind !== 'peer' || signal.aborted) return;
    if (event.overLimit !== undefined) overLimit(event.overLimit);
    hear({ kind: 'peers-changed' });
  };
  const cause = await watching(client, codec.watchEvent, 'sessions', onEvent, signal).catch((error) => error);
  throw new Error(`the watch of sessions ended: ${cause ? reasonOf(cause) : 'gobgpd closed it'}`, { cause });
}
