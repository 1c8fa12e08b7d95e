import { existsSync } from 'node:fs';
import { chmod, mkdir, mkdtemp, readFile, rm, symlink, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { assert } from 'chai';
import type { CniError } from './cni-error.js';
import { type Delegation, delegatedIpam } from './delegated-ipam.js';

const attachment = { containerId: 'c1', ifname: 'eth0', netns: '/run/netns/c1' };
const VERSION = `'{"cniVersion":"1.0.0","supportedVersions":["0.4.0","1.0.0"]}'`;

describe('a delegated IPAM plugin', () => {
  let directory: string;
  let delegation: Delegation;
  beforeEach(async () => {
    directory = await mkdtemp(join(tmpdir(), 's32-cni-'));
    delegation = {
      type: 'fake',
      netConf: JSON.stringify({ cniVersion: '1.1.0', name: 'blue', extra: 1, ipam: { type: 'fake' } }),
      args: 'IP=10.0.0.1',
      path: `/nowhere:${directory}`,
    };
  });
  afterEach(() => rm(directory, { recursive: true }));

  /** A plugin that lists 0.4.0 and 1.0.0, keeps what it was given, and then does this. */
  const plugin = async (script: string, version = `echo ${VERSION}`) => {
    const text = `#!/bin/sh
[ "$CNI_COMMAND" = VERSION ] && { echo x >> ${directory}/versions; ${version}; exit; }
env > ${directory}/env; cat > ${directory}/stdin
${script}\n`;
    await writeFile(join(directory, 'fake'), text, { mode: 0o755 });
  };
  const answer = (result: object) => plugin(`echo '${JSON.stringify(result)}'`);
  const refused = (work: Promise<unknown>) =>
    work.then(
      () => assert.fail('it succeeded'),
      (error) => error as CniError,
    );
  const ipam = delegatedIpam(1_000);

  it('gives addresses of which the host bits count, and routes', async () => {
    const ips = [{ address: '10.20.1.10/24', gateway: '10.20.1.1' }, { address: '2001:db8::a/64' }];
    await answer({ cniVersion: '1.0.0', ips, routes: [{ dst: '0.0.0.0/0' }], dns: { domain: 'x' } });
    assert.deepEqual(await ipam.add(delegation, attachment), {
      addresses: ['10.20.1.10', '2001:db8::a'],
      routes: ['0.0.0.0/0'],
      dns: { domain: 'x' },
    } as never);
  });

  it('may answer in the form of 0.2.0', async () => {
    await answer({ ip4: { ip: '10.20.1.10/24', routes: [{ dst: '10.0.0.0/8' }] } });
    const { addresses, routes } = await ipam.add(delegation, attachment);
    assert.deepEqual([...addresses, ...routes] as string[], ['10.20.1.10', '10.0.0.0/8']);
  });

  it('is spoken to in the newest version that it lists, with the configuration as it came', async () => {
    await answer({ ips: [{ address: '10.20.1.10/24' }] });
    await ipam.add(delegation, attachment);
    const stdin = JSON.parse(await readFile(join(directory, 'stdin'), 'utf8'));
    assert.deepEqual(stdin, { cniVersion: '1.0.0', name: 'blue', extra: 1, ipam: { type: 'fake' } });
    await ipam.add({ ...delegation, netConf: '{"cniVersion":"0.4.0","name":"x"}' }, attachment);
    assert.equal(JSON.parse(await readFile(join(directory, 'stdin'), 'utf8')).cniVersion, '0.4.0');
  });

  it('is told prevResult in the version of its configuration', async () => {
    await plugin('');
    const prevResult = { cniVersion: '1.1.0', interfaces: [{ name: 'x', mtu: 9 }], ips: [{ address: '10.0.0.1/32' }] };
    const netConf = JSON.stringify({ cniVersion: '1.1.0', name: 'blue', prevResult });
    await ipam.check({ ...delegation, netConf }, attachment);
    const told = JSON.parse(await readFile(join(directory, 'stdin'), 'utf8')).prevResult;
    assert.deepEqual(told.interfaces, [{ name: 'x' }]);
    assert.equal(told.cniVersion, '1.0.0');
  });

  it('T25: sees the CNI variables and a PATH, and nothing else of ours', async () => {
    await answer({ ips: [{ address: '10.20.1.10/24' }] });
    process.env.NODE_OPTIONS_CANARY = '1';
    await ipam.add(delegation, attachment);
    delete process.env.NODE_OPTIONS_CANARY;
    const names = (await readFile(join(directory, 'env'), 'utf8')).split('\n').map((line) => line.split('=')[0]);
    // sh adds PWD and _ by itself.
    assert.sameMembers(
      names.filter((name) => !['', 'PWD', '_', 'SHLVL', 'OLDPWD'].includes(name!)),
      ['CNI_ARGS', 'CNI_COMMAND', 'CNI_CONTAINERID', 'CNI_IFNAME', 'CNI_NETNS', 'CNI_PATH', 'PATH'],
    );
  });

  it('is asked for its versions once, and again when it was replaced', async () => {
    const asked = async () => (await readFile(join(directory, 'versions'), 'utf8')).length / 2;
    await answer({ ips: [{ address: '10.20.1.10/24' }] });
    await ipam.add(delegation, attachment);
    await ipam.add(delegation, attachment);
    assert.equal(await asked(), 1);
    await answer({ ips: [{ address: '10.20.1.100/24' }] });
    await ipam.add(delegation, attachment);
    assert.equal(await asked(), 2);
  });

  it('V7: fails with its own code and words', async () => {
    await plugin(`echo '{"code":123,"msg":"my pool is empty","details":"d"}'; exit 1`);
    const { code, message, details } = await refused(ipam.add(delegation, attachment));
    assert.deepEqual({ code, message, details }, { code: 123, message: 'my pool is empty', details: 'd' });
  });

  it('that dies, babbles, or gives nothing fails with code 105 and its name', async () => {
    const failures: [string, string][] = [
      ['echo why >&2; exit 7', 'exit code 7 without a CNI error'],
      ['kill -9 $$', 'killed'],
      ['echo garbage', 'not valid JSON'],
      [`echo '{"ips":[]}'`, 'no address'],
      [`echo '{"ips":[{"address":"x"}]}'`, 'ips.0.address'],
      ['yes | head -c 2000000', 'ADD:'],
    ];
    for (const [script, why] of failures) {
      await plugin(script);
      const { code, message } = await refused(ipam.add(delegation, attachment));
      assert.equal(code, 105, script);
      assert.include(message, 'IPAM plugin fake');
      assert.include(message, why);
    }
    await plugin('', 'echo {}');
    assert.include((await refused(ipam.add(delegation, attachment))).message, 'lists no version');
  });

  it('A19: that hangs is ended with all that it started, in time', async () => {
    await plugin(`(sleep 30; touch ${directory}/late) & sleep 30`);
    const started = performance.now();
    assert.include((await refused(ipam.add(delegation, attachment))).message, 'timed out');
    assert.isBelow(performance.now() - started, 20_000, 'it would have gone on for 30 s');
    assert.isFalse(existsSync(join(directory, 'late')));
  }).timeout(60_000);

  it('may leave a child behind that holds its output, and has answered nevertheless', async () => {
    await plugin(`echo '{"ips":[{"address":"10.20.1.10/24"}]}'; sleep 30 &`);
    const { addresses } = await ipam.add(delegation, attachment);
    assert.deepEqual(addresses as readonly string[], ['10.20.1.10']);
  }).timeout(20_000);

  it('is ended when the verb is called off', async () => {
    await plugin('sleep 30');
    const off = new AbortController();
    const adding = refused(ipam.add(delegation, attachment, off.signal));
    setTimeout(() => off.abort(), 100);
    assert.include((await adding).message, 'called off');
  });

  it('T5: is an executable file of that name in CNI_PATH, or there is none', async () => {
    const missing = async (type: string) => (await refused(ipam.add({ ...delegation, type }, attachment))).code;
    await mkdir(join(directory, 'sub'));
    await writeFile(join(directory, 'text'), '');
    await writeFile(join(directory, 'sub', 'real'), '#!/bin/sh\n', { mode: 0o755 });
    for (const type of ['absent', 'sub', 'text', 'sub/real', '../x', '..', ''])
      assert.equal(await missing(type), 7, type);
  });

  it('may be a link, and one that cannot be executed says so', async () => {
    await answer({ ips: [{ address: '10.20.1.10/24' }] });
    await symlink('fake', join(directory, 'linked'));
    assert.lengthOf((await ipam.add({ ...delegation, type: 'linked' }, attachment)).addresses, 1);
    await writeFile(join(directory, 'fake'), 'not an executable');
    await chmod(join(directory, 'fake'), 0o755);
    assert.include((await refused(ipam.add(delegation, attachment))).message, 'IPAM plugin fake');
  });

  it('is not asked for verbs that it does not list', async () => {
    await plugin('exit 1');
    await ipam.status(delegation);
    await ipam.gc(delegation);
    assert.isFalse(existsSync(join(directory, 'stdin')));
    await plugin('exit 1', `echo '{"supportedVersions":["1.1.0"]}'`);
    assert.equal((await refused(ipam.status(delegation))).code, 105);
  });
});
