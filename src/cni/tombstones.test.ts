import { execFileSync, spawn } from 'node:child_process';
import { once } from 'node:events';
import { existsSync } from 'node:fs';
import { mkdtemp, readdir, rename, rm, symlink, writeFile } from 'node:fs/promises';
import { connect } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { assert } from 'chai';
import { until } from '../until.fixture.js';
import { openCniSocket } from './cni-socket.js';
import { exclusiveLock } from './exclusive-lock.js';
import { CONTAINER, verb } from './frame.fixture.js';
import { encodeFrame } from './frame.js';
import type { Log } from './log.js';
import type { DelRequest } from './request.js';
import { drain, drainAsTheyCome, removeHalfWritten } from './tombstones.js';
import type { Handle } from './verbs.js';

const nameAt = (time: number) => `${String(time).padStart(20, '0')}-4711`;
const del = (id: string) => encodeFrame(verb('DEL', { env: { ...CONTAINER, CNI_CONTAINERID: id } }));

describe('tombstones', () => {
  let directory: string;
  const said: string[] = [];
  const say = (message: string) => said.push(message);
  const log: Log = { info: say, warn: say, error: say };
  /** As a forwarder does: an entry is there as a whole or not at all. */
  const plant = async (time: number, bytes: Uint8Array | string) => {
    await writeFile(join(directory, `.${nameAt(time)}`), bytes);
    await rename(join(directory, `.${nameAt(time)}`), join(directory, nameAt(time)));
  };

  beforeEach(async () => {
    said.length = 0;
    directory = await mkdtemp(join(tmpdir(), 's32-cni-'));
  });
  afterEach(() => rm(directory, { recursive: true }));

  it('A7: are worked off as DELs in the order of their names, and are gone then', async () => {
    await plant(30, del('third'));
    await plant(9, del('first'));
    await plant(20, del('second'));
    const seen: DelRequest[] = [];
    const handle: Handle = async (request) => void seen.push(request as DelRequest);
    assert.deepEqual(await drain({ directory, handle, log }), { done: 3, corrupt: 0, left: 0 });
    assert.deepEqual(
      seen.map(({ containerId }) => containerId),
      ['first', 'second', 'third'],
    );
    assert.deepEqual(
      seen.map(({ queuedAt }) => queuedAt),
      [9n, 20n, 30n],
    );
    assert.deepEqual(await readdir(directory), []);
  });

  it('A9: that cannot be read are put aside and named, and the others are worked off', async () => {
    await plant(1, 'SLASH32/1 garbage');
    await plant(2, encodeFrame(verb('ADD')));
    await plant(3, Buffer.alloc(3_000_000));
    await plant(4, del('c4'));
    await symlink('/etc/passwd', join(directory, nameAt(5)));
    execFileSync('mkfifo', [join(directory, nameAt(6))]);
    await writeFile(join(directory, 'notes.txt'), del('c7'));
    assert.deepEqual(await drain({ directory, handle: async () => undefined, log }), { done: 1, corrupt: 6, left: 0 });
    assert.deepEqual(await readdir(directory), ['corrupt']);
    assert.lengthOf(await readdir(join(directory, 'corrupt')), 6);
    assert.isTrue(said.some((line) => line.includes(nameAt(2)) && line.includes('it is not a DEL but ADD')));
  });

  it('whose DEL fails stay for the next start, and succeed there', async () => {
    await plant(1, del('c1'));
    await plant(2, del('c2'));
    const broken: Handle = async (request) => {
      if ((request as DelRequest).containerId === 'c1') throw new Error('gobgpd is away');
      return undefined;
    };
    assert.deepEqual(await drain({ directory, handle: broken, log }), { done: 1, corrupt: 0, left: 1 });
    assert.deepEqual(await readdir(directory), [nameAt(1)]);
    assert.isTrue(said.some((line) => line.includes('gobgpd is away')));
    assert.deepEqual(await drain({ directory, handle: async () => undefined, log }), { done: 1, corrupt: 0, left: 0 });
  });

  it('never keep us from serving: what hangs is left when the time is over', async () => {
    for (let time = 1; time <= 100; time++) await plant(time, del(`c${time}`));
    const hanging: Handle = () => new Promise(() => {});
    assert.deepEqual(await drain({ directory, handle: hanging, log, budget: 100 }), { done: 0, corrupt: 0, left: 100 });
    assert.lengthOf(await readdir(directory), 100);
  });

  it('that a killed forwarder left half written are removed', async () => {
    await writeFile(join(directory, '.00000000000000000001-1'), 'SLASH');
    await writeFile(join(directory, '.lock'), '');
    await removeHalfWritten(directory);
    assert.deepEqual(await readdir(directory), ['.lock']);
  });

  it('that is being written while the controller runs is left alone until it is whole, and then worked off', async () => {
    const stop = new AbortController();
    const done: string[] = [];
    const handle: Handle = async (request) => void done.push((request as DelRequest).containerId);
    drainAsTheyCome({ directory, handle, log }, stop.signal);
    const whole = nameAt(7);
    await writeFile(join(directory, `.${whole}`), del('c7'));
    await plant(1, del('c1'));
    await until('it to be worked off', () => !existsSync(join(directory, nameAt(1))));
    assert.deepEqual(await readdir(directory), [`.${whole}`]);
    await rename(join(directory, `.${whole}`), join(directory, whole));
    await until('it to be worked off', () => !existsSync(join(directory, whole)));
    stop.abort();
    assert.deepEqual(done, ['c1', 'c7']);
  });

  it('A9: in their hundreds are worked off many at a time', async () => {
    await Promise.all(Array.from({ length: 500 }, (_, time) => plant(time, del(`c${time}`))));
    let [begun, enough] = [0, () => {}];
    const manyAreUnderWay = new Promise<undefined>((resolve) => (enough = () => resolve(undefined)));
    // One after the other, the first would wait for ever.
    const handle: Handle = () => {
      if (++begun === 50) enough();
      return manyAreUnderWay;
    };
    assert.deepEqual(await drain({ directory, handle, log, budget: 50_000 }), { done: 500, corrupt: 0, left: 0 });
  }).timeout(60_000);
});

