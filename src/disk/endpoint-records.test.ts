import {
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  renameSync,
  rmdirSync,
  rmSync,
  statSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect } from 'chai';
import { address } from '../model/address.js';
import type { Endpoint } from '../model/endpoint.js';
import { exampleEndpoint } from '../model/example-endpoint.js';
import { routeTarget } from '../model/route-target.js';
import type { Records } from '../ports.js';
import { temporaryName } from './atomic-file.js';
import { endpointRecords, fileName } from './endpoint-records.js';
import { recordsContract } from './records.contract.js';
import { openRunDirectory } from './run-directory.js';

/** An own run directory for one test. */
function openOnDisk() {
  const parent = mkdtempSync(join(tmpdir(), 's32-config-'));
  const path = join(parent, 'run');
  const run = openRunDirectory(path);
  const records = endpointRecords(run);
  const close = () => {
    records[Symbol.dispose]();
    run[Symbol.dispose]();
    rmSync(parent, { recursive: true });
  };
  return { parent, path, run, records, close };
}

recordsContract('on disk', () => {
  const { path, records, close } = openOnDisk();
  const [endpoints, aside, freed] = ['endpoints', 'aside', 'freed.json'].map((name) => join(path, name)) as [
    string,
    string,
    string,
  ];
  // Root can write wherever modes forbid it, but not into a file as if it were a directory, nor a file over a directory.
  const breakMedium = () => {
    renameSync(endpoints, aside);
    writeFileSync(endpoints, '');
    mkdirSync(freed);
  };
  const mendMedium = () => {
    rmSync(endpoints);
    renameSync(aside, endpoints);
    rmdirSync(freed);
  };
  return { records, breakMedium, mendMedium, close };
});

