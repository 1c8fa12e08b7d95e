import { once } from 'node:events';
import { chmod, link, mkdtemp, rename, rm, stat, writeFile } from 'node:fs/promises';
import { createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { assert } from 'chai';
import fc from 'fast-check';
import { createLogger, type Logger } from 'winston';
import { until } from '../until.fixture.js';
import { CniError } from './cni-error.js';
import { answerOf, forwarder, frameOf, verb } from './frame.fixture.js';
import { encodeFrame } from './frame.js';
import type { Log } from './log.js';
import type { AddRequest } from './request.js';
import { serve } from './server.js';
import { type Handle, handleWith } from './verbs.js';

type Line = { level: string; message: string; facts: { [fact: string]: unknown } };

describe('the CNI socket', () => {
  let directory: string;
  let socket: string;
  let lines: Line[];
  let end: AbortController;
  let closed: Promise<void> | undefined;
  const write = (level: string) => (message: string, facts: object) =>
    lines.push({ level, message, facts: { ...facts } });
  const log = { info: write('info'), warn: write('warn'), error: write('error') } as Log;

  beforeEach(async () => {
    directory = await mkdtemp(join(tmpdir(), 's32-cni-'));
    socket = join(directory, 'cni.sock');
    lines = [];
    end = new AbortController();
    closed = undefined;
  });

  afterEach(async () => {
    end.abort();
    await closed;
    await rm(directory, { recursive: true });
  });

  async function start(handle: Handle): Promise<void> {
    closed = (await serve({ socket, handle, log, signal: end.signal })).closed;
  }
  const ask = async (frame: Parameters<typeof forwarder>[1]) => answerOf(await forwarder(socket, frame));

  it('answers a verb with its document and exit code 0, and writes one line', async () => {
    await start(async (request) => ({ for: (request as AddRequest).containerId }));
    assert.deepEqual(await ask(verb('ADD')), { exitCode: 0, document: { for: 'c1' } });
    assert.lengthOf(lines, 1);
    assert.deepInclude(lines[0]!.facts, { verb: 'ADD', containerId: 'c1', ifname: 'eth0', code: 0 });
    assert.isNumber(lines[0]!.facts.ms);
  });

  it('answers nothing at all with exit code 0 when a verb has nothing to say', async () => {
    await start(async () => undefined);
    assert.deepEqual(await ask(verb('DEL')), { exitCode: 0, document: undefined });
  });

  it('answers VERSION without asking anybody', async () => {
    const never = () => Promise.reject(new Error('not asked'));
    await start(handleWith({ add: never, del: never, check: never, status: never, gc: never }));
    const { document } = (await ask(frameOf({ CNI_COMMAND: 'VERSION' }, ''))) as { document: object };
    assert.deepInclude(document, { cniVersion: '1.1.0' });
  });

  it('writes one line that stays one line, whatever the variables hold', async () => {
    await start(async () => ({}));
    const answer = await ask(verb('ADD\n2026 ERROR', { env: { CNI_CONTAINERID: 'c\r\u001b[31m' } }));
    assert.equal(answer?.exitCode, 1);
    assert.match(`${lines[0]!.message}${lines[0]!.facts.containerId}`, /^[\x20-\x7e]+$/);
  });

  it('passes a CniError on with exit code 1', async () => {
    await start(() => Promise.reject(new CniError(101, 'no free address', 'add a range')));
    const answer = await ask(verb('ADD'));
    assert.deepEqual(answer, {
      exitCode: 1,
      document: { cniVersion: '1.0.0', code: 101, msg: 'no free address', details: 'add a range' },
    });
    assert.equal(lines[0]?.level, 'warn');
  });

  it('writes the stack of a fault of ours into the log once, and only there', async () => {
    await start(() => Promise.reject(new TypeError('x is undefined')));
    const answer = await ask(verb('ADD'));
    assert.deepInclude(answer?.document, { code: 110 });
    assert.notInclude(JSON.stringify(answer), '.test.js');
    assert.lengthOf(lines, 1);
    assert.include(String(lines[0]!.facts.stack), '.test.js');
  });

  it('T1: is refused in a directory that others may enter, and is 0600 in one that is ours', async () => {
    await chmod(directory, 0o755);
    const refused = await serve({ socket, handle: async () => ({}), log, signal: end.signal }).catch((error) => error);
    assert.include(refused.message, 'mode 0755');
    await chmod(directory, 0o700);
    const mask = process.umask(0);
    try {
      await start(async () => ({}));
    } finally {
      process.umask(mask);
    }
    assert.equal((await stat(socket)).mode & 0o777, 0o600);
  });

  it('makes its directory with mode 0700 when there is none', async () => {
    socket = join(directory, 'run', 'cni.sock');
    await start(async () => ({}));
    assert.equal((await stat(join(directory, 'run'))).mode & 0o777, 0o700);
  });

  it('B18: takes the name of a dead socket, not that of a living one, and not that of a file', async () => {
    const other = createServer().listen(socket);
    await once(other, 'listening');
    const attempt = () => serve({ socket, handle: async () => ({}), log, signal: end.signal }).catch((error) => error);
    assert.include((await attempt()).message, 'another slash32d answers');
    // Node removes the name on close; a kill does not, so it is put back by a link.
    const kept = `${socket}.kept`;
    await link(socket, kept);
    other.close();
    await once(other, 'close');
    await rename(kept, socket);
    await start(async () => ({ alive: true }));
    assert.deepEqual((await ask(verb('ADD')))?.document, { alive: true });
    socket = join(directory, 'file');
    await writeFile(socket, '');
    assert.include((await attempt()).message, 'not a socket');
  });

  it('A19: calls a verb off when its forwarder is killed, though it had closed its half before', async () => {
    const seen: string[] = [];
    await start(async (_request, signal) => {
      seen.push('begun');
      await once(signal, 'abort');
      seen.push('called off');
      signal.throwIfAborted();
      return {};
    });
    const connection = await forwarder(socket, verb('ADD'));
    await until('the verb to begin', () => seen.includes('begun'));
    assert.deepEqual(seen, ['begun']);
    connection.destroy();
    await until('a line in the log', () => lines.length === 1);
    assert.deepEqual(seen, ['begun', 'called off']);
    assert.equal(lines[0]!.facts.code, 11);
  });

  it('asks a waiting forwarder again and again whether it is there without its noticing', async () => {
    let finish!: () => void;
    const finished = new Promise<void>((resolve) => (finish = resolve));
    await start(async (_request, signal) => {
      await finished;
      return { off: signal.aborted };
    });
    const connection = await forwarder(socket, verb('ADD'));
    const answer = answerOf(connection);
    await new Promise((resolve) => setTimeout(resolve, 700));
    finish();
    assert.deepEqual(await answer, { exitCode: 0, document: { off: false } });
  });

  it('A17: lets 256 verbs work at a time, and the others wait for their turn', async () => {
    let working = 0;
    let most = 0;
    let finish!: () => void;
    const full = new Promise<void>((resolve) => (finish = resolve));
    await start(async () => {
      most = Math.max(most, ++working);
      if (working === 256) finish();
      await full;
      await new Promise((resolve) => setImmediate(resolve));
      working--;
      return {};
    });
    const answers = await Promise.all(Array.from({ length: 400 }, () => ask(verb('ADD'))));
    assert.isTrue(answers.every((answer) => answer?.exitCode === 0));
    assert.equal(most, 256);
  });

  it('A28, A29: closes a connection that is no forwarder, and goes on serving', async () => {
    await start(async () => ({}));
    const bytes = fc.oneof(
      fc.uint8Array({ minLength: 1 }),
      fc.constant(Buffer.alloc(2_000_000, 'y')),
      fc.constant(Buffer.concat([encodeFrame(verb('ADD')), Buffer.from('more')])),
      fc.constant(encodeFrame(verb('ADD')).subarray(0, -1)),
    );
    await fc.assert(
      fc.asyncProperty(bytes, async (junk) => {
        assert.isUndefined(await ask(Buffer.from(junk)));
      }),
      { numRuns: 60 },
    );
    assert.equal((await ask(verb('ADD')))?.exitCode, 0);
  });

  it('B21: on its end answers what is at work, closes what is not, and takes its name away', async () => {
    let finish!: () => void;
    const finished = new Promise<void>((resolve) => (finish = resolve));
    let begun = false;
    await start(async () => {
      begun = true;
      await finished;
      return { done: true };
    });
    const working = answerOf(await forwarder(socket, verb('ADD')));
    const halfSent = answerOf(await forwarder(socket, encodeFrame(verb('ADD')).subarray(0, 10)));
    await until('the verb to begin', () => begun);
    end.abort();
    assert.isUndefined(await halfSent);
    assert.equal(await forwarder(socket, verb('ADD')).catch((error) => error.code), 'ENOENT');
    finish();
    assert.deepEqual(await working, { exitCode: 0, document: { done: true } });
    await closed;
  });

  it('writes to a winston logger as it is', () => {
    const logger: Logger = createLogger({ silent: true });
    const same: Log = logger;
    assert.isFunction(same.info);
  });
});
