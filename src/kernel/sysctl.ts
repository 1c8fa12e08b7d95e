/**
 * Settings under /proc/sys, by path: `net/ipv4/ip_forward`, or a whole path. Slashes, because a link's name may hold dots.
 *
 * /proc/sys/net shows the network namespace of the thread that opens a file, so these are synchronous calls, which run
 * on the calling thread: inside `inNamespace` they concern the container.
 */
import { readFileSync, writeFileSync } from 'node:fs';
import { resolve } from 'node:path';

/** The value, or undefined when the kernel has no such setting (IPv6 left out, link gone). */
export function readSysctl(path: string): string | undefined {
  try {
    return readFileSync(resolve('/proc/sys', path), 'utf8').trim();
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return undefined;
    throw error;
  }
}

/** Sets a value where it is another. A setting that the kernel does not have stays away. */
export function ensureSysctl(path: string, value: string): void {
  const found = readSysctl(path);
  if (found !== undefined && found !== value) writeSysctl(path, value);
}

/** Sets a value, whatever it is now. Returns false when the kernel has no such setting. */
export function writeSysctl(path: string, value: string): boolean {
  try {
    writeFileSync(resolve('/proc/sys', path), value, { flag: 'r+' });
    return true;
  } catch (cause) {
    const { code } = cause as NodeJS.ErrnoException;
    if (code === 'ENOENT') return false;
    throw new Error(`cannot set ${path} to ${value}: ${code}; is /proc/sys/net mounted writable?`, { cause });
  }
}
