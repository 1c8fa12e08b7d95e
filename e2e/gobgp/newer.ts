/**
 * The gobgpds that slash32 speaks with: the installed one, and the ones of newer Debian suites.
 *
 * A newer one is fetched once, by apt with a configuration, lists and sources of its own, and only unpacked: the system's
 * package database never hears of it. It is a Go binary that needs nothing but libc.
 */
import { mkdir, mkdtemp, rename, rm, stat, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { execa } from 'execa';
import { debianMirror } from '../lab/debian-mirror.js';

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
const CACHE = '/var/cache/slash32-lab';
const KEYRING = '/usr/share/keyrings/debian-archive-keyring.gpg';
/** A network that does not answer must not hold the tests up. */
const FETCH_MS = 120_000;

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
  const binary = `${CACHE}/gobgpd-${suite}/usr/bin/gobgpd`;
  try {
    if (!(await exists(binary))) await fetch(suite, `${CACHE}/gobgpd-${suite}`);
    return await installed(binary);
  } catch (error) {
    const { shortMessage, stderr, message } = error as { shortMessage?: string; stderr?: string; message: string };
    const reason = stderr?.split('\n').find((line) => line.startsWith('E:')) ?? shortMessage ?? message;
    return { name: `gobgpd of Debian ${suite}`, missing: reason.split('\n')[0] as string };
  }
}

/** Downloads and unpacks; the result appears in one piece, because several test runs may want it at once. */
async function fetch(suite: string, target: string): Promise<void> {
  await mkdir(CACHE, { recursive: true });
  const workshop = await mkdtemp(join(CACHE, 'fetching-'));
  try {
    const options = await privateApt(suite, workshop);
    const within = { cwd: workshop, timeout: FETCH_MS };
    await execa('apt-get', [...options, 'update'], within);
    await execa('apt-get', [...options, 'download', 'gobgpd'], within);
    const { stdout } = await execa('find', [workshop, '-maxdepth', '1', '-name', 'gobgpd_*.deb']);
    await execa('dpkg-deb', ['-x', stdout, join(workshop, 'unpacked')]);
    await rename(join(workshop, 'unpacked'), target).catch((error) => unlessThere(target, error));
  } finally {
    await rm(workshop, { recursive: true, force: true });
  }
}

/** Options of an apt-get that knows only this suite, and writes only into this directory. */
async function privateApt(suite: string, directory: string): Promise<string[]> {
  const sources = join(directory, 'suite.list');
  await writeFile(sources, `deb [signed-by=${KEYRING}] ${await debianMirror()} ${suite} main\n`);
  await writeFile(join(directory, 'status'), '');
  for (const one of ['lists/partial', 'cache/archives/partial']) await mkdir(join(directory, one), { recursive: true });
  const settings = {
    'Dir::Etc::SourceList': sources,
    'Dir::Etc::SourceParts': '/dev/null',
    'Dir::State::Lists': join(directory, 'lists'),
    'Dir::State::status': join(directory, 'status'),
    'Dir::Cache': join(directory, 'cache'),
    'Acquire::Languages': 'none',
    'Acquire::Retries': '1',
    'Acquire::http::Timeout': '15',
    'APT::Update::Error-Mode': 'any',
    'APT::Sandbox::User': 'root',
  };
  return Object.entries(settings).flatMap(([key, value]) => ['-o', `${key}=${value}`]);
}

async function unlessThere(path: string, error: unknown): Promise<void> {
  if (!(await exists(path))) throw error;
}

async function exists(path: string): Promise<boolean> {
  return stat(path).then(
    () => true,
    () => false,
  );
}
