/**
 * Packages of other Debian suites, for tests with daemons that this machine does not have.
 *
 * They are fetched once, by an apt with lists, sources and a (blank) status of its own, and only unpacked into a cache: the
 * machine's package database never hears of them, and no script of theirs ever runs.
 */
import { existsSync } from 'node:fs';
import { appendFile, mkdir, mkdtemp, readdir, rename, rm, symlink, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { execa } from 'execa';
import { debianMirror } from './debian-mirror.js';

const CACHE = '/var/cache/slash32-lab';
const KEYRING = '/usr/share/keyrings/debian-archive-keyring.gpg';
/** A network that does not answer must not hold the tests up. */
const FETCH_MS = 180_000;
/** Packages that every other one takes for granted. */
const ESSENTIAL = ['dash', 'coreutils'];

/** A package alone, for what runs with the libraries of this machine. Returns the directory it is unpacked in. */
export function unpackedPackage(suite: string, name: string): Promise<string> {
  return once(`${CACHE}/${name}-${suite}`, async (workshop, target) => {
    await fetchInto(workshop, suite, ['download', name]);
    await unpack(workshop, target);
  });
}

/**
 * A package with all that it depends on, down to the C library. Returns the root directory to run it in.
 * @param users whom its daemons run as, since no script of a package has made them
 */
export function unpackedSystem(suite: string, name: string, users: readonly string[] = []): Promise<string> {
  return once(`${CACHE}/${name}-${suite}-root`, async (workshop, target) => {
    const words = ['install', '--download-only', '--no-install-recommends', '--yes'];
    await fetchInto(workshop, suite, [...words, name, ...ESSENTIAL]);
    await furnish(target);
    await unpack(join(workshop, 'cache/archives'), target);
    await admit(target, users);
  });
}

/**
 * The command that runs `argv` in such a root, with the caller's /run, /proc and /dev. Needs a mount namespace that may be
 * changed.
 */
export function inSystem(root: string, argv: readonly string[]): string[] {
  const mounts = 'for part in run proc dev; do mount -n --rbind /$part "$0/$part"; done; exec chroot "$0" "$@"';
  return ['sh', '-e', '-c', mounts, root, ...argv];
}

/** Why something could not be had, in one line: apt's own word, if it had one. */
export function reasonOf(error: unknown): string {
  const { shortMessage, stderr, message } = error as { shortMessage?: string; stderr?: string; message: string };
  const reason = stderr?.split('\n').find((line) => line.startsWith('E:')) ?? shortMessage ?? message;
  return reason.split('\n')[0] as string;
}

/** What is made appears in one piece, because several test runs may want it at once. */
async function once(target: string, make: (workshop: string, made: string) => Promise<void>): Promise<string> {
  if (existsSync(target)) return target;
  await mkdir(CACHE, { recursive: true });
  const workshop = await mkdtemp(join(CACHE, 'fetching-'));
  try {
    const made = join(workshop, 'made');
    await mkdir(made, { mode: 0o755 });
    await make(workshop, made);
    await rename(made, target).catch((error) => {
      if (!existsSync(target)) throw error;
    });
    return target;
  } finally {
    await rm(workshop, { recursive: true, force: true });
  }
}

async function fetchInto(workshop: string, suite: string, words: readonly string[]): Promise<void> {
  const options = await privateApt(suite, workshop);
  const within = { cwd: workshop, timeout: FETCH_MS, env: { DEBIAN_FRONTEND: 'noninteractive' } };
  await execa('apt-get', [...options, 'update'], within);
  await execa('apt-get', [...options, ...words], within);
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

async function unpack(directory: string, target: string): Promise<void> {
  for (const file of (await readdir(directory)).filter((name) => name.endsWith('.deb'))) {
    // Not dpkg-deb -x: it replaces the links of a merged /usr by directories.
    const deb = execa('dpkg-deb', ['--fsys-tarfile', join(directory, file)], { encoding: 'buffer', buffer: false });
    await deb.pipe('tar', ['-x', '--keep-directory-symlink', '-C', target]);
  }
}

/**
 * Since bookworm a Debian has its /bin, /lib and /sbin in /usr, but packages of bookworm still bring them. The rest is what
 * scripts make.
 */
async function furnish(root: string): Promise<void> {
  for (const part of ['bin', 'sbin', 'lib', 'lib64']) {
    await mkdir(join(root, 'usr', part), { recursive: true });
    await symlink(`usr/${part}`, join(root, part));
  }
  for (const part of ['run', 'proc', 'dev', 'etc', 'tmp', 'var/tmp', 'var/empty']) {
    await mkdir(join(root, part), { recursive: true });
  }
  await symlink('../run', join(root, 'var/run'));
}

/** Users and groups, and a PAM that asks nobody: what is left to do that scripts of packages would have done. */
async function admit(root: string, users: readonly string[]): Promise<void> {
  const all = ['root', ...users].map((name, id) => ({ name, id: id === 0 ? 0 : 900 + id }));
  await appendFile(
    join(root, 'etc/passwd'),
    all.map(({ name, id }) => `${name}:x:${id}:${id}::/var/empty:/bin/sh\n`).join(''),
  );
  await appendFile(join(root, 'etc/group'), all.map(({ name, id }) => `${name}:x:${id}:root\n`).join(''));
  await mkdir(join(root, 'etc/pam.d'), { recursive: true });
  await writeFile(
    join(root, 'etc/pam.d/other'),
    ['auth', 'account', 'session'].map((type) => `${type} required pam_permit.so\n`).join(''),
  );
}
