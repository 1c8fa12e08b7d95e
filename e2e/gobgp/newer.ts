/** The gobgpds that slash32 speaks with: the installed one, and the ones of newer Debian suites. They need nothing but libc. */
import { execa } from 'execa';
import { reasonOf, unpackedPackage } from '../lab/debian-suite.js';

/** A gobgpd to test with. */
export interface Release {
  /** Such as `gobgpd 4.8.0`; where it could not be had, the suite. */
  readonly name: string;
  /** Name or path of the binary; undefined where it could not be had. */
  readonly binary?: string;
  /** Why it could not be had. */
  readonly missing?: string;
}

/** trixie has 3.36, the last but one of the 3.x API; forky has 4.8, and what follows it. */
const SUITES = ['trixie', 'forky'];

let found: Promise<readonly Release[]> | undefined;

/** Every release, the installed one first. Fetches what is not there yet; never throws. */
export function releases(): Promise<readonly Release[]> {
  found ??= Promise.all([installed('gobgpd'), ...SUITES.map(newer)]);
  return found;
}

/** Defines the tests of `define` for each release. Where one could not be had, one skipped test says why. */
export async function onEachRelease(define: (binary: string, release: Release) => void): Promise<void> {
  for (const release of await releases()) {
    const { name, binary, missing } = release;
    describe(name, () => {
      if (binary) define(binary, release);
      else it.skip(`not to be had: ${missing}`);
    });
  }
}

async function installed(binary: string): Promise<Release> {
  const { stdout } = await execa(binary, ['--version']);
  return { name: stdout.replace(' version', ''), binary };
}

async function newer(suite: string): Promise<Release> {
  try {
    return await installed(`${await unpackedPackage(suite, 'gobgpd')}/usr/bin/gobgpd`);
  } catch (error) {
    return { name: `gobgpd of Debian ${suite}`, missing: reasonOf(error) };
  }
}
