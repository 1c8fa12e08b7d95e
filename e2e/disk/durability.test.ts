/** Records under what a disk and a kernel do: errors of each call, a full and a read-only file system, kill -9. */
import { once } from 'node:events';
import { mkdtempSync, readdirSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as wait } from 'node:timers/promises';
import { expect } from 'chai';
import { execa } from 'execa';

const module = (name: string) => new URL(`../../src/disk/${name}.js`, import.meta.url).href;

/** What every script begins with; `run` is the directory in its first argument. `told` gives a call's error or 'done'. */
const PRELUDE = `
const { openRunDirectory } = await import('${module('run-directory')}');
const { endpointRecords } = await import('${module('endpoint-records')}');
const { exampleEndpoint } = await import('${module('../model/example-endpoint')}');
const { readdirSync, rmSync, writeFileSync } = await import('node:fs');
const { execFileSync } = await import('node:child_process');
const path = process.argv[1];
const records = endpointRecords(openRunDirectory(path));
const told = (call) => call.then(() => 'done', (error) => error.message);
const mtus = async () => (await records.all()).endpoints.map(({ mtu }) => mtu);
const print = (value) => console.log(JSON.stringify(value));
`;

const node = (script: string, run: string) => ['--input-type=module', '-e', PRELUDE + script, run];

