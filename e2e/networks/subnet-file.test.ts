import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect } from 'chai';
import type { Container } from '../lab/container.js';
import type { Lab } from '../lab/lab.js';
import type { LabNode } from '../lab/node.js';
import { type Attached, add, cni, del } from '../lab/runtime.js';
import { until } from '../lab/until.js';
import { atNodes, fabricUp, holdings, NOTHING } from '../main-job/fabric.js';
import { reconfigure } from './reconfigure.js';

/** One for all nodes: nothing in it tells them apart. */
const CONFLIST = { conf: { ipam: { subnet: 'usePodCidr' } } };

describe("pools from flannel's subnet file, one CNI configuration for all nodes,", () => {
  const dataDir = mkdtempSync(join(tmpdir(), 's32-cni3-pods-'));
  const ranges = [[{ subnet: 'usePodCidr' }], [{ subnet: 'usePodCidrIPv6' }]];
  const delegated = { conf: { ipam: { type: 'host-local', dataDir, ranges } } };
  let lab: Lab;
  const file = (node: LabNode) => `${node.directory}/subnet.env`;
  const given = (node: LabNode, third: number) =>
    writeFileSync(
      file(node),
      `FLANNEL_NETWORK=10.20.0.0/16\nFLANNEL_SUBNET=10.20.${third}.1/24\n` +
        `FLANNEL_IPV6_SUBNET=2001:db8:20:${third}::1/64\nFLANNEL_MTU=1450\nFLANNEL_IPMASQ=true\n`,
    );

  before(async () => {
    lab = await fabricUp('cni3-flannel');
    for (const [name, third] of [
      ['node1', 41],
      ['node2', 42],
    ] as const) {
      const node = lab.node(name);
      given(node, third);
      await reconfigure(node, (yaml) => yaml.replace(/^( +)pools: .*10\.20\..*$/m, `$1subnetFile: ${file(node)}`));
    }
  });
  after(async () => {
    rmSync(dataDir, { recursive: true, force: true });
    await lab?.down();
  });

  const attached = async (on: string, name: string, call = CONFLIST as { conf: object }) => {
    const container: Container = await lab.container(on, name);
    return Object.assign(container, (await add(container, call)) satisfies Attached);
  };

  it('give each node its own addresses, and the MTU that leaves room for what flannel adds', async () => {
    const [here, there] = [await attached('node1', 'here'), await attached('node2', 'there')];
    expect([here.v4, there.v4]).to.match(/^10\.20\.41\.\d+,10\.20\.42\.\d+$/);
    expect([here.v6, there.v6]).to.match(/^2001:db8:20:41::\w+,2001:db8:20:42::\w+$/);
    expect(await here.exec(['cat', '/sys/class/net/eth0/mtu'])).to.equal('1450');
    for (const to of [there.v4, there.v6]) {
      await atNodes(lab, to);
      const ping = () => here.exec(['ping', '-n', '-q', '-c', '1', '-W', '1', to]);
      // The switch tells the other node of the way back in its own time.
      await until(ping, { what: `an answer from ${to}` });
    }
    await del(here, CONFLIST);
    await del(there, CONFLIST);
  });

  it('are what host-local is given where its configuration says usePodCidr, and its DEL too without a record', async () => {
    const one = await attached('node1', 'one', delegated);
    expect(one.v4).to.match(/^10\.20\.41\./);
    expect(one.v6).to.match(/^2001:db8:20:41:/);
    await del(one, delegated);
    await del(one, delegated);
    expect(await holdings(lab.node('node1'))).to.eql(NOTHING);
  });

  it('follow the file at the next reload, and who is attached keeps his address', async () => {
    const node = lab.node('node1');
    const before = await attached('node1', 'before');
    given(node, 51);
    await reconfigure(node, (yaml) => yaml);
    const after = await attached('node1', 'after');
    expect(before.v4).to.match(/^10\.20\.41\./);
    expect(after.v4).to.match(/^10\.20\.51\./);
    await after.exec(['ping', '-n', '-q', '-c', '1', '-W', '5', before.v4]);
    await del(before, CONFLIST);
    await del(after, CONFLIST);
  });

  it('stay as they are while the file is gone, which the log says by name, and a start then refuses', async () => {
    const node = lab.node('node1');
    rmSync(file(node));
    await node.kill('slash32d', 'SIGHUP');
    const complains = () => node.log('slash32d').includes(`${file(node)} cannot be read (ENOENT)`);
    await until(complains, { what: 'a word on the missing file' });
    await del(await attached('node1', 'meanwhile'), CONFLIST);
    await node.kill('slash32d', 'SIGTERM');
    const refusal = await node.start('slash32d').catch((error: Error) => error);
    expect(String(refusal)).to.include(`networks.0.subnetFile: ${file(node)} cannot be read (ENOENT); flanneld`);
    given(node, 41);
    await node.start('slash32d');
  });

  it('are refused by name for a family that the file does not have', async () => {
    const node = lab.node('node2');
    writeFileSync(file(node), 'FLANNEL_SUBNET=10.20.42.1/24\n');
    await reconfigure(node, (yaml) => yaml);
    const { json } = await cni('ADD', await lab.container('node2', 'refused'), delegated);
    expect(json).to.include({ code: 7 });
    expect(json.msg).to.equal('ipam says usePodCidrIPv6, and network "blue" has no IPv6 pool on this node');
  });
});
