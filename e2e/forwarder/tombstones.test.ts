import { execFileSync, spawn } from 'node:child_process';
import {
  chmodSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  readlinkSync,
  rmSync,
  statSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs';
import { join } from 'node:path';
import { setTimeout as pause } from 'node:timers/promises';
import { expect } from 'chai';
import { answer, listenAt, parseRequest, say, slamAt } from './fake-controller.js';
import { lockExclusively } from './flock.js';
import { execute, FORWARDER, MOMENT, type Outcome, Place, printed } from './run-forwarder.js';

/** The tombstones of a place, oldest first. */
function tombstones(place: Place): string[] {
  if (!existsSync(place.tombstones)) return [];
  return readdirSync(place.tombstones)
    .filter((name) => !name.startsWith('.'))
    .sort();
}

/** What go-cni would take for a success never stands in an error of DEL (V12). */
function expectRetriable(outcome: Outcome): void {
  expect(outcome.exitCode).to.equal(1);
  expect(printed(outcome).code).to.equal(11);
  expect(outcome.stdout.toLowerCase()).not.to.match(/not found|no such file/);
}

describe('a DEL that finds no controller', function () {
  this.timeout(90_000);
  it('A7: succeeds at once, and is kept byte for byte as the controller would have heard it', async () => {
    using place = new Place();
    const stdin = Buffer.from([...Array(256).keys()]);
    const environment = place.verb('DEL', { CNI_ARGS: 'K=é', HOME: '/root' });
    expect(await execute(environment, stdin)).to.include({ exitCode: 0, stdout: '' });
    const [name, ...more] = tombstones(place);
    expect(more).to.deep.equal([]);
    const kept = readFileSync(join(place.tombstones, name!));

    await using controller = await listenAt(place.socket, say(answer('')));
    await execute(environment, stdin);
    expect(kept).to.deep.equal(controller.heard[0]?.bytes);
    expect(tombstones(place)).to.deep.equal([name]);
  });

  it('A7: is kept where nobody else can read or write, even if no controller has ever run here', async () => {
    using place = new Place();
    const before = process.umask(0);
    await execute(place.verb('DEL')).finally(() => process.umask(before));
    const mode = (path: string) => statSync(path).mode & 0o777;
    expect([place.run, place.tombstones].map(mode)).to.deep.equal([0o700, 0o700]);
    for (const name of readdirSync(place.tombstones)) expect(mode(join(place.tombstones, name)), name).to.equal(0o600);
  });

  it('A7: bears the time since boot at which it began, so that names sort in the order of events', async () => {
    using place = new Place();
    const began = sinceBoot();
    for (const id of ['c1', 'c2', 'c3']) await execute(place.verb('DEL', { CNI_CONTAINERID: id }));
    const names = tombstones(place);
    for (const name of names) expect(name).to.match(/^\d{20}-\d+$/);
    const times = names.map((name) => Number(name.slice(0, 20)) / 1e9);
    expect(times[0]).to.be.within(began - 0.02, times[1]!);
    expect(times[2]).to.be.within(times[1]!, sinceBoot() + 0.02);
    const ids = names.map(
      (name) => parseRequest(readFileSync(join(place.tombstones, name))).environment.CNI_CONTAINERID,
    );
    expect(ids).to.deep.equal(['c1', 'c2', 'c3']);
  });

  it('A7: is on disk before it has its name, and its name is on disk before the runtime hears of success', async function () {
    if (process.env.SLASH32_FORWARDER !== undefined) this.skip(); // a sanitizer makes calls of its own
    using place = new Place();
    const trace = join(place.directory, 'trace');
    execFileSync('strace', ['-e', 'trace=file,fsync,write', '-o', trace, FORWARDER], {
      env: place.verb('DEL', { PATH: process.env.PATH ?? '' }),
      input: '{}',
      stdio: ['pipe', 'pipe', 'ignore'],
    });
    const calls = readFileSync(trace, 'utf8').split('\n');
    const order = [/^write\(\d+, "SLASH32/, /^fsync/, /^renameat/, /^fsync/, /^write\(2,/, /^\+\+\+ exited with 0/];
    let at = -1;
    for (const call of order) {
      at = calls.findIndex((line, index) => index > at && call.test(line));
      expect(at, `${call} in\n${calls.join('\n')}`).to.be.above(-1);
    }
    const opened = calls.filter((line) => /^open(at)?\(/.test(line) && !/tombstones"|"\.(lock|\d)/.test(line));
    expect(opened, 'no library, locale or resolver file').to.deep.equal([]);
  });

  it('A9: is refused with code 11 beside 10,000 others, and taken beside 9,999', async () => {
    using place = new Place();
    mkdirSync(place.tombstones, { recursive: true, mode: 0o700 });
    for (let index = 0; index < 10_000; index++) writeFileSync(join(place.tombstones, `${index}`), '');
    expectRetriable(await execute(place.verb('DEL')));
    expect(tombstones(place)).to.have.length(10_000);
    expect(readdirSync(place.tombstones).filter((name) => name.startsWith('.'))).to.deep.equal(['.lock']);
    rmSync(join(place.tombstones, '7'));
    expect(await execute(place.verb('DEL'))).to.include({ exitCode: 0, stdout: '' });
    expect(tombstones(place)).to.have.length(10_000);
  });

  it('B1: is refused with code 11 and the reason on a full disk, and leaves no half tombstone', async () => {
    using place = new Place();
    using _ = new Tmpfs(place, 'size=64k');
    mkdirSync(place.tombstones, { mode: 0o700 });
    writeFileSync(join(place.tombstones, '.lock'), '', { mode: 0o600 });
    fill(join(place.run, 'ballast'));
    const refusal = await execute(place.verb('DEL'), Buffer.alloc(32_000, ' '));
    expectRetriable(refusal);
    expect(printed(refusal).msg).to.contain('No space left on device');
    expect(readdirSync(place.tombstones)).to.deep.equal(['.lock']);
    rmSync(join(place.run, 'ballast'));
    expect((await execute(place.verb('DEL'))).exitCode).to.equal(0);
  });

  it('B2: is refused with code 11 and the reason on a read-only disk', async () => {
    using place = new Place();
    using _ = new Tmpfs(place, 'ro');
    const refusal = await execute(place.verb('DEL'));
    expectRetriable(refusal);
    expect(printed(refusal).msg).to.contain('Read-only file system');
  });

  it('is refused where others could plant a DEL: an open directory, a link, a file', async () => {
    using place = new Place();
    mkdirSync(place.tombstones, { recursive: true });
    chmodSync(place.tombstones, 0o755);
    expectRetriable(await execute(place.verb('DEL')));
    rmSync(place.tombstones, { recursive: true });
    symlinkSync(mkdtempSync(join(place.directory, 'elsewhere-')), place.tombstones);
    expectRetriable(await execute(place.verb('DEL')));
    rmSync(place.tombstones);
    writeFileSync(place.tombstones, '');
    expectRetriable(await execute(place.verb('DEL')));
  });

  it('V12: is refused without the words that make go-cni forget it, when even the directory above is missing', async () => {
    using place = new Place();
    expectRetriable(await execute(place.verb('DEL', { SLASH32_SOCKET: join(place.directory, 'a/b/cni.sock') })));
  });
});

describe('a DEL that gets no good answer', function () {
  this.timeout(90_000);
  it('is kept when the controller hangs up on it, answers nonsense, or is too late', async () => {
    using place = new Place();
    const replies = [say(''), say('SLASH32/1 0 5\n{'), say(answer('[]')), say('x'.repeat(2_000_000)), () => {}];
    for (const [index, reply] of replies.entries()) {
      await using _ = await listenAt(place.socket, reply);
      const outcome = await execute(place.verb('DEL', { SLASH32_ANSWER_MS: '300' }));
      expect(outcome).to.include({ exitCode: 0, stdout: '' });
      expect(tombstones(place)).to.have.length(index + 1);
    }
    await using _ = await slamAt(place.socket);
    expect(await execute(place.verb('DEL'))).to.include({ exitCode: 0, stdout: '' });
    expect(tombstones(place)).to.have.length(replies.length + 1);
  });

  it('is answered by the next controller when the first one died over it', async () => {
    using place = new Place();
    let deaths = 0;
    await using controller = await listenAt(place.socket, (connection) =>
      deaths++ === 0 ? connection.destroy() : connection.end(answer('')),
    );
    expect(await execute(place.verb('DEL'))).to.include({ exitCode: 0, stdout: '', stderr: '' });
    expect(controller.heard).to.have.length(2);
    expect(tombstones(place)).to.deep.equal([]);
  });

  it("is not kept when the controller refuses it: the controller's error is the answer", async () => {
    using place = new Place();
    const refusal = '{"cniVersion":"1.0.0","code":4,"msg":"CNI_IFNAME is missing","details":""}';
    await using _ = await listenAt(place.socket, say(answer(refusal, 1)));
    expect(await execute(place.verb('DEL'))).to.include({ exitCode: 1, stdout: refusal });
    expect(tombstones(place)).to.deep.equal([]);
  });

  it('A31: is kept while the controller is stopped, also when its backlog is full, and ADD then gets code 11', async () => {
    using place = new Place();
    mkdirSync(place.run, { mode: 0o700 });
    const listen = `require('net').createServer().listen({ path: process.argv[1], backlog: 1 }, () => console.log('up'))`;
    const stopped = spawn(process.execPath, ['-e', listen, place.socket], { stdio: ['ignore', 'pipe', 'inherit'] });
    try {
      await new Promise((resolve) => stopped.stdout.once('data', resolve));
      stopped.kill('SIGSTOP');
      for (let kept = 1; kept <= 5; kept++) {
        const outcome = await execute(place.verb('DEL', { SLASH32_ANSWER_MS: '200' }));
        expect(outcome).to.include({ exitCode: 0, stdout: '' });
        expect(tombstones(place)).to.have.length(kept);
      }
      expect(printed(await execute(place.verb('ADD', { SLASH32_ANSWER_MS: '200' }))).code).to.equal(11);
    } finally {
      stopped.kill('SIGKILL');
    }
  });

  it('waits for a controller that drains, and is then answered by it', async () => {
    using place = new Place();
    const lock = join(place.tombstones, '.lock');
    mkdirSync(place.tombstones, { recursive: true, mode: 0o700 });
    const drain = await lockExclusively(lock);
    const plugin = spawn(FORWARDER, { env: place.verb('DEL', { SLASH32_CONNECT_MS: '10000' }), stdio: 'pipe' });
    const ended = new Promise((resolve) => plugin.once('exit', resolve));
    plugin.stdin.end('{}');
    while (!hasOpen(plugin.pid!, lock)) await pause(1);
    await using controller = await listenAt(place.socket, say(answer('')));
    drain[Symbol.dispose]();
    expect(await ended).to.equal(0);
    expect(controller.heard).to.have.length(1);
    expect(tombstones(place)).to.deep.equal([]);
  });

  it('is refused with code 11 when the drain outlasts the budget', async () => {
    using place = new Place();
    mkdirSync(place.tombstones, { recursive: true, mode: 0o700 });
    using _ = await lockExclusively(join(place.tombstones, '.lock'));
    const refusal = await execute(place.verb('DEL', { SLASH32_CONNECT_MS: '250' }));
    expectRetriable(refusal);
    expect(refusal.milliseconds).to.be.within(240, MOMENT);
  });
});

/** Seconds, as the kernel counts them. */
function sinceBoot(): number {
  return Number(readFileSync('/proc/uptime', 'utf8').split(' ')[0]);
}

function hasOpen(pid: number, path: string): boolean {
  return readdirSync(`/proc/${pid}/fd`).some((fd) => {
    try {
      return readlinkSync(`/proc/${pid}/fd/${fd}`) === path;
    } catch {
      return false; // closed meanwhile
    }
  });
}

/** A small disk in the place of the run directory. */
class Tmpfs implements Disposable {
  readonly #at: string;
  constructor(place: Place, options: string) {
    this.#at = place.run;
    mkdirSync(this.#at);
    execFileSync('mount', ['-t', 'tmpfs', '-o', `mode=0700,${options}`, 's32-forwarder', this.#at]);
  }
  [Symbol.dispose](): void {
    execFileSync('umount', [this.#at]);
  }
}

/** Writes until there is no space left. */
function fill(path: string): void {
  try {
    writeFileSync(path, Buffer.alloc(1024 * 1024));
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'ENOSPC') throw error;
  }
}
