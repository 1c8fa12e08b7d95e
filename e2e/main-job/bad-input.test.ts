/** Whatever is wrong is said once, clearly, in a CNI error, and nothing has changed. */
import { appendFileSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect } from 'chai';
import { execa } from 'execa';
import type { Container } from '../lab/container.js';
import type { Lab } from '../lab/lab.js';
import { type Answer, add, type Call, cni, del } from '../lab/runtime.js';
import { fabricUp, holdings, NOTHING } from './fabric.js';

describe('wrong input', () => {
  let lab: Lab;
  let container: Container;

  before(async () => {
    lab = await fabricUp('input');
    container = await lab.container('node1', 'wrong');
    const file = lab.node('node1').boundFile('/etc/slash32/node.yaml');
    appendFileSync(file, '  - { name: tiny, table: 1003, pools: ["10.40.1.1/32"], export: ["64512:400"] }\n');
    await lab.node('node1').restart('slash32d');
  });
  after(() => lab?.down());

  /** The answer is one CNI error with this code that says this, and the node holds nothing it did not hold before. */
  async function refused(call: Call, code: number, says: RegExp, verb = 'ADD'): Promise<Answer> {
    const before = await holdings(lab.node('node1'));
    const answer = await cni(verb, container, call);
    expect(answer.exitCode).to.equal(1);
    expect(answer.json, JSON.stringify(answer.json)).to.include.keys('cniVersion', 'code', 'msg', 'details');
    expect([answer.json.code, answer.json.msg]).to.satisfy(
      ([actual, msg]: [number, string]) => actual === code && says.test(msg),
      JSON.stringify(answer.json),
    );
    expect(await holdings(lab.node('node1'))).to.eql(before);
    return answer;
  }

  it('of a network that the node does not know is answered with code 7 and the known ones', async () => {
    const { json } = await refused({ network: 'green' }, 7, /network "green" is not configured/);
    expect(json.details).to.match(/blue/);
  });

  it('that is no JSON is answered with code 6, without repeating it', async () => {
    const { json } = await refused({ stdin: '{"secret": canary' }, 6, /JSON/);
    expect(JSON.stringify(json)).not.to.match(/canary/);
  });

  it('of an unknown version is answered with code 1 and the supported ones', async () => {
    const { json } = await refused({ conf: { cniVersion: '9.9.9' } }, 1, /9\.9\.9/);
    expect(json.details).to.match(/0\.1\.0.*1\.1\.0/);
  });

  it('of a hostile container id or interface name is answered with code 4', async () => {
    await refused({ containerId: '../x' }, 4, /CNI_CONTAINERID/);
    await refused({ ifname: 'a/b' }, 4, /CNI_IFNAME/);
    await refused({ ifname: 'sixteen-bytes-16' }, 4, /CNI_IFNAME/);
  });

  it('of a namespace that is missing, a file, or a directory is answered with code 4', async () => {
    await refused({ netns: '/run/netns/s32-never-was' }, 4, /CNI_NETNS/);
    await refused({ netns: '/etc/hostname' }, 4, /CNI_NETNS/);
    await refused({ netns: '/etc' }, 4, /CNI_NETNS/);
  });

  it("of the host's own namespace as the container's is answered with code 4", async () => {
    const pid = lab.node('node1').pid('slash32d');
    await refused({ netns: `/proc/${pid}/ns/net` }, 4, /host's own/);
  });

  it('of an interface name that the container has already leaves that interface as it is', async () => {
    await container.exec(['ip', 'link', 'add', 'eth7', 'type', 'bridge']);
    const before = await container.exec(['ip', '-d', 'link', 'show', 'eth7']);
    await refused({ ifname: 'eth7' }, 102, /eth7/);
    expect(await container.exec(['ip', '-d', 'link', 'show', 'eth7'])).to.equal(before);
  });

  it('of a second ADD for the same interface leaves the first attachment as it is', async () => {
    await add(container);
    await refused({}, 100, /attached already/);
    await del(container);
  });

  it('of a pool without a free address names the pool, and one DEL makes room', async () => {
    const first = await lab.container('node1', 'tiny-1');
    await add(first, { network: 'tiny' });
    await refused({ network: 'tiny' }, 101, /no free address in 10\.40\.1\.1\/32/);
    await del(first, { network: 'tiny' });
    await add(container, { network: 'tiny' });
    await del(container, { network: 'tiny' });
  });

  it('of an IPAM plugin that does not exist names it and where it was looked for', async () => {
    await refused({ conf: { ipam: { type: 'no-such-ipam' } } }, 7, /no-such-ipam.*\/usr\/lib\/cni/);
  });

  it('leaves nothing behind in all of this', async () => {
    expect(await holdings(lab.node('node1'))).to.eql(NOTHING);
  });

  it('in the configuration file stops the controller with file:line:column for each mistake', async () => {
    const file = lab.node('node1').boundFile('/etc/slash32/node.yaml');
    const wrong = readFileSync(file, 'utf8').replace('asn: 65001', 'asn: many').replace('64512:100', '64512');
    const controller = join(import.meta.dirname, '../../../bin/slash32d');
    const path = '/tmp/s32-wrong-node.yaml';
    await execa('tee', [path], { input: wrong });
    const { exitCode, stderr } = await execa(controller, ['--config', path], { reject: false });
    await execa('rm', [path]);
    expect(exitCode).to.equal(2);
    expect(stderr).to.match(/s32-wrong-node\.yaml:\d+:\d+: bgp\.asn: /);
    expect(stderr).to.match(/s32-wrong-node\.yaml:\d+:\d+: networks\.0\.\w+.*64512/);
  });
});
