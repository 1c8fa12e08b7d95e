/**
 * The password of a BGP session (TCP MD5, RFC 2385), from a file that nobody else can read.
 *
 * No message here ever has the content in it, nor a path that is not one: people do write the password itself there.
 */
import type { Stats } from 'node:fs';
import { textOfFile } from './named-file.js';

/** TCP_MD5SIG_MAXKEYLEN (linux/tcp.h). */
const MAX_PASSWORD = 80;
const MAX_FILE = 4096;

/** Reads the password; a line end after it is not part of it. Throws RangeError with the reason and the remedy. */
export function readPassword(path: string): string {
  if (!path.startsWith('/')) throw new RangeError('expected the absolute path of a file that holds the password');
  return password(
    path,
    textOfFile(path, (file) => {
      checkOwnership(path, file);
      if (file.size > MAX_FILE) throw new RangeError(`${path} is longer than any password (${MAX_FILE} bytes)`);
    }),
  );
}

function checkOwnership(path: string, file: Stats): void {
  if (!file.isFile()) throw new RangeError(`${path} is not a regular file`);
  if ((file.mode & 0o077) !== 0) {
    const mode = (file.mode & 0o777).toString(8).padStart(4, '0');
    throw new RangeError(`${path} has mode ${mode}, so others may use it; run: chmod 0600 ${path}`);
  }
  if (file.uid !== 0 && file.uid !== process.geteuid?.()) {
    throw new RangeError(`${path} belongs to user ${file.uid}; run: chown root ${path}`);
  }
}

function password(path: string, content: string): string {
  const text = content.replace(/\r?\n$/, '');
  if (text === '') throw new RangeError(`${path} is empty`);
  if (Buffer.byteLength(text) > MAX_PASSWORD) {
    throw new RangeError(`the password in ${path} is longer than the kernel's ${MAX_PASSWORD} bytes`);
  }
  if (!/^[\x20-\x7e]*$/.test(text)) throw new RangeError(`${path} holds more than one line of plain ASCII`);
  return text;
}
