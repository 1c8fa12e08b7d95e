/** The supervisor on a real gobgpd. Nothing here speaks BGP to anybody: gobgpd is not even told to. */

import { readFileSync } from 'node:fs';
import { chmod, mkdir, rm, stat, symlink, writeFile } from 'node:fs/promises';
import { fileURLToPath } from 'node:url';
import { expect } from 'chai';
import { execa } from 'execa';
import { isAlive } from '../../src/gobgp/alive.js';
import { runSidecar, type SidecarEvent, type SidecarOptions } from '../../src/sidecar/sidecar.js';
import { until } from '../../src/until.fixture.js';
import { onEachRelease } from '../gobgp/newer.js';
import { waitedForProcessor } from '../lab/processor.js';

const DIRECTORY = '/run/s32-gobgp-sidecar';
const SOCKET = `${DIRECTORY}/api/gobgpd.sock`;
const API = `unix://${SOCKET}`;
const MAIN = fileURLToPath(new URL('main.js', import.meta.url));
const SLOW = fileURLToPath(new URL('slow-gobgpd.js', import.meta.url));
const HOLD_SECONDS = 9;
const THIRD = (HOLD_SECONDS * 1000) / 3;

/** Killed after each test, also one that failed. */
const processes: { kill(signal: 'SIGKILL'): boolean }[] = [];

await onEachRelease((binary) => {
  describe('under the sidecar', () => {
    inFreshDirectory();

    it('lets nobody but us reach the socket, and opens no TCP port', async () => {
      await using sidecar = new Sidecar({ gobgpd: binary });
      const pid = await sidecar.answers();
      expect(await modeOf(SOCKET)).to.equal('600');
      expect(await modeOf(`${DIRECTORY}/api`)).to.equal('700');
      expect((await execa('ss', ['-Hltnp'])).stdout).to.not.include(`pid=${pid},`);
    });

    it('leaves nothing behind when it is stopped', async () => {
      const sidecar = new Sidecar({ gobgpd: binary });
      const pid = await sidecar.answers();
      await sidecar[Symbol.asyncDispose]();
      expect(runs(pid)).to.equal(false);
      expect(await exists(SOCKET)).to.equal(false);
    });

    it('starts gobgpd again at once when it is killed, although its socket is left behind', async () => {
      await using sidecar = new Sidecar({ gobgpd: binary });
      const first = await sidecar.answers();
      const took = stopwatch();
      process.kill(first, 'SIGKILL');
      const second = await sidecar.answers(first);
      expect(took()).to.be.below(THIRD);
      expect(second).to.not.equal(first);
      expect(sidecar.named('gobgpd-died')).to.deep.equal([
        { event: 'gobgpd-died', reason: 'killed by SIGKILL', restartInMilliseconds: 0 },
      ]);
    });

    it('kills a gobgpd that hangs, and has another, before a third of the hold time is over', async () => {
      await using sidecar = new Sidecar({ gobgpd: binary });
      const first = await sidecar.answers();
      const took = stopwatch();
      process.kill(first, 'SIGSTOP');
      await sidecar.answers(first);
      expect(took()).to.be.below(THIRD);
      expect(sidecar.named('gobgpd-hangs')).to.deep.equal([{ event: 'gobgpd-hangs', pid: first }]);
      expect(runs(first)).to.equal(false);
    });

    it('removes a socket that nobody listens on, and refuses one that somebody does', async () => {
      await using first = new Sidecar({ gobgpd: binary });
      const pid = await first.answers();
      const second = new Sidecar({ gobgpd: binary });
      expect(await second.failure()).to.match(/another process listens on .*gobgpd.sock/);
      expect(runs(pid)).to.equal(true);
      expect(await isAlive(API, 10_000)).to.equal(true);
    });

    it('takes gobgpd with it when it is killed itself, so that the next one can start', async () => {
      const first = await startProcess(binary);
      first.process.kill('SIGKILL');
      await using second = new Sidecar({ gobgpd: binary });
      const next = await second.answers();
      await until('the first to be gone', () => !runs(first.gobgpd));
      expect(next).to.not.equal(first.gobgpd);
      expect((await first.process).stdout).to.equal('');
    });

    it('ends with SIGTERM: no gobgpd is left, nothing is on stdout, and what happened is on stderr, a line each', async () => {
      const sidecar = await startProcess(binary);
      sidecar.process.kill('SIGTERM');
      const { exitCode, stdout, stderr } = await sidecar.process;
      expect({ exitCode, stdout, left: runs(sidecar.gobgpd) }).to.deep.equal({ exitCode: 0, stdout: '', left: false });
      const events = stderr.split('\n').map((line) => JSON.parse(line).event as string | undefined);
      expect(events.filter(Boolean)).to.deep.equal(['gobgpd-started', 'gobgpd-answers', 'stopped']);
    });
  });
});

