/**
 * The promise of the project: nobody notices a restart. The witness is `ip monitor route` on the ToR, and a ping every
 * 10 ms; the control shows that both would have seen it.
 */
import { expect } from 'chai';
import type { Container } from '../lab/container.js';
import type { Lab } from '../lab/lab.js';
import { isAnswered, startPinging } from '../lab/ping.js';
import { monitorRoutes, type RouteEvent } from '../lab/route-monitor.js';
import { type Attached, add } from '../lab/runtime.js';
import { until } from '../lab/until.js';
import { announced, atNodes, atTor, fabricUp, kernelRoutes, peersUp } from './fabric.js';

describe('a restart', () => {
  let lab: Lab;
  const at: Record<string, Container & Attached> = {};

  before(async () => {
    lab = await fabricUp('restart');
    for (const [node, name] of [
      ['node1', 'blue-1'],
      ['node2', 'blue-2'],
    ] as const) {
      const container = await lab.container(node, name);
      at[name] = Object.assign(container, await add(container));
    }
    for (const { v4, v6 } of Object.values(at)) {
      for (const address of [v4, v6]) await atTor(lab, address);
      for (const address of [v4, v6]) await atNodes(lab, address);
    }
    await until(() => isAnswered(at['blue-1']!, at['blue-2']!.v4), { what: 'blue-1 to reach blue-2' });
  });
  after(() => lab?.down());

  /** Pings and watches the routes of ToR and node while something happens. */
  async function during(what: () => Promise<void>) {
    const pinger = startPinging(at['blue-1']!.namespace, at['blue-2']!.v4);
    const monitors = await Promise.all(['tor1', 'node1'].map((node) => monitorRoutes(lab.node(node).namespace)));
    await what();
    const pings = await pinger.stop();
    const [tor, node] = await Promise.all(monitors.map((monitor) => monitor.stop()));
    return { pings, tor: tor!, node: node! };
  }

  /** Ends gobgpd, and returns when another has said everything. */
  async function toGobgpd(signal: 'SIGKILL' | 'SIGTERM'): Promise<void> {
    const node = lab.node('node1');
    const [pid, before] = [node.pid('gobgpd'), await announced(node)];
    await node.kill('gobgpd', signal);
    await until(() => ![undefined, pid].includes(node.pid('gobgpd')), { what: 'another gobgpd' });
    await peersUp(lab);
    await until(async () => (await announced(node)).length === before.length, { what: 'the announcements to be back' });
  }

  const records = async () => {
    const directory = `${lab.node('node1').directory}/slash32/endpoints`;
    return lab.node('node1').exec(['sh', '-c', `cat ${directory}/*.json`]);
  };

  it('of a killed controller changes no route and loses no ping', async () => {
    const node = lab.node('node1');
    const before = { records: await records(), announced: await announced(node) };
    const {
      pings,
      tor,
      node: nodeEvents,
    } = await during(async () => {
      await node.kill('slash32d', 'SIGKILL');
      await node.start('slash32d');
      // The controller has heard gobgpd again when it answers an ADD that waits for the announcement.
      const third = await lab.container('node1', 'red-3');
      await add(third, { network: 'red' });
    });
    expect(pings.lost, `lost pings, longest gap ${pings.longestGap} ms`).to.equal(0);
    expect(pings.sent).to.be.greaterThan(20);
    const aboutOld = ({ deleted, route }: RouteEvent) =>
      deleted || Object.values(at).some(({ v4, v6 }) => route.includes(v4) || route.includes(v6));
    expect(nodeEvents.filter(aboutOld)).to.eql([]);
    expect(tor.filter(aboutOld)).to.eql([]);
    expect(await records()).to.include(before.records.trim());
    expect(await announced(node)).to.include.members(before.announced);
  });

  it('of a killed gobgpd withdraws nothing at the ToR and loses no ping', async () => {
    const node = lab.node('node1');
    const before = await announced(node);
    const {
      pings,
      tor,
      node: nodeEvents,
    } = await during(async () => {
      await toGobgpd('SIGKILL');
      // Until both sides have sent End-of-RIB and a moment beyond: that is when a wrong order shows.
      await new Promise((resolve) => setTimeout(resolve, 3000));
    });
    expect(tor.filter(({ deleted }) => deleted)).to.eql([]);
    expect(nodeEvents.filter(({ deleted }) => deleted)).to.eql([]);
    expect(pings.lost, `lost pings, longest gap ${pings.longestGap} ms`).to.equal(0);
    expect((await announced(node)).sort()).to.eql([...before].sort());
    expect(await kernelRoutes(lab.node('tor1'), 'main')).to.include(at['blue-1']!.v4);
  });

  it('would be seen: SIGTERM of gobgpd withdraws at the ToR, and the monitor shows it', async () => {
    const { tor } = await during(() => toGobgpd('SIGTERM'));
    expect(
      tor
        .filter(({ deleted }) => deleted)
        .map(({ route }) => route)
        .join(),
    ).to.include(at['blue-1']!.v4);
  });
});
