/**
 * gobgpd is away for longer than the restart time. A switch that knows long-lived graceful restart (RFC 9494) keeps our
 * routes as stale ones, least preferred, instead of dropping them, and packets go on. Witnesses as in `churn.test.ts`.
 *
 * The restart time is over before any peer can have come back: what the node itself had heard must outlive that too.
 */
import { expect } from 'chai';
import type { Lab } from '../lab/lab.js';
import { startPinging } from '../lab/ping.js';
import { monitorRoutes } from '../lab/route-monitor.js';
import { until } from '../lab/until.js';
import { atNodes, atTor, fabricUp, peersUp } from '../main-job/fabric.js';
import { reconfigure } from '../networks/reconfigure.js';
import { type Attachment, attach } from './dual-tor.js';

const longLived = (yaml: string) =>
  yaml
    .replace('gracefulRestart: 60s', 'gracefulRestart: 4s')
    .replaceAll('asn: 65000,', 'asn: 65000, longLivedGracefulRestart: 40s,');

describe('a gobgpd that is away for longer than the restart time', () => {
  let lab: Lab;
  let own: Attachment;
  let far: Attachment;

  before(async () => {
    lab = await fabricUp('bgprestart-llgr');
    const setting = ['configure terminal', 'router bgp 65000', 'bgp long-lived-graceful-restart stale-time 100'];
    await lab.node('tor1').exec(['vtysh', ...setting.flatMap((line) => ['-c', line])]);
    for (const name of ['node1', 'node2']) await reconfigure(lab.node(name), longLived);
    await lab.node('tor1').vtysh('clear bgp *');
    await peersUp(lab);
    own = await attach(lab, 'node1', 'own');
    far = await attach(lab, 'node2', 'far');
    for (const { v4, v6 } of [own, far]) {
      for (const address of [v4, v6]) await atTor(lab, address);
      for (const address of [v4, v6]) await atNodes(lab, address);
    }
  });
  after(() => lab?.down());

  const stale = async () => /llgr.stale/i.test(await lab.node('tor1').vtysh(`show bgp ipv4 unicast ${own.v4}`));

  it('keeps its routes at a switch with long-lived graceful restart: none of IPv4 changes, and no ping is lost', async () => {
    const [tor, node] = [lab.node('tor1'), lab.node('node1')];
    const monitor = await monitorRoutes(tor.namespace);
    const onNodes = [await monitorRoutes(node.namespace), await monitorRoutes(far.node.namespace)];
    const flow = startPinging(far.namespace, own.v4);
    await node.kill('sidecar', 'SIGKILL');
    await until(() => node.pid('gobgpd') === undefined, { what: 'gobgpd to have died with its supervisor' });
    await until(stale, { what: 'the switch to keep the route as a long-lived stale one' });
    await node.start('sidecar');
    await peersUp(lab);
    await until(async () => !(await stale()), { what: 'the switch to have heard it again' });
    const { lost, sent } = await flow.stop();
    for (const one of onNodes) expect(await one.stop()).to.eql([]);
    const events = await monitor.stop();
    expect(events.filter(({ route }) => !route.includes(':'))).to.eql([]);
    // FRR writes a fresh IPv6 route over its stale self by removing and adding it, 0.2 ms apart: that pair, and nothing else.
    const [removed, added] = [true, false].map((deleted) => events.filter((event) => event.deleted === deleted));
    expect(removed?.map(({ route }) => route)).to.eql(added?.map(({ route }) => route));
    expect([lost, sent > 300], `${lost} of ${sent} lost`).to.eql([0, true]);
  });
});
