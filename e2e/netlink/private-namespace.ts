/**
 * Tests that change the kernel run in a network namespace of their own: never the machine's.
 *
 * The test file is run a second time, by a mocha of its own below `unshare -n`. A namespace for the whole process, not
 * `setns` for a thread, because asynchronous work runs on other threads.
 */
import { execFileSync, spawn } from 'node:child_process';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';

const MARK = 'S32_PRIVATE_NAMESPACE';
const MOCHA = join(dirname(fileURLToPath(import.meta.resolve('mocha'))), 'bin', 'mocha.js');

/** Defines the tests of a file, to run in a private namespace. Call it once, at the top of the file. */
export function inPrivateNamespace(file: string, tests: () => void): void {
  if (process.env[MARK]) {
    tests();
    return;
  }
  const name = file.replace(/^.*\/e2e\//, '').replace(/\.test\.js$/, '');
  it(`${name}: in a network namespace of its own`, async function () {
    this.timeout(300_000);
    const { code, output } = await runMocha(fileURLToPath(file));
    if (code !== 0) throw new Error(`${name} failed:\n${output}`);
    console.log(output.replace(/^/gm, '    '));
  });
}

/** A further namespace with a name, for `ip -n`. Removed when the tests of the enclosing suite are over. */
export function namespaceForSuite(label: string): { readonly name: string; readonly path: string } {
  const name = `s32-netlink-${process.pid}-${label}`;
  before(() => run('ip', 'netns', 'add', name));
  after(() => run('ip', 'netns', 'del', name));
  return { name, path: `/run/netns/${name}` };
}

/** Runs a command and returns what it prints. Throws with its stderr. */
export function run(command: string, ...args: string[]): string {
  return execFileSync(command, args, { encoding: 'utf8', stdio: ['ignore', 'pipe', 'pipe'] });
}

/** What `ip -json` says. */
// biome-ignore lint/suspicious/noExplicitAny: the shape is iproute2's
export function ipJson(...args: string[]): any[] {
  return JSON.parse(run('ip', '-json', '-details', ...args) || '[]');
}

function runMocha(file: string): Promise<{ code: number | null; output: string }> {
  const args = ['-n', process.execPath, MOCHA, '--no-config', '--exit', '--timeout', '240000', file];
  const child = spawn('unshare', args, { env: { ...process.env, [MARK]: '1' }, stdio: ['ignore', 'pipe', 'pipe'] });
  let output = '';
  for (const stream of [child.stdout, child.stderr]) stream.on('data', (data) => (output += data));
  return new Promise((resolve, reject) => {
    child.on('error', reject);
    child.on('close', (code) => {
      sweep(`s32-netlink-${child.pid}-`);
      resolve({ code, output });
    });
  });
}

/** Namespaces that a killed run could not remove. `unshare` execs, so its process id is that of the tests. */
function sweep(prefix: string): void {
  const names = run('ip', 'netns', 'list').match(/^\S+/gm) ?? [];
  for (const name of names.filter((each) => each.startsWith(prefix))) run('ip', 'netns', 'del', name);
}
