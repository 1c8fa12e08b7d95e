/** A ToR that announces its connected prefixes, as many do, to a node whose main table imports from it. */
import { expect } from 'chai';
import type { RouteView } from '../../src/admin/views.js';
import { ask } from '../../src/cli/ask.js';
import type { Lab } from '../lab/lab.js';
import { monitorRoutes } from '../lab/route-monitor.js';
import { until } from '../lab/until.js';
import { fabricUp, kernelRoutes, peersUp } from '../main-job/fabric.js';
import { reconfigure } from '../networks/reconfigure.js';

describe('a ToR that announces what it is connected to', () => {
  let lab: Lab;
  const node = () => lab.node('node1');
  const verdicts = async () => {
    const routes = await ask<RouteView[]>(`${node().directory}/slash32/admin.sock`, '/routes');
    return Object.fromEntries(
      routes.filter(({ network }) => network === 'host').map(({ prefix, verdict }) => [prefix, verdict]),
    );
  };

  before(async function () {
    this.timeout(90_000);
    lab = await fabricUp('guards-connected');
    await reconfigure(node(), (yaml) => `${yaml}host: { import: ["64512:9"] }\n`);
  });
  after(() => lab?.down());

  it('gives the host its other links, and never the one that leads to itself', async () => {
    const monitor = await monitorRoutes(node().namespace);
    const tor = lab.node('tor1');
    await tor.exec(['ip', 'address', 'add', '198.51.100.9/32', 'dev', 'lo']);
    const family = (name: string) => [
      `address-family ${name} unicast`,
      'redistribute connected route-map TARGET',
      'exit',
    ];
    const commands = ['route-map TARGET permit 10', 'set extcommunity rt 64512:9', 'exit', 'router bgp 65000'];
    const all = ['configure terminal', ...commands, ...family('ipv4'), ...family('ipv6')];
    await tor.exec(['vtysh', ...all.flatMap((command) => ['-c', command])]);
    await until(async () => (await kernelRoutes(node(), 'main')).includes('192.0.2.2/31'), { what: 'the other link' });
    await until(async () => (await kernelRoutes(node(), 'main')).includes('198.51.100.9'), { what: 'its loopback' });
    await until(async () => (await kernelRoutes(node(), 'main', 6)).includes('2001:db8:ffff:2::/127'), {
      what: 'in IPv6 too',
    });
    await until(async () => (await verdicts())['2001:db8:ffff:1::/127'] !== undefined, { what: 'the last verdict' });
    expect(await verdicts()).to.include({
      '192.0.2.0/31': 'connected',
      '192.0.2.2/31': 'imported',
      '198.51.100.9/32': 'imported',
      '2001:db8:ffff:1::/127': 'connected',
      '2001:db8:ffff:2::/127': 'imported',
    });
    const routes = (await monitor.stop()).map(({ route }) => route.split(' ')[0]);
    expect(routes).to.have.members(['192.0.2.2/31', '198.51.100.9', '2001:db8:ffff:2::/127']);
  });

  it('cuts nobody off: the node reaches its ToR, and the sessions stand', async () => {
    for (const tor of ['192.0.2.0', '2001:db8:ffff:1::']) {
      const { code } = await node().attempt(['ping', '-n', '-q', '-c', '1', '-W', '10', tor]);
      expect(code, tor).to.equal(0);
    }
    await peersUp(lab);
  });
});
