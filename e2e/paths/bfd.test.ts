/**
 * BFD through the whole of slash32, on gobgpd 4.8, with FRR's bfdd, while graceful restart is on: a node that falls silent is
 * lost in a fraction of the hold time, and a gobgpd that crashes is not noticed although its heartbeats end with it. The switch
 * has what `slash32 tor-config` prints.
 */
import { appendFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { expect } from 'chai';
import { reasonOf, unpackedPackage } from '../lab/debian-suite.js';
import { Lab } from '../lab/lab.js';
import { isAnswered, startPinging } from '../lab/ping.js';
import { waitedForProcessor } from '../lab/processor.js';
import { inRepository } from '../lab/repository.js';
import { monitorRoutes } from '../lab/route-monitor.js';
import { until } from '../lab/until.js';
import { atTor } from '../main-job/fabric.js';
import { printed } from '../tor-config/fabric.js';
import { type Attachment, attach, sessionsUp } from './dual-tor.js';

const TOPOLOGY = fileURLToPath(new URL('../../../e2e/paths/bfd.clab.yml', import.meta.url));

describe('BFD beside graceful restart', () => {
  let lab: Lab;
  let own: Attachment;
  let far: Attachment;

  before(async function () {
    const directory = await unpackedPackage('forky', 'gobgpd').catch((error) => {
      console.log(`      gobgpd 4.8 could not be had: ${reasonOf(error)}`);
      return undefined;
    });
    if (directory === undefined) return this.skip();
    lab = await Lab.forTests(TOPOLOGY, { name: 'paths-bfd', bare: true });
    const files = [1, 2].map((number) => inRepository(`e2e/paths/bfd/node${number}.yaml`));
    appendFileSync(tor().boundFile('/etc/frr/frr.conf'), await printed('frr', [], files));
    const newer = { PATH: `${directory}/usr/bin:${process.env.PATH}` };
    for (const node of lab.nodes.values()) {
      for (const name of node.processes) await node.start(name, { env: newer });
    }
    await sessionsUp(tor(), 2);
    own = await attach(lab, 'node1', 'own');
    far = await attach(lab, 'node2', 'far');
    await heartbeats();
  });
  after(() => lab?.down());

  const tor = () => lab.node('tor1');
  const node = () => lab.node('node1');
  const status = async () => (await node().slash32('status')).stdout;

  async function heartbeats(): Promise<void> {
    const up = async () => (await tor().vtysh('show bfd peers')).includes('Status: up');
    await until(up, { what: 'heartbeats at the switch' });
    await until(async () => (await status()).includes('established, BFD up'), { what: 'heartbeats in status' });
  }

  /** What the switch's kernel and a flow to the node's container saw, until everything is as before. */
  async function during(what: () => Promise<void>) {
    // gobgpd 4.8 resets a session that stood before the heartbeats did, and then the node has to hear the other anew.
    await until(() => isAnswered(far, own.v4), { what: 'the containers to reach each other' });
    const flow = startPinging(far.namespace, own.v4);
    const monitor = await monitorRoutes(tor().namespace);
    await what();
    await sessionsUp(tor(), 2);
    await atTor(lab, own.v4);
    const isFresh = async () => !/^ ?S[>* ]/m.test(await tor().vtysh('show bgp ipv4 unicast'));
    await until(isFresh, { what: 'the switch to have heard everything again' });
    await heartbeats();
    return { ...(await flow.stop()), events: await monitor.stop() };
  }

  /** Until another gobgpd is there. */
  async function replaced(signal: 'SIGKILL' | 'SIGSTOP'): Promise<void> {
    const before = node().pid('gobgpd');
    await node().kill('gobgpd', signal);
    await until(() => ![undefined, before].includes(node().pid('gobgpd')), { what: 'another gobgpd' });
    await until(async () => !(await status()).includes('BFD up'), { what: 'heartbeats to end' });
  }

  const router = (line: string) =>
    tor().exec(['vtysh', '-c', 'configure terminal', '-c', 'router bgp 65000', '-c', line]);

  it('is shown by status, and stands with the session', async () => {
    expect(await status()).to.match(/tor1 192\.0\.2\.0 AS 65000 established, BFD up/);
  });

  it('is at the switch as tor-config has derived it from the nodes, and with the node that asks for it alone', async () => {
    const [peer, ...others] = await tor().vtyshJson<readonly object[]>('show bfd peers json');
    expect(peer).to.include({ peer: '192.0.2.1', status: 'up' });
    expect(peer).to.include({ 'detect-multiplier': 3, 'receive-interval': 400, 'transmit-interval': 400 });
    expect(others).to.eql([]);
  });

  it('lets a crash of gobgpd stay unnoticed: its sessions end before its heartbeats are missed', async () => {
    const { lost, sent, events } = await during(() => replaced('SIGKILL'));
    expect(events).to.eql([]);
    expect(lost, `of ${sent}`).to.equal(0);
  });

  it('has a gobgpd that hangs taken for a dead node, as the advice says, unless the switch looks for that', async () => {
    const seen = await during(() => replaced('SIGSTOP'));
    expect(seen.events.filter(({ deleted, route }) => deleted && route.startsWith(own.v4))).to.have.length(1);
    expect(node().log('slash32d')).to.match(/"event":"advice".*tor1: a gobgpd that hangs is lost/);
    await router('neighbor 192.0.2.1 bfd check-control-plane-failure');
    await heartbeats();
    const { lost, sent, events } = await during(() => replaced('SIGSTOP'));
    expect(events).to.eql([]);
    expect(lost, `of ${sent}`).to.equal(0);
    await router('no neighbor 192.0.2.1 bfd check-control-plane-failure');
    await heartbeats();
  });

  it('finds a node that falls silent long before the hold time is over, and takes it back soon', async () => {
    await node().exec(['nft', SILENCE]);
    const [since, waited] = [performance.now(), waitedForProcessor()];
    await atTor(lab, own.v4, false);
    const milliseconds = Math.round(performance.now() - since);
    console.log(`      BFD of 3 x 400 ms, hold time 9 s: the switch has lost a silent node after ${milliseconds} ms`);
    expect(milliseconds - (waitedForProcessor() - waited)).to.be.below(4_000);
    await node().exec(['nft', 'delete', 'table', 'inet', 'silence']);
    const [again, waitedThen] = [performance.now(), waitedForProcessor()];
    await sessionsUp(tor(), 2);
    // gobgpd's own idea would be 30 s at least.
    expect(performance.now() - again - (waitedForProcessor() - waitedThen)).to.be.below(29_000);
  });
});

/** Nothing in, nothing out; links stay up. */
const SILENCE = ['add table inet silence']
  .concat(
    ['input', 'output'].map(
      (hook) => `add chain inet silence ${hook} { type filter hook ${hook} priority -500; policy drop; }`,
    ),
  )
  .join('; ');