describe('endpoint records', function () {
  this.timeout(60_000);
  let parent: string;
  let run: string;
  beforeEach(() => {
    parent = mkdtempSync(join(tmpdir(), 's32-config-'));
    run = join(parent, 'run');
  });
  afterEach(() => rmSync(parent, { recursive: true }));

  const result = async (file: string, args: readonly string[]) => JSON.parse((await execa(file, args)).stdout);

  /** Runs a script whose system calls strace sees, or spoils. */
  const traced = async (options: readonly string[], script: string) => {
    const trace = join(parent, 'trace');
    const args = ['-f', '-y', '-o', trace, ...options, process.execPath, ...node(script, run)];
    const printed = await result('strace', args);
    return { printed, calls: readFileSync(trace, 'utf8').split('\n') };
  };

  it('reach the disk before their name does, and their name before the caller hears of it', async () => {
    const { calls } = await traced(
      ['-e', 'trace=openat,write,fsync,rename'],
      `await records.save(exampleEndpoint()); print('saved');`,
    );
    const steps = [
      /openat\(.*\/endpoints\/\.[0-9a-f]{32}\.json\.tmp", O_WRONLY\|O_CREAT\|O_EXCL\|O_NOFOLLOW\|O_CLOEXEC, 0600\)/,
      /write\(\d+<.*\.json\.tmp>, "\{/,
      /fsync\(\d+<.*\.json\.tmp>\) += 0/,
      /rename\(".*\.json\.tmp", ".*\/endpoints\/[0-9a-f]{32}\.json"\) += 0/,
      /fsync\(\d+<.*\/endpoints>\) += 0/,
      /write\(1<.*"saved/,
    ];
    const found = steps.map((step) => calls.findIndex((call) => step.test(call)));
    expect(found).to.not.include(-1);
    expect(found).to.deep.equal([...found].sort((a, b) => a - b));
  });

  const FAULTS: Record<string, [inject: string, error: RegExp, left: number]> = {
    'fsync of the file': ['fsync:error=EIO:when=3', /EIO/, 1500],
    rename: ['rename:error=ENOSPC:when=2', /ENOSPC/, 1500],
    'fsync of the directory': ['fsync:error=EIO:when=4', /EIO/, 9000],
  };
  for (const [call, [inject, error, left]] of Object.entries(FAULTS)) {
    it(`are old or new, and the caller is told, when ${call} fails`, async () => {
      const { printed } = await traced(
        ['-e', 'trace=fsync,rename', '-e', `inject=${inject}`],
        `await records.save(exampleEndpoint());
         const second = await told(records.save(exampleEndpoint({ mtu: 9000 })));
         print([second, readdirSync(path + '/endpoints').length, await mtus(), await told(records.save(exampleEndpoint({ mtu: 1280 }))), await mtus()]);`,
      );
      expect(printed[0])
        .to.match(/^cannot save the record of c1\/eth0 in /)
        .and.match(error);
      expect(printed.slice(1)).to.deep.equal([1, [left], 'done', [1280]]);
    });
  }

  /** Runs a script on a small tmpfs that only it can see. */
  const onTmpfs = (script: string) => {
    const shell =
      'mount -t tmpfs -o size=64k,mode=0700 s32-config "$1" && exec "$2" --input-type=module -e "$3" "$1/run"';
    return result('unshare', ['--mount', 'sh', '-c', shell, 'sh', parent, process.execPath, PRELUDE + script]);
  };

  it('on a full disk refuse the new, keep and remove the old, and go on when there is room', async () => {
    const [full, kept, leftovers, removed, healed] = await onTmpfs(`
      await records.save(exampleEndpoint());
      let size = 65536;
      for (let fits = false; !fits; size -= 4096) try { writeFileSync(path + '/ballast', Buffer.alloc(size)); fits = true; } catch {}
      const full = await told(records.save(exampleEndpoint({ mtu: 9000 })));
      const kept = await mtus();
      const leftovers = readdirSync(path + '/endpoints').filter((name) => name.endsWith('.tmp'));
      const removed = await told(records.remove(exampleEndpoint()));
      rmSync(path + '/ballast');
      const healed = await told(records.save(exampleEndpoint({ mtu: 9000 })));
      print([full, kept, leftovers, removed, healed]);`);
    expect(full).to.match(/^cannot save the record of c1\/eth0 in .*ENOSPC/);
    expect([kept, leftovers, removed, healed]).to.deep.equal([[1500], [], 'done', 'done']);
  });

  it('on a read-only disk are still read, and refuse every change with the reason', async () => {
    const [saved, removed, kept] = await onTmpfs(`
      await records.save(exampleEndpoint());
      const endpoints = path + '/endpoints';
      execFileSync('mount', ['--bind', endpoints, endpoints]);
      execFileSync('mount', ['-o', 'remount,ro,bind', endpoints]);
      const changes = [records.save(exampleEndpoint({ mtu: 9000 })), records.remove(exampleEndpoint())];
      print([...(await Promise.all(changes.map(told))), await mtus()]);`);
    for (const error of [saved, removed])
      expect(error).to.match(/^cannot (save|remove) the record of c1\/eth0 .*EROFS/);
    expect(kept).to.deep.equal([1500]);
  });

  it('survive kill -9 at any moment, twenty times, without a record that cannot be read', async () => {
    const churn = `for (let i = 0; ; i++) {
      if (i === 10) print('c3 and c4 are there for good');
      await records.save(exampleEndpoint({ containerId: 'c' + (i % 5), mtu: 1280 + i, delegatedIpam: { type: 'x', netConf: 'y'.repeat(i % 50_000), args: '', path: '' } }));
      if (i % 7 === 0) await records.remove(exampleEndpoint({ containerId: 'c' + (i % 3) }));
      await new Promise(setImmediate);
    }`;
    for (let round = 0; round < 20; round++) {
      const writer = execa(process.execPath, node(churn, run), { reject: false });
      await once(writer.stdout, 'data');
      await wait(5 + Math.random() * 40);
      writer.kill('SIGKILL');
      await writer;
      const { endpoints, unreadable } = await result(process.execPath, node('print(await records.all());', run));
      expect(unreadable).to.deep.equal([]);
      expect(endpoints).to.have.lengthOf.within(2, 5);
      expect(readdirSync(join(run, 'endpoints')).every((name) => /^[0-9a-f]{32}\.json$/.test(name))).to.equal(true);
    }
  });
});