describe('the lock of the tombstones', () => {
  let directory: string;
  let lock: string;
  beforeEach(async () => {
    directory = await mkdtemp(join(tmpdir(), 's32-cni-'));
    lock = join(directory, '.lock');
  });
  afterEach(() => rm(directory, { recursive: true }));

  it('is not taken while another process shares it, and is taken when that is gone', async () => {
    const writer = spawn('flock', ['--shared', '--no-fork', lock, 'sh', '-c', 'echo held; exec sleep 60']);
    await once(writer.stdout, 'data');
    assert.isUndefined(await exclusiveLock(lock, 50));
    const taking = exclusiveLock(lock, 10_000);
    writer.kill('SIGKILL');
    using held = await taking;
    assert.isDefined(held);
  });

  it('A8: is held from before the drain until somebody listens', async () => {
    const socket = join(directory, 'cni.sock');
    const end = new AbortController();
    const tombstones = join(directory, 'tombstones');
    const shared = () => {
      try {
        execFileSync('flock', ['--shared', '--nonblock', join(tombstones, '.lock'), 'true']);
        return true;
      } catch {
        return false;
      }
    };
    await openAndClose(socket);
    await writeFile(join(tombstones, nameAt(1)), del('c1'));
    const during: unknown[] = [];
    const handle: Handle = async () => void during.push(shared(), existsSync(socket));
    const { closed } = await openCniSocket({ socket, handle, log: silent, signal: end.signal });
    assert.deepEqual(during, [false, false]);
    assert.isTrue(shared());
    await once(connect(socket), 'connect');
    end.abort();
    await closed;
  });
});

const silent: Log = { info: () => {}, warn: () => {}, error: () => {} };

async function openAndClose(socket: string): Promise<void> {
  const end = new AbortController();
  const { closed } = await openCniSocket({ socket, handle: async () => undefined, log: silent, signal: end.signal });
  assert.isTrue(existsSync(socket));
  end.abort();
  await closed;
}