describe('endpoint records on disk', function () {
  this.timeout(30_000);
  let path: string;
  let records: Records;
  let disk: ReturnType<typeof openOnDisk>;
  beforeEach(() => {
    disk = openOnDisk();
    ({ path, records } = disk);
  });
  afterEach(() => disk.close());

  const file = (endpoint: Endpoint) => join(path, 'endpoints', fileName(endpoint));
  const names = (directory: string) => readdirSync(join(path, directory)).sort();

  it('are read again by the next controller', async () => {
    await records.save(exampleEndpoint());
    await records.saveFreed([address('10.20.1.9')]);
    disk.run[Symbol.dispose]();
    disk.run = openRunDirectory(path);
    const next = endpointRecords(disk.run);
    expect(await next.all()).to.deep.equal({ endpoints: [exampleEndpoint()], unreadable: [] });
    expect(await next.freed()).to.deep.equal(['10.20.1.9']);
    next[Symbol.dispose]();
  });

  it('of an older version, without a CNI network and a boot time, are read as they are', async () => {
    const { cniNetwork: _, attachedAt: __, ...old } = exampleEndpoint();
    await records.save(old);
    expect((await records.all()).endpoints).to.deep.equal([old]);
  });

  it('are files that people can read and nobody else can', async () => {
    await records.save(exampleEndpoint());
    expect(readFileSync(file(exampleEndpoint()), 'utf8')).to.include('  "format": 1,\n  "containerId": "c1",\n');
    expect(statSync(file(exampleEndpoint())).mode & 0o777).to.equal(0o600);
    expect(statSync(join(path, 'endpoints')).mode & 0o777).to.equal(0o700);
  });

  it('are old or new wherever a crash cuts the writing', async () => {
    await records.save(exampleEndpoint());
    const before = readFileSync(file(exampleEndpoint()), 'utf8');
    await records.save(exampleEndpoint({ mtu: 9000 }));
    const after = readFileSync(file(exampleEndpoint()), 'utf8');
    writeFileSync(file(exampleEndpoint()), before);
    const temporary = join(path, 'endpoints', temporaryName(fileName(exampleEndpoint())));
    for (let written = 0; written <= after.length; written++) {
      writeFileSync(temporary, after.slice(0, written));
      expect(await records.all()).to.deep.equal({ endpoints: [exampleEndpoint()], unreadable: [] });
      expect(existsSync(temporary), 'a leftover').to.equal(false);
    }
    writeFileSync(temporary, after);
    renameSync(temporary, file(exampleEndpoint()));
    expect((await records.all()).endpoints).to.deep.equal([exampleEndpoint({ mtu: 9000 })]);
  });

  it('that were cut themselves are put aside at every length, never half believed', async () => {
    await records.save(exampleEndpoint({ containerId: 'whole' }));
    await records.save(exampleEndpoint());
    const text = readFileSync(file(exampleEndpoint()), 'utf8');
    for (let length = 0; length < text.length - 1; length++) {
      writeFileSync(file(exampleEndpoint()), text.slice(0, length));
      const { endpoints, unreadable } = await records.all();
      expect(endpoints.map(({ containerId }) => containerId)).to.deep.equal(['whole']);
      expect(unreadable).to.have.length(1);
    }
    expect(names('quarantine')).to.have.length(text.length - 1);
  });

  const WRONG: Record<string, [text: string, reason: RegExp]> = {
    'are no JSON': ['not JSON', /Unexpected token|not valid JSON/],
    'are of no format': ['{}', /format/],
    'lack a key': [JSON.stringify({ format: 1, containerId: 'c1', ifname: 'eth0' }), /network/],
    'have a key too many': [JSON.stringify({ format: 1, ...exampleEndpoint(), extra: 1 }), /extra/],
    'have an address in another form': [
      JSON.stringify({ format: 1, ...exampleEndpoint(), addresses: ['2001:DB8::1'] }),
      /addresses\.0/,
    ],
    'are those of another endpoint': [
      JSON.stringify({ format: 1, ...exampleEndpoint({ containerId: 'other' }) }),
      /holds other\/eth0, whose record is [0-9a-f]{32}\.json/,
    ],
    'are null': ['null', /not a record of ours/],
  };
  for (const [what, [text, reason]] of Object.entries(WRONG)) {
    it(`that ${what} are put aside and named, and the others are read`, async () => {
      await records.save(exampleEndpoint({ containerId: 'good' }));
      writeFileSync(file(exampleEndpoint()), text);
      const { endpoints, unreadable } = await records.all();
      expect(endpoints.map(({ containerId }) => containerId)).to.deep.equal(['good']);
      expect(unreadable).to.have.length(1);
      expect(unreadable[0])
        .to.match(reason)
        .and.include(join(path, 'quarantine', fileName(exampleEndpoint())));
      expect(readFileSync(join(path, 'quarantine', fileName(exampleEndpoint())), 'utf8')).to.equal(text);
      expect((await records.all()).unreadable).to.deep.equal([]);
    });
  }

  it('are written in a format that older versions read, unless there are targets of its own', async () => {
    const formatOf = (endpoint: Endpoint) => JSON.parse(readFileSync(file(endpoint), 'utf8')).format;
    const own = {
      base: 'blue',
      table: 5000,
      byNetConf: { imports: [routeTarget('64512:1')] },
      byContainer: { exports: [] },
    };
    for (const [endpoint, format] of [
      [exampleEndpoint(), 1],
      [exampleEndpoint({ network: 'blue~0123456789abcdef', own }), 2],
    ] as const) {
      await records.save(endpoint);
      expect(formatOf(endpoint)).to.equal(format);
      expect((await records.all()).endpoints).to.deep.equal([endpoint]);
    }
  });

  it('of freed addresses are old or new as well', async () => {
    await records.saveFreed([address('10.20.1.9')]);
    writeFileSync(join(path, temporaryName('freed.json')), '{"format":1,"addr');
    expect((await records.all()).unreadable).to.deep.equal([]);
    expect(await records.freed()).to.deep.equal(['10.20.1.9']);
    expect(names('.')).to.deep.equal(['endpoints', 'freed.json', 'lock']);
  });

  it('of freed addresses that make no sense are put aside too', async () => {
    writeFileSync(join(path, 'freed.json'), '{"format":1,"addresses":["010.0.0.1"]}');
    expect((await records.all()).unreadable[0]).to.include(join(path, 'quarantine', 'freed.json'));
    expect(await records.freed()).to.deep.equal([]);
  });

  it('of a newer version stop the start before anything is touched', async () => {
    await records.save(exampleEndpoint());
    writeFileSync(join(path, 'endpoints', 'broken.json'), 'broken');
    writeFileSync(join(path, 'endpoints', '.left.json.tmp'), 'half');
    const text = JSON.stringify({ format: 3, something: 'new' });
    for (const newer of [join('endpoints', 'newer.json'), 'freed.json']) {
      writeFileSync(join(path, newer), text);
      const error = await records.all().catch((thrown: unknown) => thrown);
      expect((error as Error).message).to.equal(
        `${join(path, newer)} is written in format 3, and this version knows 2; start the version that wrote it, ` +
          'or detach its containers and remove it. Nothing was touched',
      );
      expect(names('endpoints')).to.include.members(['broken.json', '.left.json.tmp', fileName(exampleEndpoint())]);
      expect(readFileSync(join(path, newer), 'utf8')).to.equal(text);
      rmSync(join(path, newer));
    }
    expect(existsSync(join(path, 'quarantine'))).to.equal(false);
  });

  it('that could not be read again are not saved', async () => {
    const bad = { ...exampleEndpoint(), mtu: Number.NaN };
    const error = await records.save(bad).catch((thrown: unknown) => thrown);
    expect((error as Error).message).to.match(/^cannot save the record of c1\/eth0 in .*: not a record of ours: mtu: /);
    expect(names('endpoints')).to.deep.equal([]);
  });

  it('follow no planted link, neither in reading nor in writing', async () => {
    const victim = join(disk.parent, 'victim');
    writeFileSync(victim, 'untouched');
    symlinkSync(victim, file(exampleEndpoint()));
    symlinkSync(victim, join(path, 'endpoints', temporaryName(fileName(exampleEndpoint()))));
    await records.save(exampleEndpoint());
    expect(readFileSync(victim, 'utf8')).to.equal('untouched');
    expect((await records.all()).endpoints).to.deep.equal([exampleEndpoint()]);
    renameSync(file(exampleEndpoint()), join(disk.parent, 'good'));
    symlinkSync(join(disk.parent, 'good'), file(exampleEndpoint()));
    expect((await records.all()).unreadable).to.have.length(1);
    expect(readFileSync(victim, 'utf8')).to.equal('untouched');
  });

  it('never leave their directory, whatever the id', async () => {
    for (const containerId of ['..', '../../x', '/etc/x', 'x'.repeat(300), 'ü→💥', '']) {
      await records.save(exampleEndpoint({ containerId, ifname: '../..' }));
    }
    expect(names('endpoints').every((name) => /^[0-9a-f]{32}\.json$/.test(name))).to.equal(true);
    expect(names('endpoints')).to.have.length(6);
    expect(readdirSync(disk.parent)).to.deep.equal(['run']);
    expect(names('.')).to.deep.equal(['endpoints', 'lock']);
  });

  it('of a thousand endpoints are loaded well within the start of two seconds', async () => {
    for (let i = 0; i < 1000; i++) await records.save(exampleEndpoint({ containerId: `c${i}` }));
    // The best of three: a busy machine may take the processor away.
    const times: number[] = [];
    for (let time = 0; time < 3; time++) {
      const start = performance.now();
      expect((await records.all()).endpoints).to.have.length(1000);
      times.push(performance.now() - start);
    }
    expect(Math.min(...times)).to.be.below(2000);
  }).timeout(60_000);
});
