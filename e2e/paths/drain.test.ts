/**
 * A node is drained: two nodes have the same address, the one that carries its traffic is drained, and nobody who sends
 * notices. Witnesses are a ping every 10 ms, the kernel and BGP table of the switch.
 */
import { fileURLToPath } from 'node:url';
import { expect } from 'chai';
import type { Container } from '../lab/container.js';
import { Lab } from '../lab/lab.js';
import { startPinging } from '../lab/ping.js';
import { type Attached, add, cni } from '../lab/runtime.js';
import { until } from '../lab/until.js';
import { announced, kernelRoutes } from '../main-job/fabric.js';
import { sessionsUp } from './dual-tor.js';

const TOPOLOGY = fileURLToPath(new URL('../../../e2e/paths/three-nodes.clab.yml', import.meta.url));
const SHARED = '10.20.9.9';

describe('a drain', () => {
  let lab: Lab;
  let own: Container & Attached;
  let client: Container & Attached;

  before(async () => {
    lab = await Lab.forTests(TOPOLOGY, { name: 'paths-drain' });
    await sessionsUp(lab.node('tor1'), 3);
    const attach = async (node: string, name: string, conf = {}) => {
      const container = await lab.container(node, name);
      return Object.assign(container, await add(container, { conf }));
    };
    const ipam = { type: 'static', addresses: [{ address: `${SHARED}/32` }] };
    await attach('node1', 'one', { ipam });
    own = await attach('node1', 'own');
    client = await attach('node3', 'client');
    await until(async () => (await via(SHARED)) === '192.0.2.1', { what: 'the switch to send to node1' });
    await attach('node2', 'two', { ipam });
  });
  after(() => lab?.down());

  /** Where the switch sends packets to this address. */
  const via = async (address: string) => {
    const [route] = JSON.parse(await lab.node('tor1').exec(['ip', '-j', 'route', 'show', address])) as {
      gateway: string;
    }[];
    return route?.gateway;
  };
  const reaches = async (address: string) => (await client.attempt(['ping', '-c', '1', '-W', '1', address])).code === 0;
  const slash32 = (...words: string[]) => lab.node('node1').slash32(...words);

  it('moves traffic to the other node without losing a packet, says so, and withdraws', async () => {
    // The switch tells node3 of the address some time after it has the route itself.
    await until(() => reaches(SHARED), { what: 'the client to reach it' });
    const pinger = startPinging(client.namespace, SHARED);
    const draining = slash32('drain', '--timeout', '60');
    await until(async () => (await via(SHARED)) === '192.0.2.3', { what: 'the switch to send to node2' });
    const leaving = await lab.node('tor1').vtysh(`show bgp ipv4 unicast ${own.v4}`);
    const { code, stdout, stderr } = await draining;
    const { lost, sent } = await pinger.stop();
    expect([lost, sent > 100], `${lost} of ${sent} lost`).to.eql([0, true]);
    expect(leaving).to.match(/graceful-shutdown/);
    expect(code, stderr).to.equal(0);
    expect(stdout).to.match(
      /^drained in [\d.]+ s: traffic has moved \(\d+ packets\/s to containers before, \d at the end\)/,
    );
    expect(await announced(lab.node('node1'))).to.eql([]);
    await until(async () => !(await kernelRoutes(lab.node('tor1'), 'main')).includes(own.v4), {
      what: 'the withdrawal',
    });
  });

  it('keeps containers as they are, and takes no new ones: ADD says 11 and STATUS 50, each with the remedy', async () => {
    const late = await lab.container('node1', 'late');
    const { exitCode, json } = await cni('ADD', late);
    expect([exitCode, json.code]).to.eql([1, 11]);
    expect(json.msg).to.match(/drained.*slash32 undrain/);
    const status = await cni('STATUS', late, { conf: { cniVersion: '1.1.0' } });
    expect([status.json.code, status.json.msg]).to.eql([50, json.msg]);
    const check = await cni('CHECK', own, { conf: { prevResult: own.result } });
    expect(check.exitCode, JSON.stringify(check.json)).to.equal(0);
    expect((await own.node.attempt(['ping', '-c', '1', '-W', '1', own.v4])).code).to.equal(0);
    expect(await slash32('status')).to.deep.include({ code: 3 });
  });

  it('outlives a restart of the controller, and of gobgpd', async () => {
    const node = lab.node('node1');
    await node.kill('slash32d', 'SIGKILL');
    await node.start('slash32d');
    const before = node.pid('gobgpd');
    await node.kill('gobgpd', 'SIGKILL');
    await until(() => ![undefined, before].includes(node.pid('gobgpd')), { what: 'another gobgpd' });
    await sessionsUp(lab.node('tor1'), 3);
    expect((await slash32('status')).stdout).to.match(/this node is drained/);
    expect(await announced(node)).to.eql([]);
  });

  it('ends with undrain: everything is announced again', async () => {
    expect(await slash32('undrain')).to.deep.include({ code: 0, stdout: 'announced again' });
    expect(await announced(lab.node('node1'))).to.have.members([`${own.v4}/32`, `${SHARED}/32`]);
    await until(async () => (await kernelRoutes(lab.node('tor1'), 'main')).includes(own.v4), {
      what: 'the announcement',
    });
  });

  it('cuts off what has nowhere else to go when its time is over, and says that too', async () => {
    // Where no traffic flows, there is none that could fail to move.
    await until(() => reaches(own.v4), { what: 'the client to reach it' });
    const pinger = startPinging(client.namespace, own.v4);
    const { stdout } = await slash32('drain', '--timeout', '2');
    const gone = async () => (await client.attempt(['ping', '-c', '1', '-W', '1', own.v4])).code !== 0;
    await until(gone, { what: 'it to be reached by nobody' });
    await pinger.stop();
    expect(stdout).to.match(/traffic has not moved in time, and what was left was cut off/);
    await slash32('undrain');
  });
});
