import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import {
  chmodSync,
  chownSync,
  mkdirSync,
  mkdtempSync,
  readFileSync,
  rmSync,
  statSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect } from 'chai';
import { openRunDirectory } from './run-directory.js';

const MODULE = new URL('./run-directory.js', import.meta.url).href;

/** A process that holds the run directory until it is killed. */
async function holder(path: string): Promise<ChildProcess> {
  const script = `const { openRunDirectory } = await import('${MODULE}');
    globalThis.held = openRunDirectory(process.argv[1]); console.log('held'); setInterval(() => {}, 1000);`;
  const child = spawn(process.execPath, ['--input-type=module', '-e', script, path], {
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  await once(child.stdout!, 'data');
  return child;
}

describe('the run directory', function () {
  this.timeout(20_000);
  let parent: string;
  let path: string;
  beforeEach(() => {
    parent = mkdtempSync(join(tmpdir(), 's32-config-'));
    path = join(parent, 'run');
  });
  afterEach(() => rmSync(parent, { recursive: true }));

  const refusal = () => {
    try {
      openRunDirectory(path)[Symbol.dispose]();
      return 'opened';
    } catch (error) {
      return (error as Error).message.replaceAll(parent, '');
    }
  };

  it('is made private, whatever the umask', () => {
    const umask = process.umask(0);
    openRunDirectory(path)[Symbol.dispose]();
    process.umask(umask);
    expect(statSync(path).mode & 0o777).to.equal(0o700);
    expect(statSync(join(path, 'lock')).mode & 0o777).to.equal(0o600);
  });

  it('is refused when others can reach into it', () => {
    mkdirSync(path);
    for (const [mode, text] of [
      [0o755, '0755'],
      [0o710, '0710'],
      [0o702, '0702'],
    ] as const) {
      chmodSync(path, mode);
      expect(refusal()).to.equal(`/run has mode ${text}, so others can reach what is in it; run: chmod 0700 /run`);
    }
  });

  it('is refused when it belongs to somebody else', function () {
    if (process.geteuid?.() !== 0) return this.skip();
    mkdirSync(path, { mode: 0o700 });
    chownSync(path, 65534, 65534);
    expect(refusal()).to.equal('/run belongs to user 65534, not to us (0); run: chown 0 /run');
  });

  it('is refused when it is a link or a file, even to a private directory', () => {
    mkdirSync(join(parent, 'real'), { mode: 0o700 });
    symlinkSync('real', path);
    expect(refusal()).to.equal('/run is not a directory; remove it, or name another');
    rmSync(path);
    writeFileSync(path, '');
    expect(refusal()).to.equal('/run is not a directory; remove it, or name another');
  });

  it('is not made without its parent', () => {
    path = join(parent, 'no', 'run');
    expect(refusal()).to.equal('cannot make the directory /no/run (ENOENT); its parent must be there and writable');
  });

  it('belongs to one controller, and the second is told which', async () => {
    const first = await holder(path);
    expect(refusal()).to.equal(
      `another controller (process ${first.pid}) holds /run/lock; stop it, or set another runDir`,
    );
    first.kill('SIGKILL');
    await once(first, 'exit');
  });

  it('is free again the moment its controller is killed', async () => {
    const first = await holder(path);
    first.kill('SIGKILL');
    await once(first, 'exit');
    expect(refusal()).to.equal('opened');
  });

  it('is not kept by a child of its controller', async () => {
    const run = openRunDirectory(path);
    const child = spawn('sleep', ['60'], { stdio: 'ignore' });
    await once(child, 'spawn');
    run[Symbol.dispose]();
    expect(refusal()).to.equal('opened');
    child.kill();
    await once(child, 'exit');
  });

  it('belongs to one of two that open it in the same process', () => {
    const first = openRunDirectory(path);
    expect(refusal()).to.include(`(process ${process.pid})`);
    first[Symbol.dispose]();
    expect(refusal()).to.equal('opened');
    expect(readFileSync(join(path, 'lock'), 'utf8')).to.equal(`${process.pid}\n`);
  });

  it('does not follow a planted lock', () => {
    mkdirSync(path, { mode: 0o700 });
    writeFileSync(join(parent, 'victim'), 'untouched');
    symlinkSync('../victim', join(path, 'lock'));
    expect(refusal()).to.include('ELOOP');
    expect(readFileSync(join(parent, 'victim'), 'utf8')).to.equal('untouched');
  });
});
