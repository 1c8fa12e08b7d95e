/**
 * containerd 2 on a Debian that has 1.6: fetched from Debian's unstable by a private apt, unpacked into a cache, and never
 * installed. It runs where the C library is not much older than there; else the reason is handed back.
 */
import { existsSync, mkdirSync, readdirSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { execa } from 'execa';
import { debianMirror } from '../lab/debian-mirror.js';

const CACHE = '/var/cache/slash32-lab';
const KEYRING = '/usr/share/keyrings/debian-archive-keyring.gpg';

/** Either the daemon's path, or why there is none. */
export type Fetched = { readonly program: string } | { readonly reason: string };

/** Fetches it, unless an earlier run has; takes some seconds and 40 MB then. */
export async function fetchContainerd2(): Promise<Fetched> {
  const program = join(CACHE, 'containerd-2/usr/bin/containerd');
  try {
    if (!existsSync(program)) await fetchInto(CACHE);
    const { stdout } = await execa(program, ['--version']);
    return / v?2\./.test(stdout) ? { program } : { reason: `Debian unstable has another one: ${stdout}` };
  } catch (error) {
    const { shortMessage, stderr, message } = error as { shortMessage?: string; stderr?: string; message: string };
    return { reason: [shortMessage ?? message, stderr].filter(Boolean).join(': ').slice(0, 400) };
  }
}

async function fetchInto(cache: string): Promise<void> {
  const apt = join(cache, 'apt');
  for (const part of ['lists/partial', 'archives/partial']) mkdirSync(join(apt, part), { recursive: true });
  writeFileSync(join(apt, 'status'), '');
  writeFileSync(join(apt, 'sources.list'), `deb [signed-by=${KEYRING}] ${await debianMirror()} sid main\n`);
  writeFileSync(join(apt, 'apt.conf'), configuration(apt));
  const options = { cwd: apt, env: { APT_CONFIG: join(apt, 'apt.conf') }, timeout: 120_000 };
  await execa('apt-get', ['-q', 'update'], options);
  await execa('apt-get', ['-q', 'download', 'containerd'], options);
  const deb = readdirSync(apt).find((name) => name.startsWith('containerd_'));
  // Beside, then renamed: a run that is killed half-way leaves nothing that looks whole.
  await execa('dpkg-deb', ['-x', join(apt, deb ?? 'containerd.deb'), join(cache, 'unpacked')]);
  await execa('mv', [join(cache, 'unpacked'), join(cache, 'containerd-2')]);
  rmSync(apt, { recursive: true });
}

/** Its own lists, cache and (empty) status: the machine's apt neither sees nor is told of any of this. */
function configuration(apt: string): string {
  return `Dir::State::lists "${apt}/lists";
Dir::State::status "${apt}/status";
Dir::Cache "${apt}";
Dir::Etc::sourcelist "${apt}/sources.list";
Dir::Etc::sourceparts "-";
APT::Sandbox::User "root";
Acquire::Languages "none";
`;
}
