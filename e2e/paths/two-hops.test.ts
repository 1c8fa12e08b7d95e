/**
 * Next hops that are not on a link: what a route reflector passes on leads to a node behind it. Witnesses are the kernel's
 * routes and pings; the way there is an administrator's route, another one, none, a default route, or one that BGP brought.
 */
import { fileURLToPath } from 'node:url';
import { expect } from 'chai';
import { Lab } from '../lab/lab.js';
import type { LabNode } from '../lab/node.js';
import { isAnswered, startPinging } from '../lab/ping.js';
import { until } from '../lab/until.js';
import { atTor, kernelRoutes } from '../main-job/fabric.js';
import { reconfigure } from '../networks/reconfigure.js';
import { type Attachment, attach, waysTo } from './dual-tor.js';

const TOPOLOGY = fileURLToPath(new URL('../../../e2e/paths/two-hops.clab.yml', import.meta.url));
/** Where node2 is, and the addresses of its switch on both links of node1. */
const THERE = ['192.0.2.2/31', '2001:db8:ffff:2::/127'] as const;
const FIRST = ['192.0.2.0', '2001:db8:ffff:1::'] as const;
const SECOND = ['192.0.2.4', '2001:db8:ffff:3::'] as const;

describe('a next hop that is two hops away', () => {
  let lab: Lab;
  let node: LabNode;
  let own: Attachment;
  let far: Attachment;

  before(async function () {
    this.timeout(120_000);
    lab = await Lab.forTests(TOPOLOGY, { name: 'bgppeers-hops' });
    node = lab.node('node1');
    own = await attach(lab, 'node1', 'own');
    far = await attach(lab, 'node2', 'far');
    for (const { v4, v6 } of [own, far]) for (const address of [v4, v6]) await atTor(lab, address);
  });
  after(() => lab?.down());

  const addresses = () => [far.v4, far.v6];
  const leads = async (gateways: readonly string[]) => {
    for (const [i, address] of addresses().entries()) {
      await until(async () => (await waysTo(node, address)).join() === (gateways[i] ?? ''), {
        what: `${address} to be reached by way of ${gateways[i] ?? 'nobody'}`,
      });
    }
  };
  const route = async (verb: string, gateways: readonly string[], to: readonly string[] = THERE) => {
    for (const [i, gateway] of gateways.entries()) {
      await node.exec(['ip', i === 0 ? '-4' : '-6', 'route', verb, to[i]!, 'via', gateway]);
    }
  };
  const reaches = () =>
    until(() => isAnswered(own, far.v4), {
      what: 'an answer from there',
    });
  const explain = async (what: string) => (await node.slash32('explain', what)).stdout;
  const isSaid = (words: RegExp) =>
    until(async () => words.test(await explain(far.v4)), { what: `slash32 explain to say ${words}` });

  it('is refused with the reason as long as no route leads there', async () => {
    await isSaid(
      /the next hop of 10\.20\.2\.\d+\/32, 192\.0\.2\.3, is on no link of this node, and no route leads there/,
    );
    await leads([]);
  });

  it('is reached by the gateway of the route towards it, as soon as there is one, in both families', async () => {
    await route('add', FIRST);
    await leads(FIRST);
    await reaches();
    expect(await explain(far.v4)).to.match(/next hop 192\.0\.2\.3 \(reached via 192\.0\.2\.0\)/);
  });

  it('is reached another way when that route changes, and no packet is lost', async () => {
    const flow = startPinging(own.namespace, far.v4);
    await route('replace', SECOND);
    await leads(SECOND);
    const { sent, lost } = await flow.stop();
    expect([lost, sent > 5], `${lost} of ${sent} lost`).to.eql([0, true]);
  });

  it('is reached both ways where that route has two, each a next hop', async () => {
    const both = ['nexthop', 'via', FIRST[0], 'nexthop', 'via', SECOND[0]];
    await node.exec(['ip', 'route', 'replace', THERE[0], ...both]);
    await until(async () => (await waysTo(node, far.v4)).join() === `${FIRST[0]},${SECOND[0]}`, { what: 'both ways' });
    await route('replace', SECOND);
    await leads(SECOND);
  });

  it('is reached no more when that route goes, nor by a default route, and the reason is another', async () => {
    await route('del', SECOND);
    await leads([]);
    await route('add', FIRST, ['default', 'default']);
    await isSaid(
      /only a default route leads to the next hop of 10\.20\.2\.\d+\/32, 192\.0\.2\.3; give this node a route/,
    );
    await leads([]);
    await route('del', FIRST, ['default', 'default']);
  });

  it('is reached by a route that BGP brought, and lost with it', async () => {
    const say = (no: string) =>
      lab
        .node('tor1')
        .exec([
          ...['vtysh', '-c', 'configure terminal', '-c', 'router bgp 65000'],
          ...['-c', 'address-family ipv4 unicast', '-c', `${no}network ${THERE[0]}`],
          ...['-c', 'address-family ipv6 unicast', '-c', `${no}network ${THERE[1]}`],
        ]);
    await say('');
    await leads(FIRST);
    expect(await kernelRoutes(node, 'main')).to.include(THERE[0]);
    await reaches();
    await say('no ');
    await leads([]);
  });

  it('is refused where the peer may not say one, and taken again where it may', async () => {
    await route('add', FIRST);
    await leads(FIRST);
    await reconfigure(node, (yaml) =>
      yaml.replaceAll('asn: 65000, untagged', 'asn: 65000, nextHops: on-link, untagged'),
    );
    await isSaid(/is on no link of this node; set "nextHops: recursive" at peer 192\.0\.2\.0/);
    await leads([]);
    await reconfigure(node, (yaml) => yaml.replaceAll('nextHops: on-link', 'nextHops: recursive'));
    await leads(FIRST);
  });

  it('survives kill -9 of the controller: no ping is lost', async () => {
    const flow = startPinging(own.namespace, far.v4);
    await node.restart('slash32d', 'SIGKILL');
    await leads(FIRST);
    const { lost } = await flow.stop();
    expect(lost).to.equal(0);
    await route('replace', SECOND);
    await leads(SECOND);
  });
});
