import { rmSync } from 'node:fs';
import { expect } from 'chai';
import type { Container } from '../lab/container.js';
import type { Lab } from '../lab/lab.js';
import { type Attached, add, cni, del } from '../lab/runtime.js';
import { until } from '../lab/until.js';
import { atTor, fabricUp, holdings, NOTHING } from './fabric.js';

describe('DEL', () => {
  let lab: Lab;
  let serial = 0;

  before(async () => {
    lab = await fabricUp('detach');
  });
  after(() => lab?.down());

  async function attached(): Promise<Container & Attached> {
    const container = await lab.container('node1', `gone-${++serial}`);
    const there = Object.assign(container, await add(container));
    await atTor(lab, there.v4);
    await atTor(lab, there.v6);
    return there;
  }

  async function nothingIsLeftOf({ v4, v6 }: Attached): Promise<void> {
    await atTor(lab, v4, false);
    await atTor(lab, v6, false);
    expect(await holdings(lab.node('node1'))).to.eql(NOTHING);
  }

  it('removes veth, routes, filters, record and announcement, and the ToR forgets', async () => {
    const container = await attached();
    expect((await holdings(lab.node('node1'))).links).to.eql([container.hostLink]);
    await del(container);
    await nothingIsLeftOf(container);
    expect((await container.attempt(['ip', 'link', 'show', 'eth0'])).code).not.to.equal(0);
  });

  it('succeeds twice, and for a container that never was', async () => {
    const container = await attached();
    await del(container);
    await del(container);
    await del(container, { containerId: 'never-was' });
    await nothingIsLeftOf(container);
  });

  it('succeeds with an empty CNI_NETNS', async () => {
    const container = await attached();
    await del(container, { netns: '' });
    await nothingIsLeftOf(container);
  });

  it('succeeds when the namespace has vanished', async () => {
    const container = await attached();
    await container.remove();
    await del(container);
    await nothingIsLeftOf(container);
  });

  it('frees the address for another container, but not at once', async () => {
    const first = await attached();
    await del(first);
    const second = await attached();
    expect(second.v4).not.to.equal(first.v4);
    await del(second);
  });

  it('of a foreign container in the same namespace leaves the owner alone', async () => {
    const owner = await attached();
    await del(owner, { containerId: 'somebody-else' });
    expect((await owner.attempt(['ip', 'link', 'show', 'eth0'])).code).to.equal(0);
    expect((await holdings(lab.node('node1'))).links).to.eql([owner.hostLink]);
    await del(owner);
    await nothingIsLeftOf(owner);
  });

  it('succeeds while the controller is down, and is carried out before the controller answers again', async () => {
    const container = await attached();
    const node = lab.node('node1');
    await node.kill('slash32d', 'SIGKILL');
    await del(container);
    await container.remove();
    expect((await holdings(node)).tombstones).to.have.lengthOf(1);
    await node.start('slash32d');
    expect((await holdings(node)).tombstones).to.eql([]);
    await nothingIsLeftOf(container);
  });

  it('is made up for at the next start when the record of an endpoint is lost', async () => {
    const container = await attached();
    const node = lab.node('node1');
    await node.kill('slash32d', 'SIGKILL');
    for (const record of (await holdings(node)).records) rmSync(`${node.directory}/slash32/endpoints/${record}`);
    await node.start('slash32d');
    await nothingIsLeftOf(container);
  });

  it('is not needed for an ADD that failed', async () => {
    const container = await lab.container('node1', 'half');
    await container.exec(['ip', 'link', 'add', 'eth0', 'type', 'bridge']);
    expect((await cni('ADD', container)).exitCode).not.to.equal(0);
    await until(async () => (await holdings(lab.node('node1'))).links.length === 0, { what: 'nothing to be left' });
    expect(await holdings(lab.node('node1'))).to.eql(NOTHING);
  });
});
