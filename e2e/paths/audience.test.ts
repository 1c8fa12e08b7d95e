/**
 * Two switches that are told different things by one node: tor1 host routes, tor2 the block. Witnesses are the switches' own
 * kernels, pings every 10 ms through each of them, and `ip monitor route`.
 */
import { expect } from 'chai';
import type { Lab } from '../lab/lab.js';
import type { LabNode } from '../lab/node.js';
import { isAnswered, startPinging } from '../lab/ping.js';
import { monitorRoutes } from '../lab/route-monitor.js';
import { until } from '../lab/until.js';
import { announced, kernelRoutes } from '../main-job/fabric.js';
import { reconfigure } from '../networks/reconfigure.js';
import { type Attachment, attach, bothWays, dualTorUp, sessionsUp } from './dual-tor.js';

const BLOCKS = ['10.20.1.0/24', '2001:db8:20:1::/64'];
const TORS = ['tor1', 'tor2'] as const;

describe('two switches of one node', () => {
  let lab: Lab;
  let node: LabNode;
  let own: Attachment;
  let far: Attachment;

  before(async () => {
    lab = await dualTorUp('bgppeers-told');
    node = lab.node('node1');
    own = await attach(lab, 'node1', 'own');
    far = await attach(lab, 'node2', 'far');
    await bothWays(lab, [own], [far]);
  });
  after(() => lab?.down());

  /** What the switch's kernel routes to node1. */
  const routes = async (tor: string) =>
    (await Promise.all(([4, 6] as const).map((family) => kernelRoutes(lab.node(tor), 'main', family)))).flat();
  const isTold = (tor: string, there: readonly string[], gone: readonly string[]) =>
    until(
      async () => {
        const found = await routes(tor);
        return there.every((one) => found.includes(one)) && !gone.some((one) => found.includes(one));
      },
      { what: `${there.join(', ')} without ${gone.join(', ') || 'exception'} at ${tor}` },
    );
  const tell = (tor: string, announce: string) =>
    reconfigure(node, (yaml) =>
      yaml.replaceAll(new RegExp(`(name: ${tor}(?:-v6)?, )(?:announce: \\w+, )?`, 'g'), `$1${announce}`),
    );
  const hosts = () => [own.v4, own.v6];

  it('hear different things after a reload: tor1 host routes, tor2 the block, and pings through both lose nothing', async () => {
    // Each flow goes by one switch: node2 reaches node1 through tor1 alone, and tor2 alone.
    const flows = [startPinging(far.namespace, own.v4), startPinging(far.namespace, own.v6)];
    const monitor = await monitorRoutes(lab.node('tor1').namespace);
    await tell('tor2', 'announce: aggregate, ');
    await isTold('tor2', BLOCKS, hosts());
    await isTold('tor1', hosts(), BLOCKS);
    const results = await Promise.all(flows.map((flow) => flow.stop()));
    expect(results.map(({ lost }) => lost)).to.eql([0, 0]);
    expect(await monitor.stop(), 'routes of tor1, which is told nothing else').to.eql([]);
  });

  it('carry packets for the container: one by its host route, the other by the block', async () => {
    for (const via of ['192.0.2.2', '192.0.2.6']) {
      const way = ['route', 'replace', `${own.v4}/32`, 'via', via, 'metric', '1', 'table', '1001'];
      await lab.node('node2').exec(['ip', ...way]);
      await until(() => isAnswered(far, own.v4), { what: `an answer by way of ${via}` });
      await lab.node('node2').exec(['ip', ...way.with(1, 'del')]);
    }
    expect(await node.exec(['ip', 'route', 'show', 'table', 'main', 'type', 'blackhole'])).to.include(BLOCKS[0]);
  });

  it('hear of a new container what they are told: tor1 its host route, tor2 nothing', async () => {
    const late = await attach(lab, 'node1', 'late');
    await isTold('tor1', [late.v4, late.v6], BLOCKS);
    expect(await announced(node)).to.include(`${late.v4}/32`);
    await isTold('tor2', BLOCKS, [late.v4, late.v6, ...hosts()]);
  });

  it('change places without a lost ping, and slash32 explain says who hears what', async () => {
    const flows = [startPinging(far.namespace, own.v4), startPinging(far.namespace, own.v6)];
    await reconfigure(node, (yaml) =>
      yaml
        .replaceAll(/(name: tor2(?:-v6)?, )announce: \w+, /g, '$1announce: host, ')
        .replaceAll(/(name: tor1(?:-v6)?, )/g, '$1announce: aggregate, '),
    );
    await isTold('tor1', BLOCKS, hosts());
    await isTold('tor2', hosts(), BLOCKS);
    const results = await Promise.all(flows.map((flow) => flow.stop()));
    expect(results.map(({ lost }) => lost)).to.eql([0, 0]);
    const explain = async (what: string) => (await node.slash32('explain', what)).stdout;
    expect(await explain(own.v4)).to.match(
      /announced with the export targets of blue, to peers that are told host routes/,
    );
    expect(await explain(BLOCKS[0]!)).to.match(/announced .*, to peers whose "announce" asks for blocks/);
  });

  it('are told the same after kill -9 of gobgpd and of the controller, and their kernels change nothing', async () => {
    const monitors = await Promise.all(TORS.map((tor) => monitorRoutes(lab.node(tor).namespace)));
    await node.restart('slash32d', 'SIGKILL');
    await node.kill('gobgpd', 'SIGKILL');
    await until(async () => (await announced(node).catch((): string[] => [])).includes(BLOCKS[0]!), {
      what: 'the block again',
    });
    for (const tor of TORS) await sessionsUp(lab.node(tor));
    await isTold('tor1', BLOCKS, hosts());
    await isTold('tor2', hosts(), BLOCKS);
    expect(await Promise.all(monitors.map((monitor) => monitor.stop()))).to.eql([[], []]);
  });

  it('hear host routes alone again when no peer says otherwise', async () => {
    await tell('tor1', '');
    await tell('tor2', '');
    for (const tor of TORS) await isTold(tor, hosts(), BLOCKS);
  });
});
