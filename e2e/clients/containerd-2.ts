/**
 * containerd 2 on a Debian that has 1.6: of Debian's unstable, and never installed. It runs where the C library is not much
 * older than there; else the reason is handed back.
 */
import { execa } from 'execa';
import { reasonOf, unpackedPackage } from '../lab/debian-suite.js';

/** Either the daemon's path, or why there is none. */
export type Fetched = { readonly program: string } | { readonly reason: string };

/** Fetches it, unless an earlier run has; takes some seconds and 40 MB then. */
export async function fetchContainerd2(): Promise<Fetched> {
  try {
    const program = `${await unpackedPackage('sid', 'containerd')}/usr/bin/containerd`;
    const { stdout } = await execa(program, ['--version']);
    return / v?2\./.test(stdout) ? { program } : { reason: `Debian unstable has another one: ${stdout}` };
  } catch (error) {
    return { reason: reasonOf(error) };
  }
}
