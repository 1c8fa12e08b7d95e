/**
 * How the last gobgpd broke down, in a file beside its socket: its supervisor knows, and the controller has to know whether
 * it fell or was pushed. An administrator's kill says nothing about peers, a panic may be a peer's doing.
 */
import { printable } from '../model/quoted.js';
import { type Note, noteBeside } from './beside-socket.js';

/** More than any panic says in one line. */
const LONGEST = 300;

/** Notes it, for whoever connects to the next gobgpd. @param words nothing of it is secret */
export async function noteCrash(api: string, words: string): Promise<void> {
  await noteOf(api).write(words.slice(0, LONGEST));
}

/** What was noted, once: it is about one death. */
export async function takeLastCrash(api: string): Promise<string | undefined> {
  const note = noteOf(api);
  const words = await note.read();
  if (words === undefined) return undefined;
  await note.remove();
  return printable(words);
}

function noteOf(api: string): Note {
  return noteBeside(api, 'crash');
}