describe('the sidecar', () => {
  inFreshDirectory();

  it('slows a crash loop down, and says what gobgpd said last', async () => {
    const crash = `${DIRECTORY}/crash`;
    await writeFile(crash, '#!/bin/sh\necho "panic: poison" >&2\necho "goroutine 1 [running]:" >&2\nexit 2\n', {
      mode: 0o755,
    });
    await using sidecar = new Sidecar({ gobgpd: crash });
    await until('it has died six times', () => sidecar.named('gobgpd-died').length === 6);
    const deaths = sidecar.named('gobgpd-died');
    expect(deaths.map((one) => one.restartInMilliseconds)).to.deep.equal([0, 100, 200, 400, 800, 1600]);
    expect(deaths[0]?.reason).to.equal('exit code 2: panic: poison');
  });

  it('kills a gobgpd that runs and never answers, as 4.x does when it cannot listen, and starts another', async () => {
    const mute = `${DIRECTORY}/mute`;
    await writeFile(mute, '#!/bin/sh\nexec sleep 1000\n', { mode: 0o755 });
    await using sidecar = new Sidecar({ gobgpd: mute });
    await until('it is started again', () => sidecar.named('gobgpd-started').length === 2);
    expect(sidecar.named('gobgpd-answers')).to.deep.equal([]);
    expect(sidecar.named('gobgpd-hangs')).to.have.length(1);
  });

  it('leaves one alone that computes and has no time to answer, and kills one that stands still for as long', async () => {
    const slow = `${DIRECTORY}/slow`;
    await writeFile(slow, `#!/bin/sh\nexec ${process.execPath} ${SLOW} "$@"\n`, { mode: 0o755 });
    const lines: string[] = [];
    await using sidecar = new Sidecar({ gobgpd: slow, output: (line) => lines.push(line) });
    const pid = await sidecar.answers();
    process.kill(pid, 'SIGUSR2');
    await until('it is back', () => lines.includes('back'));
    expect(sidecar.named('gobgpd-hangs')).to.deep.equal([]);
    process.kill(pid, 'SIGHUP');
    await sidecar.answers(pid);
    expect(sidecar.named('gobgpd-hangs')).to.deep.equal([{ event: 'gobgpd-hangs', pid }]);
  });

  it('refuses a directory that others may enter, that is a link, or a socket path that is a file', async () => {
    await mkdir(`${DIRECTORY}/api`);
    await chmod(`${DIRECTORY}/api`, 0o755);
    expect(await new Sidecar().failure()).to.match(/has mode 0755, so others can reach what is in it; run: chmod 0700/);
    await chmod(`${DIRECTORY}/api`, 0o700);
    await writeFile(SOCKET, 'precious');
    expect(await new Sidecar().failure()).to.match(/is not a socket/);
    await rm(`${DIRECTORY}/api`, { recursive: true });
    await symlink('/tmp', `${DIRECTORY}/api`);
    expect(await new Sidecar().failure()).to.match(/is not a directory/);
  });

  it('refuses TCP, and a binary that is not there', async () => {
    expect(await new Sidecar({ api: '127.0.0.1:50051' }).failure()).to.match(/must be a unix socket/);
    expect(await new Sidecar({ gobgpd: '/no/such/gobgpd' }).failure()).to.match(/cannot start gobgpd: .*no\/such/);
  });
});

/** For each test: nothing runs, and nothing is there. */
function inFreshDirectory(): void {
  beforeEach(async () => {
    await rm(DIRECTORY, { recursive: true, force: true });
    await mkdir(DIRECTORY);
  });
  afterEach(async () => {
    for (const one of processes.splice(0)) one.kill('SIGKILL');
    await rm(DIRECTORY, { recursive: true, force: true });
  });
}

/** A sidecar in this process, and what it has said. */
class Sidecar implements AsyncDisposable {
  readonly events: SidecarEvent[] = [];
  readonly #ended = new AbortController();
  readonly #running: Promise<Error | undefined>;

  constructor(over: Partial<SidecarOptions> = {}) {
    const log = (entry: SidecarEvent) => this.events.push(entry);
    const options = { api: API, holdSeconds: HOLD_SECONDS, log, output: () => {}, ...over };
    this.#running = runSidecar(options, this.#ended.signal).then(
      () => undefined,
      (error: Error) => error,
    );
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#ended.abort();
    const error = await this.#running;
    if (error) throw error;
  }

  /** Why it gave up. */
  async failure(): Promise<string> {
    return (await this.#running)?.message ?? 'it did not fail';
  }

  named<E extends SidecarEvent['event']>(event: E): Extract<SidecarEvent, { event: E }>[] {
    return this.events.filter((one): one is Extract<SidecarEvent, { event: E }> => one.event === event);
  }

  /** Waits until a gobgpd other than `before` answers; returns its process id. */
  async answers(before?: number): Promise<number> {
    const pid = () => this.named('gobgpd-answers').at(-1)?.pid;
    await until('a gobgpd answers', () => pid() !== before && pid() !== undefined);
    return pid() as number;
  }
}

/** Tells how many ms have passed, less those in which this machine kept its processes waiting for a processor. */
function stopwatch(): () => number {
  const [start, waited] = [performance.now(), waitedForProcessor()];
  return () => performance.now() - start - (waitedForProcessor() - waited);
}

/** Is there such a process? One that is dead and only waits to be noticed by its parent is none. */
function runs(pid: number): boolean {
  try {
    return !readFileSync(`/proc/${pid}/stat`, 'utf8').includes(') Z ');
  } catch {
    return false;
  }
}

/** The sidecar as a process of its own, once its gobgpd answers. */
async function startProcess(binary: string) {
  const sidecar = execa(process.execPath, [MAIN, '--api', API, '--gobgpd', binary], { reject: false });
  processes.push(sidecar);
  let printed = '';
  sidecar.stderr.setEncoding('utf8').on('data', (text: string) => {
    printed += text;
  });
  const answers = () => /"gobgpd-answers","pid":(\d+)/.exec(printed);
  await until('gobgpd answers', () => answers() !== null);
  return { process: sidecar, gobgpd: Number(answers()?.[1]) };
}

async function modeOf(path: string): Promise<string> {
  return ((await stat(path)).mode & 0o777).toString(8);
}

async function exists(path: string): Promise<boolean> {
  return (await stat(path).catch(() => undefined)) !== undefined;
}
