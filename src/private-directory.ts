/**
 * Directories that only root can enter. Node cannot ask who is at the other end of a unix socket, and gobgpd asks nobody for
 * credentials: so the directory is the lock.
 */
import { lstatSync } from 'node:fs';

/** Throws an Error with the remedy when this is no directory, not ours, or one that others may enter. Follows no link. */
export function refuseUnlessPrivate(path: string): void {
  const found = lstatSync(path);
  const us = process.geteuid?.();
  if (!found.isDirectory()) throw new Error(`${path} is not a directory; remove it, or name another`);
  if (found.uid !== us)
    throw new Error(`${path} belongs to user ${found.uid}, not to us (${us}); run: chown ${us} ${path}`);
  if ((found.mode & 0o077) === 0) return;
  const mode = (found.mode & 0o777).toString(8).padStart(4, '0');
  throw new Error(`${path} has mode ${mode}, so others can reach what is in it; run: chmod 0700 ${path}`);
}
