/**
 * How the last gobgpd broke down, in a file beside its socket: its supervisor knows, and the controller has to know whether
 * it fell or was pushed. An administrator's kill says nothing about peers, a panic may be a peer's doing.
 */
import { readFile, rename, rm, writeFile } from 'node:fs/promises';
import { printable } from '../model/quoted.js';

/** More than any panic says in one line. */
const LONGEST = 300;

/** Notes it, for whoever connects to the next gobgpd. @param words nothing of it is secret */
export async function noteCrash(api: string, words: string): Promise<void> {
  const file = fileOf(api);
  await writeFile(`${file}.new`, words.slice(0, LONGEST), { mode: 0o600 });
  await rename(`${file}.new`, file);
}

/** What was noted, once: it is about one death. */
export async function takeLastCrash(api: string): Promise<string | undefined> {
  const words = await readFile(fileOf(api), 'utf8').catch(() => undefined);
  if (words !== undefined) await rm(fileOf(api), { force: true });
  return words === undefined ? undefined : printable(words);
}

function fileOf(api: string): string {
  return `${api.replace(/^unix:\/\//, '')}.crash`;
}
