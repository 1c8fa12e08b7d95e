/** The CNI socket against other processes: another user, a forwarder that is killed, one that holds the lock. */
import { execFileSync, spawn } from 'node:child_process';
import { once } from 'node:events';
import { existsSync } from 'node:fs';
import { chmod, mkdtemp, rm } from 'node:fs/promises';
import { connect } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { assert } from 'chai';
import { openCniSocket } from '../../src/cni/cni-socket.js';
import { exclusiveLock } from '../../src/cni/exclusive-lock.js';
import { answerOf, forwarder, verb } from '../../src/cni/frame.fixture.js';
import { encodeFrame } from '../../src/cni/frame.js';
import type { Log } from '../../src/cni/log.js';
import { type Handle, handleWith } from '../../src/cni/verbs.js';

describe('the CNI socket among processes', () => {
  let directory: string;
  let socket: string;
  let end: AbortController;
  let closed: Promise<void>;
  const warnings: string[] = [];
  const log: Log = { info: () => {}, warn: (message) => warnings.push(message), error: () => {} };

  beforeEach(async () => {
    directory = await mkdtemp(join(tmpdir(), 's32-cni-'));
    socket = join(directory, 'run', 'cni.sock');
    end = new AbortController();
    closed = Promise.resolve();
  });
  afterEach(async () => {
    end.abort();
    await closed;
    await rm(directory, { recursive: true });
  });
  const start = async (handle: Handle) => {
    closed = (await openCniSocket({ socket, handle, log, signal: end.signal })).closed;
  };

  it('T1: cannot be reached by another user, and can by us', async function () {
    if (process.getuid?.() !== 0) this.skip();
    await chmod(directory, 0o755);
    await start(async () => ({}));
    const connect = 'IO::Socket::UNIX->new(Peer => $ARGV[0]) or die "refused: $!"';
    const as = (user: number) => {
      const who = [`--reuid=${user}`, '--regid=65534', '--clear-groups'];
      const program = ['/usr/bin/perl', '-MIO::Socket::UNIX', '-e', connect, socket];
      execFileSync('/usr/bin/setpriv', [...who, ...program], { stdio: ['ignore', 'ignore', 'pipe'] });
    };
    as(0);
    assert.throws(() => as(65534), 'refused: Permission denied');
    await chmod(join(directory, 'run'), 0o755);
    assert.throws(() => as(65534), 'refused: Permission denied');
    // The twin: with both locks open the same attempt succeeds, so the refusals above came from them.
    await chmod(socket, 0o666);
    as(65534);
  });

  it('A18, A19: a forwarder killed in mid-verb calls its ADD off, and the DEL that follows waits for the undoing', async () => {
    const seen: string[] = [];
    const never = () => Promise.reject(new Error('not asked'));
    const handle = handleWith({
      ...{ check: never, status: never, gc: never },
      add: async (_request, signal) => {
        seen.push('add');
        await once(signal, 'abort');
        await new Promise((resolve) => setTimeout(resolve, 100));
        seen.push('undone');
        throw signal.reason;
      },
      del: async () => void seen.push('del'),
    });
    await start(handle);
    const script = `process.stdin.pipe(require('net').connect({ path: process.argv[1], allowHalfOpen: true }));
      setTimeout(() => {}, 60_000);`;
    const killed = spawn(process.execPath, ['-e', script, socket], { stdio: ['pipe', 'ignore', 'inherit'] });
    killed.stdin.end(encodeFrame(verb('ADD')));
    while (!seen.includes('add')) await new Promise((resolve) => setTimeout(resolve, 10));
    killed.kill('SIGKILL');
    const answer = await answerOf(await forwarder(socket, verb('DEL')));
    assert.equal(answer?.exitCode, 0);
    assert.deepEqual(seen, ['add', 'undone', 'del']);
  }).timeout(60_000);

  it('A28: is closed to a request that never ends, and others are served meanwhile', async () => {
    await start(async () => ({}));
    const endless = connect({ path: socket, allowHalfOpen: true });
    endless.write(encodeFrame(verb('ADD')).subarray(0, -1));
    const started = performance.now();
    assert.equal((await answerOf(await forwarder(socket, verb('ADD'))))?.exitCode, 0);
    assert.isUndefined(await answerOf(endless));
    // The promise is 10 s; a busy machine may add to it.
    assert.isAtLeast(performance.now() - started, 9_900);
    assert.isBelow(performance.now() - started, 20_000);
  }).timeout(60_000);

  it('keeps nobody from serving who holds the lock of the tombstones for ever', async () => {
    await start(async () => ({}));
    end.abort();
    await closed;
    end = new AbortController();
    using _held = await exclusiveLock(join(directory, 'run', 'tombstones', '.lock'), 0);
    await start(async () => ({}));
    assert.isTrue(existsSync(socket));
    assert.isTrue(warnings.some((line) => line.includes('.lock')));
  }).timeout(60_000);
});
