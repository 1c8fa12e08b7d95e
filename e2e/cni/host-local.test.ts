/** The real host-local and static plugins as delegates. No network is touched: they only keep files. */
import { existsSync } from 'node:fs';
import { mkdtemp, readdir, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { assert } from 'chai';
import type { CniError } from '../../src/cni/cni-error.js';
import { type Delegation, delegatedIpam, delegationOf } from '../../src/cni/delegated-ipam.js';
import { verb } from '../../src/cni/frame.fixture.js';
import { type AddRequest, parseRequest } from '../../src/cni/request.js';
import { VERSIONS } from '../../src/cni/version.js';

const PLUGINS = '/usr/lib/cni';
const ipam = delegatedIpam();
const attachment = (containerId: string) => ({ containerId, ifname: 'eth0', netns: `/run/netns/${containerId}` });
const failure = (work: Promise<unknown>) =>
  work.then(
    () => assert.fail('it succeeded'),
    (error) => error as CniError,
  );

/** What an ADD with this configuration delegates. */
function delegation(conf: object, args = ''): Delegation {
  const env = { CNI_PATH: PLUGINS, CNI_ARGS: args };
  return delegationOf(parseRequest(verb('ADD', { conf: { name: 's32-cni', ...conf }, env })) as AddRequest)!;
}

describe('host-local as a delegate', () => {
  let dataDir: string;
  const ranges = [[{ subnet: '10.99.1.0/29' }], [{ subnet: 'fd00:99::/64' }]];
  const hostLocal = (changes: object = {}, conf: object = {}, args = '') =>
    delegation({ ...conf, ipam: { type: 'host-local', dataDir, ranges, ...changes } }, args);
  const taken = async () => (await readdir(join(dataDir, 's32-cni'))).filter((name) => /^[\da-f]+[.:]/.test(name));

  before(function () {
    if (!existsSync(join(PLUGINS, 'host-local'))) this.skip();
  });
  beforeEach(async () => {
    dataDir = await mkdtemp(join(tmpdir(), 's32-cni-'));
  });
  afterEach(() => rm(dataDir, { recursive: true }));

  it('gives an address of each family, and its routes', async () => {
    const answer = await ipam.add(hostLocal({ routes: [{ dst: '0.0.0.0/0' }] }), attachment('c1'));
    assert.deepEqual(answer as unknown, { addresses: ['10.99.1.2', 'fd00:99::2'], routes: ['0.0.0.0/0'], dns: {} });
  });

  it('answers in every version, also in 1.1.0, which it does not speak', async () => {
    for (const [index, cniVersion] of VERSIONS.entries()) {
      const { addresses } = await ipam.add(
        hostLocal({ ranges: [[{ subnet: '10.99.2.0/24' }]] }, { cniVersion }),
        attachment(`c${index}`),
      );
      assert.deepEqual(addresses as readonly string[], [`10.99.2.${index + 2}`]);
    }
  });

  it('V3: refuses the same attachment a second time in its own words', async () => {
    await ipam.add(hostLocal(), attachment('c1'));
    const { code, message } = await failure(ipam.add(hostLocal(), attachment('c1')));
    assert.equal(code, 999);
    assert.include(message, 'duplicate allocation');
  });

  it('B5, V7: says itself that its range is exhausted, and gives again after a DEL', async () => {
    const range = hostLocal({ ranges: [[{ subnet: '10.99.1.0/30' }]] });
    await ipam.add(range, attachment('c1'));
    const { code, message } = await failure(ipam.add(range, attachment('c2')));
    assert.equal(code, 999);
    assert.include(message, 'no IP addresses available');
    await ipam.del(range, attachment('c1'));
    assert.deepEqual((await ipam.add(range, attachment('c2'))).addresses as readonly string[], ['10.99.1.2']);
  });

  it('V9: takes a DEL twice, and one for what it never knew', async () => {
    await ipam.add(hostLocal(), attachment('c1'));
    assert.lengthOf(await taken(), 2);
    await ipam.del(hostLocal(), { ...attachment('c1'), netns: undefined });
    await ipam.del(hostLocal(), attachment('c1'));
    await ipam.del(hostLocal(), attachment('never'));
    assert.lengthOf(await taken(), 0);
  });

  it('gives back in 1.0.0 what was asked for with a configuration of 1.1.0', async () => {
    const newest = hostLocal({}, { cniVersion: '1.1.0' });
    await ipam.add(newest, attachment('c1'));
    await ipam.del(newest, attachment('c1'));
    assert.lengthOf(await taken(), 0);
  });

  it('K15: hears the address that CNI_ARGS or runtimeConfig ask for', async () => {
    const args = hostLocal({ ranges: [ranges[0]] }, {}, 'IgnoreUnknown=1;IP=10.99.1.5');
    assert.deepEqual((await ipam.add(args, attachment('c1'))).addresses as readonly string[], ['10.99.1.5']);
    const conf = hostLocal({ ranges: [ranges[0]] }, { runtimeConfig: { ips: ['10.99.1.4/29'] } });
    assert.deepEqual((await ipam.add(conf, attachment('c2'))).addresses as readonly string[], ['10.99.1.4']);
    assert.include((await failure(ipam.add(conf, attachment('c3')))).message, '10.99.1.4');
  });

  it('V13: checks a reservation, and misses it after a DEL', async () => {
    const prevResult = { cniVersion: '1.0.0', ips: [{ address: '10.99.1.2/29' }, { address: 'fd00:99::2/64' }] };
    const checked = hostLocal({}, { prevResult });
    await ipam.add(hostLocal(), attachment('c1'));
    await ipam.check(checked, attachment('c1'));
    await ipam.del(hostLocal(), attachment('c1'));
    assert.include((await failure(ipam.check(checked, attachment('c1')))).message, 'c1');
  });

  it('gives every one of fifty at once an address of its own', async () => {
    const many = hostLocal({ ranges: [[{ subnet: '10.99.3.0/24' }]] });
    const answers = await Promise.all(Array.from({ length: 50 }, (_, n) => ipam.add(many, attachment(`c${n}`))));
    assert.equal(new Set(answers.flatMap(({ addresses }) => addresses)).size, 50);
  }).timeout(30_000);
});

describe('static as a delegate', () => {
  before(function () {
    if (!existsSync(join(PLUGINS, 'static'))) this.skip();
  });

  it('gives what the configuration says, and takes it back', async () => {
    const addresses = [{ address: '10.99.1.10/24', gateway: '10.99.1.1' }, { address: 'fd00:99::a/64' }];
    const routes = [{ dst: '10.0.0.0/8', gw: '10.99.1.1' }];
    const fixed = delegation({ ipam: { type: 'static', addresses, routes, dns: { nameservers: ['10.0.0.53'] } } });
    assert.deepEqual((await ipam.add(fixed, attachment('c1'))) as unknown, {
      addresses: ['10.99.1.10', 'fd00:99::a'],
      routes: ['10.0.0.0/8'],
      dns: { nameservers: ['10.0.0.53'] },
    });
    await ipam.del(fixed, attachment('c1'));
  });

  it('that was told no address fails with our words', async () => {
    const empty = delegation({ ipam: { type: 'static' } });
    const { code, message } = await failure(ipam.add(empty, attachment('c1')));
    assert.equal(code, 105);
    assert.include(message, 'no address');
  });
});
