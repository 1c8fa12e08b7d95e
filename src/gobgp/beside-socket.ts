/** Notes that gobgpd's supervisor leaves for the controller: files beside gobgpd's socket, whose directory is private. */
import { readFile, rename, rm, writeFile } from 'node:fs/promises';

/** One note, old or new, never half. */
export interface Note {
  write(text: string): Promise<void>;
  /** Undefined: there is none. */
  read(): Promise<string | undefined>;
  remove(): Promise<void>;
}

/** The note of this name beside the socket `api`, like `unix:///run/slash32/gobgpd.sock`. */
export function noteBeside(api: string, name: string): Note {
  const file = `${api.replace(/^unix:\/\//, '')}.${name}`;
  return {
    async write(text) {
      await writeFile(`${file}.new`, text, { mode: 0o600 });
      await rename(`${file}.new`, file);
    },
    read: () => readFile(file, 'utf8').catch(() => undefined),
    remove: () => rm(file, { force: true }),
  };
}
