/**
 * One AS, and FRR as its route reflector: nodes as clients hear each other through it, with targets and next hops as they
 * were said, packets go past it, and neither its restart nor a node's is noticed. It has the configuration of tor-config.
 */
import { appendFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { expect } from 'chai';
import { Lab } from '../lab/lab.js';
import { startPinging } from '../lab/ping.js';
import { monitorRoutes } from '../lab/route-monitor.js';
import { add } from '../lab/runtime.js';
import { until } from '../lab/until.js';
import { announced, kernelRoutes } from '../main-job/fabric.js';
import { printed } from '../tor-config/fabric.js';
import { type Attachment, attach, sessionsUp, waysTo } from './dual-tor.js';

const TOPOLOGY = fileURLToPath(new URL('../../../e2e/paths/frr-reflector.clab.yml', import.meta.url));

describe('FRR as the route reflector', () => {
  let lab: Lab;
  let one: Attachment;
  let other: Attachment;
  let red: Attachment;

  before(async () => {
    lab = await Lab.forTests(TOPOLOGY, { name: 'paths-frr-rr', bare: true });
    await reflectorFrom(['node1', 'node2']);
    for (const node of lab.nodes.values()) for (const name of node.processes) await node.start(name);
    await sessionsUp(lab.node('rr'));
    one = await attach(lab, 'node1', 'one');
    other = await attach(lab, 'node2', 'other');
    const container = await lab.container('node2', 'red');
    red = Object.assign(container, await add(container, { network: 'red' }));
    for (const address of [other.v4, other.v6]) await has('node1', address, 1001);
    for (const address of [one.v4, one.v6]) await has('node2', address, 1001);
  });
  after(() => lab?.down());

  /** The reflector gets what tor-config prints for these nodes. */
  async function reflectorFrom(names: readonly string[]): Promise<void> {
    const files = names.map((name) => lab.node(name).boundFile('/etc/slash32/node.yaml'));
    appendFileSync(lab.node('rr').boundFile('/etc/frr/frr.conf'), await printed('frr', [], files));
  }

  const has = (node: string, address: string, table: number) => {
    const heard = async () => kernelRoutes(lab.node(node), table, address.includes(':') ? 6 : 4);
    return until(async () => (await heard()).includes(address), {
      what: `${address} in table ${table} of ${node}`,
    });
  };

  /** Pings both ways while something happens; returns how many were lost, and what either node's kernel saw. */
  async function during(what: () => Promise<void>) {
    const monitors = await Promise.all(['node1', 'node2'].map((name) => monitorRoutes(lab.node(name).namespace)));
    const flows = [startPinging(one.namespace, other.v4), startPinging(other.namespace, one.v6)];
    await what();
    const pings = await Promise.all(flows.map((flow) => flow.stop()));
    const events = (await Promise.all(monitors.map((monitor) => monitor.stop()))).flat();
    expect(Math.min(...pings.map(({ sent }) => sent))).to.be.above(50);
    const sum = (of: 'sent' | 'lost') => pings.reduce((total, ping) => total + ping[of], 0);
    return { sent: sum('sent'), lost: sum('lost'), events };
  }

  const stale = async () => {
    const tables = await Promise.all(['ipv4', 'ipv6'].map((one) => lab.node('rr').vtysh(`show bgp ${one} unicast`)));
    return tables.some((table) => /^ ?S[>* ]/m.test(table));
  };

  it('passes on what a node says, to the networks of its targets alone, and the next hop is the other node', async () => {
    expect(await waysTo(lab.node('node1'), other.v4)).to.eql(['192.0.2.2']);
    expect(await waysTo(lab.node('node1'), other.v6)).to.eql(['2001:db8:ff::2']);
    await has('node1', red.v4, 1002);
    expect(await kernelRoutes(lab.node('node1'), 1001)).to.not.include(red.v4);
    expect(await kernelRoutes(lab.node('node1'), 1002)).to.not.include(other.v4);
  });

  it('lets packets flow between containers, past the reflector', async () => {
    const heard = async () => {
      const [link] = JSON.parse(await lab.node('rr').exec(['ip', '-j', '-s', 'link', 'show', 'eth1']));
      return link.stats64.rx.packets as number;
    };
    const before = await heard();
    const { lost, sent } = await during(() => new Promise((resolve) => setTimeout(resolve, 3_000)));
    expect(lost).to.equal(0);
    expect((await heard()) - before).to.be.below(sent / 2);
  });

  it('restarts without anybody noticing: no route of a node changes, no ping is lost', async () => {
    const rr = lab.node('rr');
    const { lost, events } = await during(async () => {
      await rr.kill('bgpd', 'SIGKILL');
      await rr.start('bgpd');
      await sessionsUp(rr);
      for (const { v4, v6 } of [one, other]) {
        for (const [family, address] of [
          ['ipv4', v4],
          ['ipv6', v6],
        ] as const) {
          const known = async () => / available/.test(await rr.vtysh(`show bgp ${family} unicast ${address}`));
          await until(known, { what: `${address} at the reflector again` });
        }
      }
      // A wrong order shows when End-of-RIB has come and the table has not.
      await new Promise((resolve) => setTimeout(resolve, 4_000));
    });
    expect(events).to.eql([]);
    expect(lost).to.equal(0);
    for (const address of [other.v4, other.v6]) await has('node1', address, 1001);
  });

  it('keeps what a node has said while its gobgpd restarts: no route of the other changes, no ping is lost', async () => {
    const node = lab.node('node1');
    const before = node.pid('gobgpd');
    const { lost, events } = await during(async () => {
      await node.kill('gobgpd', 'SIGKILL');
      await until(() => ![undefined, before].includes(node.pid('gobgpd')), { what: 'another gobgpd' });
      await sessionsUp(lab.node('rr'));
      await until(async () => (await announced(node)).length === 2, { what: 'the announcements of node1' });
      await until(async () => !(await stale()), { what: 'the reflector to have heard everything again' });
    });
    expect(events).to.eql([]);
    expect(lost).to.equal(0);
  });
});
