import { readFile } from 'node:fs/promises';
import { execa } from 'execa';

/** Where this system has its own packages from. */
export async function debianMirror(): Promise<string> {
  const codename = /^VERSION_CODENAME=(.*)$/m.exec(await readFile('/etc/os-release', 'utf8'))?.[1];
  const format = ['--format', '$(RELEASE) $(COMPONENT) $(REPO_URI)', 'Created-By: Packages'];
  const { stdout } = await execa('apt-get', ['indextargets', ...format]);
  const own = stdout.split('\n').find((line) => line.startsWith(`${codename} main `));
  if (!own) throw new Error(`apt has no Debian source of ${codename} here`);
  return own.split(' ')[2] as string;
}
