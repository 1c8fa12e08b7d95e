/** A file that the configuration names: opened, looked at, read, and closed again. */
import { closeSync, constants, fstatSync, openSync, readFileSync, type Stats } from 'node:fs';

/**
 * The text of the file. Throws RangeError that names it when it cannot be read.
 * @param check looks at the file that was opened, and throws why it is not to be read
 * @param remedy what may help, by the code of the error
 */
export function textOfFile(
  path: string,
  check: (file: Stats) => void,
  remedy: Readonly<Record<string, string>> = {},
): string {
  let fd: number | undefined;
  try {
    // Not blocking: a named pipe would hold the controller until somebody writes to it.
    fd = openSync(path, constants.O_RDONLY | constants.O_NONBLOCK);
    check(fstatSync(fd));
    return readFileSync(fd, 'utf8');
  } catch (error) {
    if (error instanceof RangeError) throw error;
    const { code = '' } = error as NodeJS.ErrnoException;
    throw new RangeError(`${path} cannot be read (${code})${remedy[code] ?? ''}`, { cause: error });
  } finally {
    if (fd !== undefined) closeSync(fd);
  }
}
