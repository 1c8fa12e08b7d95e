/** Peers that no configuration names: one that connects by itself from a listen range, and the default gateway. */
import { fileURLToPath } from 'node:url';
import { expect } from 'chai';
import type { Container } from '../lab/container.js';
import { Lab } from '../lab/lab.js';
import type { LabNode } from '../lab/node.js';
import { isAnswered } from '../lab/ping.js';
import { monitorRoutes } from '../lab/route-monitor.js';
import { type Attached, add, cni } from '../lab/runtime.js';
import { until } from '../lab/until.js';
import { atTor, kernelRoutes } from '../main-job/fabric.js';
import { reconfigure } from '../networks/reconfigure.js';
import { established, sessions, status } from './fabric.js';

const TOPOLOGY = fileURLToPath(new URL('../../../e2e/peers/newcomers.clab.yml', import.meta.url));

describe('a peer that no configuration names', () => {
  let lab: Lab;
  let [listening, following]: LabNode[] = [];
  let one: Container & Attached;
  let two: Container & Attached;

  before(async () => {
    lab = await Lab.forTests(TOPOLOGY, { name: 'peers2-newcomers' });
    [listening, following] = [lab.node('node1'), lab.node('node2')];
    for (const node of [listening, following]) await established(node, 1);
    const attached = async (node: string, name: string) => {
      const container = await lab.container(node, name);
      return Object.assign(container, await add(container));
    };
    [one, two] = [await attached('node1', 'blue-1'), await attached('node2', 'blue-2')];
  });
  after(() => lab?.down());

  const has = (node: LabNode, address: string) =>
    until(async () => (await kernelRoutes(node, 1001)).includes(address), { what: `${address} on ${node.name}` });

  it('and comes by a listen range hears us and is heard, and packets pass', async () => {
    await atTor(lab, one.v4);
    await has(listening!, two.v4);
    await has(following!, one.v4);
    await until(() => isAnswered(one, two.v4), { what: 'blue-1 to reach blue-2' });
  });

  it('and comes by a listen range appears in slash32 status, with the range', async () => {
    const { code, peers, ranges } = await status(listening!);
    expect(code).to.equal(0);
    expect(ranges).to.eql([{ name: 'tors', prefix: '192.0.2.0/31', established: 1 }]);
    expect(peers).to.have.length(1);
    expect(peers[0]).to.include({ name: 'tors', address: '192.0.2.0', asn: 65000, session: 'established' });
  });

  it('gets the lists, the targets for untagged paths and the communities of its range', async () => {
    await has(listening!, '10.99.0.0/24');
    const why = await listening!.slash32('explain', '10.98.0.0/24');
    expect(why.stdout).to.include('10.98.0.0/24 is in the "deny" list');
    expect(await kernelRoutes(listening!, 1001)).to.not.include('10.98.0.0/24');
    const said = await lab.node('tor1').exec(['vtysh', '-c', `show bgp ipv4 unicast ${one.v4}/32`]);
    expect(said).to.include('65001:7');
  });

  it('keeps its session when only a list changes at the reload, and gets a new one with other timers', async () => {
    const since = async () => (await sessions(listening!))[0]?.since ?? 0;
    const before = await since();
    await reconfigure(listening!, (yaml) => yaml.replace('10.98.0.0/16', '10.99.0.0/16'));
    await has(listening!, '10.98.0.0/24');
    await until(async () => !(await kernelRoutes(listening!, 1001)).includes('10.99.0.0/24'), {
      what: 'what is denied now to be gone',
    });
    expect(await since()).to.equal(before);
    await reconfigure(listening!, (yaml) => yaml.replace('asn: 65000', 'asn: 65000\n      timers: { hold: 12s }'));
    await until(async () => (await since()) > before, { what: 'another session' });
    const text = await listening!.gobgp('neighbor', '192.0.2.0');
    expect(text).to.include('Configured hold time is 12');
  });

  it('keeps our routes while gobgpd is killed, and takes them again without a change in its kernel', async () => {
    const before = listening!.pid('gobgpd');
    const monitor = await monitorRoutes(lab.node('tor1').namespace);
    await listening!.kill('gobgpd', 'SIGKILL');
    await until(() => ![undefined, before].includes(listening!.pid('gobgpd')), { what: 'another gobgpd' });
    await established(listening!, 1);
    await atTor(lab, one.v4);
    expect((await monitor.stop()).filter(({ route }) => route.includes(one.v4))).to.eql([]);
  });

  it('is as good as any other for STATUS: without it the node is cut off, and the reason names the range', async () => {
    const answer = () => cni('STATUS', one, { conf: { cniVersion: '1.1.0' } });
    const saysYes = () => until(async () => (await answer()).exitCode === 0, { what: 'STATUS to say yes' });
    await saysYes();
    await lab.node('tor1').exec(shutdown(''));
    const no = async () => [await answer()].find(({ exitCode }) => exitCode !== 0);
    const { json } = await until(no, { what: 'STATUS to say no' });
    expect(json.code).to.equal(51);
    expect(JSON.stringify(json)).to.include('tors: nobody has come from 192.0.2.0/31');
    expect((await status(listening!)).ranges[0].established).to.equal(0);
    await lab.node('tor1').exec(shutdown('no '));
    await established(listening!, 1);
    await saysYes();
  });

  it('goes with its range, and comes back with it', async () => {
    let taken = '';
    await reconfigure(listening!, (yaml) => {
      taken = / {2}listenRanges:\n( {4}.*\n)+/.exec(yaml)?.[0] ?? '';
      return yaml.replace(taken, '');
    });
    await until(async () => (await sessions(listening!)).length === 0, { what: 'the peer to be gone' });
    await reconfigure(listening!, (yaml) => yaml.replace('networks:', `${taken}networks:`));
    await established(listening!, 1);
  });

  it('speaks without BFD where gobgpd has none, keeps its session, and status names the remedy', async () => {
    const [before] = await sessions(following!);
    await reconfigure(following!, (yaml) =>
      yaml.replace('auto: default-gateway,', 'auto: default-gateway, bfd: true,'),
    );
    const troubled = async () => [await status(following!)].find(({ troubles }) => troubles.length > 0);
    const { code, troubles } = await until(troubled, { what: 'the trouble' });
    expect(code).to.equal(3);
    expect(troubles[0]).to.include('192.0.2.2 (speaks without BFD').and.include('run gobgpd 4.8, or leave bfd out');
    expect((await sessions(following!))[0]).to.eql(before);
    await reconfigure(following!, (yaml) => yaml.replace(' bfd: true,', ''));
    await until(async () => (await status(following!)).troubles.length === 0, { what: 'the trouble to be over' });
  });

  it('and is the default gateway is found there, and again elsewhere when the default route moves', async () => {
    const { peers } = await status(following!);
    expect(peers[0]).to.include({ name: 'default-gateway', address: '192.0.2.2', session: 'established' });
    await has(following!, '10.99.0.0/24');
    await lab.node('tor1').exec(['ip', 'address', 'add', '203.0.113.1/24', 'dev', 'eth2']);
    await following!.exec(['ip', 'address', 'add', '203.0.113.2/24', 'dev', 'eth1']);
    await following!.exec(['ip', 'route', 'replace', 'default', 'via', '203.0.113.1']);
    await until(async () => (await sessions(following!))[0]?.address === '203.0.113.1', {
      what: 'the node to turn to the other gateway',
    });
  });
});

function shutdown(no: string): string[] {
  return [
    'vtysh',
    ...['configure terminal', 'router bgp 65000', `${no}neighbor 192.0.2.1 shutdown`].flatMap((line) => ['-c', line]),
  ];
}
