/** Containers that end without DEL, and DELs that came while nobody answered. */
import { spawn } from 'node:child_process';
import { readdirSync, readFileSync, rmSync } from 'node:fs';
import { expect } from 'chai';
import { execa } from 'execa';
import type { Container } from '../lab/container.js';
import type { Lab } from '../lab/lab.js';
import type { LabNode } from '../lab/node.js';
import { commandOf } from '../lab/process.js';
import { type Attached, add, type Call, cni, del } from '../lab/runtime.js';
import { until } from '../lab/until.js';
import { atTor, fabricUp, holdings, NOTHING } from '../main-job/fabric.js';

describe('a container that vanished', () => {
  let lab: Lab;
  let node: LabNode;
  let serial = 0;

  before(async () => {
    lab = await fabricUp('verbs-gone');
    node = lab.node('node1');
  });
  after(() => lab?.down());

  async function attached(call: Call = {}): Promise<Container & Attached> {
    const container = await lab.container('node1', `gone-${++serial}`);
    const there = Object.assign(container, await add(container, call));
    await atTor(lab, there.v4);
    return there;
  }
  const nothingLeft = () =>
    until(async () => JSON.stringify(await holdings(node)) === JSON.stringify(NOTHING), {
      what: 'the node to hold nothing',
    });
  const tombstones = () =>
    readdirSync(`${node.directory}/slash32/tombstones`).filter((name) => !name.startsWith('.') && name !== 'corrupt');

  it('A33: without DEL is withdrawn at once, and nothing of it stays', async () => {
    const container = await attached();
    await container.remove();
    await nothingLeft();
    await atTor(lab, container.v4, false);
    await atTor(lab, container.v6, false);
  });

  it('A33: takes its delegated reservation with it', async () => {
    const dataDir = `${node.directory}/host-local`;
    const ipam = { type: 'host-local', dataDir, ranges: [[{ subnet: '10.20.1.128/25' }]] };
    const container = await attached({ conf: { ipam } });
    const leases = () => readdirSync(`${dataDir}/blue`).filter((it) => /^\d/.test(it));
    expect(leases()).to.have.length(1);
    await container.remove();
    await nothingLeft();
    expect(leases()).to.eql([]);
  });

  it('leaves its address at rest: the next container gets another', async () => {
    const container = await attached();
    await container.remove();
    await nothingLeft();
    const next = await attached();
    expect(next.v4).not.to.equal(container.v4);
    await del(next);
  });

  it('while the controller was away is found when it is back', async () => {
    const container = await attached();
    await node.kill('slash32d', 'SIGKILL');
    await container.remove();
    await node.start('slash32d');
    await nothingLeft();
    await atTor(lab, container.v4, false);
  });

  it('A26: is not one that only lost its host link: its record and address stay until DEL', async () => {
    const [lost, gone] = [await attached(), await attached()];
    await node.exec(['ip', 'link', 'del', lost.hostLink]);
    await atTor(lab, lost.v4, false);
    await gone.remove();
    // The sweep that took `gone` has looked at `lost` too.
    await until(async () => (await holdings(node)).records.length === 1, { what: 'one record to be left' });
    const check = await cni('CHECK', lost, { conf: { prevResult: lost.result } });
    expect(check.json.msg).to.include(`host link ${lost.hostLink} is gone`);
    await del(lost);
    await nothingLeft();
  });

  it('is not one whose namespace has lost its name only', async () => {
    const [nameless, gone] = [await attached(), await attached()];
    const { pid } = await holdOpen(nameless);
    try {
      await execa('ip', ['netns', 'del', nameless.namespace]);
      await gone.remove();
      await until(async () => (await holdings(node)).records.length === 1, { what: 'one record to be left' });
      const reply = await node.attempt(['ping', '-n', '-c', '1', '-W', '2', nameless.v4]);
      expect(reply.code, 'the process in it still has its network').to.equal(0);
    } finally {
      process.kill(pid, 'SIGKILL');
    }
    await nothingLeft();
  });

  it('together with its record, controller down, leaves a host link that goes at the next start', async () => {
    // An id that is too long for the link's alias, which has a hash of it instead.
    const long = { containerId: 'k'.repeat(300) };
    const [lost, kept] = [await attached(), await attached(long)];
    const records = `${node.directory}/slash32/endpoints`;
    const fileOf = (name: string) =>
      readdirSync(records).find((file) => readFileSync(`${records}/${file}`, 'utf8').includes(`"${name}"`))!;
    await node.kill('slash32d', 'SIGKILL');
    rmSync(`${records}/${fileOf(lost.name)}`);
    await node.start('slash32d');
    await until(async () => (await holdings(node)).links.length === 1, { what: 'one host link to be left' });
    expect((await holdings(node)).links).to.eql([kept.hostLink]);
    await atTor(lab, lost.v4, false);
    expect((await kept.attempt(['ping', '-n', '-c', '1', '-W', '2', '169.254.1.1'])).code).to.equal(0);
    await del(kept, long);
    await nothingLeft();
  });

  it('A31: by a DEL that was kept while the controller runs is detached as soon as the tombstone appears', async () => {
    const container = await attached();
    // A forwarder that finds no controller, but the directory of ours: its tombstone is written while we run.
    const absent = { SLASH32_SOCKET: node.cniSocket.replace('cni.sock', 'absent.sock'), SLASH32_CONNECT_MS: '1000' };
    const late = await cni('DEL', container, { env: absent });
    expect(late.exitCode).to.equal(0);
    await nothingLeft();
    expect(tombstones()).to.eql([]);
  });

  it('A9: a DEL that was queued before the same id was attached anew does not mean the new one', async () => {
    const container = await lab.container('node1', `gone-${++serial}`);
    const absent = { SLASH32_SOCKET: node.cniSocket.replace('cni.sock', 'absent.sock'), SLASH32_CONNECT_MS: '1000' };
    await node.kill('slash32d', 'SIGSTOP');
    expect((await cni('DEL', container, { env: absent })).exitCode).to.equal(0);
    expect(tombstones()).to.have.length(1);
    const adding = add(container);
    await node.kill('slash32d', 'SIGCONT');
    const there = Object.assign(container, await adding);
    await until(() => tombstones().length === 0, { what: 'the tombstone to be worked off' });
    const check = await cni('CHECK', there, { conf: { prevResult: there.result } });
    expect(check.exitCode, JSON.stringify(check.json)).to.equal(0);
    await del(there);
    await nothingLeft();
  });

  it('A31: a DEL that a stopped controller did not answer is kept, and done when it goes on', async () => {
    const container = await attached();
    await node.kill('slash32d', 'SIGSTOP');
    const answer = await cni('DEL', container, { env: { SLASH32_ANSWER_MS: '2000' } });
    expect(answer.exitCode).to.equal(0);
    expect(tombstones()).to.have.length(1);
    await node.kill('slash32d', 'SIGCONT');
    await nothingLeft();
    await atTor(lab, container.v4, false);
  });
});

/** A process in the container's namespace, which keeps it alive without its name. */
async function holdOpen(container: Container): Promise<{ pid: number }> {
  const child = spawn('ip', ['netns', 'exec', container.namespace, 'sleep', '300'], { stdio: 'ignore' });
  const pid = child.pid!;
  await until(() => commandOf(pid) === 'sleep', { what: 'the process to be inside' });
  return { pid };
}
