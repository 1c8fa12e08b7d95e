/** Where a delegated plugin is. */
import { stat } from 'node:fs/promises';
import { join } from 'node:path';
import { quoted } from '../model/quoted.js';
import { CniError, CODE } from './cni-error.js';
import { NAME } from './settings.js';

/** An executable, and what changes when another one takes its place. */
export interface Plugin {
  readonly type: string;
  readonly file: string;
  readonly stamp: string;
}

/**
 * The first executable file of that name in the directories. The name is plain, so it cannot lead out of them
 * (CVE-2021-20206 in libcni was `type: ../../x`); links inside them are followed, as distributions use them.
 * Throws CniError 7 when there is none.
 */
export async function findPlugin(type: string, directories: readonly string[]): Promise<Plugin> {
  if (!NAME.test(type)) throw new CniError(CODE.invalidConfig, `IPAM type ${quoted(type)} is not a plain name`);
  for (const directory of directories) {
    const file = join(directory, type);
    const found = await stat(file).catch(() => undefined);
    if (found?.isFile() && (found.mode & 0o111) !== 0) {
      return { type, file, stamp: `${found.ino} ${found.size} ${found.mtimeMs}` };
    }
  }
  throw new CniError(
    CODE.invalidConfig,
    `there is no executable IPAM plugin ${quoted(type)} in ${directories.join(':') || 'CNI_PATH, which is empty'}`,
    'install it there, or leave ipam out to take addresses from the pools of the network',
  );
}
