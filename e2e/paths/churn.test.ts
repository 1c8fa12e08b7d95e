/**
 * The churn pair: however often gobgpd and the controller are killed, together or apart, and also when gobgpd hangs, the
 * kernel of the ToR does not notice, and no packet is lost. The control, with graceful restart off, shows what would be
 * seen otherwise: a detector that cannot detect proves nothing.
 */

import { readFileSync, writeFileSync } from 'node:fs';
import { setTimeout as sleep } from 'node:timers/promises';
import { expect } from 'chai';
import { parse, stringify } from 'yaml';
import type { Container } from '../lab/container.js';
import type { Lab } from '../lab/lab.js';
import type { LabNode } from '../lab/node.js';
import { isAnswered, startPinging } from '../lab/ping.js';
import { monitorRoutes, type RouteEvent } from '../lab/route-monitor.js';
import { type Attached, add } from '../lab/runtime.js';
import { until } from '../lab/until.js';
import { announced, atTor, fabricUp, kernelRoutes, peersUp } from '../main-job/fabric.js';

const KILLS = 20;
const ROUTES = 5_000;
const HOLD_MS = 9_000;
/** Whom the ToR knows as node1. */
const OWN = ['192.0.2.1', '2001:db8:ffff:1::1'];
/** The ToR announces what its kernel has, as of network blue. */
const REDISTRIBUTE = [
  'configure terminal',
  'route-map BLUE permit 10',
  'set extcommunity rt 64512:100',
  'exit',
  'router bgp 65000',
  'address-family ipv4 unicast',
  'redistribute kernel route-map BLUE',
];

/** The IPv6 session with node1 may end, but cannot come. */
const MUTE = [
  'add table inet mute',
  'add chain inet mute input { type filter hook input priority 0; }',
  'add rule inet mute input ip6 saddr 2001:db8:ffff:1::1 tcp flags & syn == syn drop',
].join('; ');

describe('churn', () => {
  let lab: Lab;
  let one: Container & Attached;
  let other: Container & Attached;

  before(async () => {
    lab = await fabricUp('paths-churn');
    const attach = async (node: string, name: string) => {
      const container = await lab.container(node, name);
      return Object.assign(container, await add(container));
    };
    one = await attach('node1', 'one');
    other = await attach('node2', 'other');
    for (const { v4, v6 } of [one, other]) for (const address of [v4, v6]) await atTor(lab, address);
    await until(() => isAnswered(one, other.v4), {
      what: 'the two to reach each other',
    });
  });
  after(() => lab?.down());

  const node = () => lab.node('node1');
  /** Each is killed on both nodes at a time: half the time for as many kills. */
  const both = () => [lab.node('node1'), lab.node('node2')];

  /** Pings both ways and watches the ToR's kernel while something happens. */
  async function during(what: () => Promise<void>) {
    const pingers = [startPinging(one.namespace, other.v4), startPinging(other.namespace, one.v6)];
    const monitor = await monitorRoutes(lab.node('tor1').namespace);
    await what();
    const pings = await Promise.all(pingers.map((pinger) => pinger.stop()));
    const events = await monitor.stop();
    const sum = (of: 'sent' | 'lost') => pings.reduce((total, ping) => total + ping[of], 0);
    return { events, sent: sum('sent'), lost: sum('lost') };
  }

  function nothingHappened({
    events,
    sent,
    lost,
  }: {
    events: readonly RouteEvent[];
    sent: number;
    lost: number;
  }): void {
    expect(events).to.eql([]);
    expect(lost, `of ${sent} pings`).to.equal(0);
    expect(sent).to.be.above(100);
  }

  /** Does it to the gobgpds of these nodes, and waits until new ones have said everything to their peers. */
  async function toGobgpd(nodes: readonly LabNode[], signal: 'SIGKILL' | 'SIGSTOP'): Promise<void> {
    const before = nodes.map((one) => one.pid('gobgpd'));
    await Promise.all(nodes.map((one) => one.kill('gobgpd', signal)));
    await back(nodes, before);
  }

  async function back(nodes: readonly LabNode[], before: readonly (number | undefined)[]): Promise<void> {
    for (const [i, one] of nodes.entries()) {
      const isAnother = () => ![undefined, before[i]].includes(one.pid('gobgpd'));
      await until(isAnother, { what: `another gobgpd on ${one.name}` });
    }
    await peersUp(lab);
    for (const one of nodes) {
      await until(async () => (await announced(one)).length === 2, { what: `the announcements of ${one.name}` });
    }
    // Killed again before that, a receiver drops what is stale at once, and rightly so (RFC 4724 section 4.2).
    await heardAgain(['ipv4', 'ipv6']);
  }

  async function heardAgain(families: readonly ('ipv4' | 'ipv6')[], timeout?: number): Promise<void> {
    for (const family of families) {
      const table = () => lab.node('tor1').vtysh(`show bgp ${family} unicast`);
      const isFresh = async () => !/^ ?S[>* ]/m.test(await table());
      await until(isFresh, { what: `the ToR to have heard all of ${family} again`, ...(timeout && { timeout }) });
    }
  }

  it(`is none over ${KILLS} kills of gobgpd`, async () => {
    nothingHappened(
      await during(async () => {
        for (let killed = 0; killed < KILLS; killed += both().length) await toGobgpd(both(), 'SIGKILL');
      }),
    );
  }).timeout(600_000);

  it(`is none over ${KILLS} kills of the controller`, async () => {
    nothingHappened(
      await during(async () => {
        for (let killed = 0; killed < KILLS; killed += both().length) {
          await Promise.all(both().map((one) => one.kill('slash32d', 'SIGKILL')));
          await Promise.all(both().map((one) => one.start('slash32d')));
        }
      }),
    );
  });

  it('is none when both are killed together', async () => {
    nothingHappened(
      await during(async () => {
        const before = [node().pid('gobgpd')];
        await Promise.all([node().kill('slash32d', 'SIGKILL'), node().kill('gobgpd', 'SIGKILL')]);
        await node().start('slash32d');
        await back([node()], before);
      }),
    );
  });

  it('is none when gobgpd hangs: it is killed well inside the hold time', async () => {
    nothingHappened(await during(() => toGobgpd([node()], 'SIGSTOP')));
  });

  it('is none when gobgpd hangs and the controller is killed together', async () => {
    nothingHappened(
      await during(async () => {
        const before = [node().pid('gobgpd')];
        await Promise.all([node().kill('slash32d', 'SIGKILL'), node().kill('gobgpd', 'SIGSTOP')]);
        await node().start('slash32d');
        await back([node()], before);
      }),
    );
  });

  it('is none when the controller hangs for longer than the hold time', async () => {
    nothingHappened(
      await during(async () => {
        await node().kill('slash32d', 'SIGSTOP');
        await sleep(HOLD_MS + 1_000);
        await node().kill('slash32d', 'SIGCONT');
      }),
    );
  });

  it('is none when gobgpd is killed again while one session is back and another cannot come', async () => {
    const tor = lab.node('tor1');
    nothingHappened(
      await during(async () => {
        const before = node().pid('gobgpd');
        await tor.exec(['nft', MUTE]);
        await node().kill('gobgpd', 'SIGKILL');
        await until(() => ![undefined, before].includes(node().pid('gobgpd')), { what: 'another gobgpd' });
        await until(
          async () => (await lab.node('tor1').vtysh('show bgp neighbors 192.0.2.1')).includes('= Established'),
          {
            what: 'the one session to be back',
          },
        );
        // gobgpd would hold everything back until all have come, or for its deferral time: then this would be lost now.
        await heardAgain(['ipv4'], 12_000);
        await tor.exec(['nft', 'delete', 'table', 'inet', 'mute']);
        await toGobgpd([node()], 'SIGKILL');
      }),
    );
  });

  it(`is none with ${ROUTES} routes from the peer, at the ToR and at the node`, async () => {
    const tor = lab.node('tor1');
    const statics = Array.from(
      { length: ROUTES },
      (_, i) => `route add blackhole 10.20.${100 + (i >> 8)}.${i & 255}/32`,
    );
    const file = `${tor.directory}/routes`;
    writeFileSync(file, `${statics.join('\n')}\n`);
    await tor.exec(['ip', '-batch', file]);
    await tor.exec(['vtysh', ...REDISTRIBUTE.flatMap((command) => ['-c', command])]);
    const heard = async () => (await kernelRoutes(node(), 1001)).length;
    await until(async () => (await heard()) > ROUTES, { what: `${ROUTES} routes at node1` });
    const monitor = await monitorRoutes(node().namespace);
    nothingHappened(await during(() => toGobgpd([node()], 'SIGKILL')));
    expect((await monitor.stop()).filter(({ deleted }) => deleted)).to.eql([]);
    expect(await heard()).to.be.above(ROUTES);
  });

  it('is seen by the same witnesses when graceful restart is off: the control', async () => {
    const file = node().boundFile('/etc/slash32/node.yaml');
    const config = parse(readFileSync(file, 'utf8'));
    writeFileSync(file, stringify({ ...config, bgp: { ...config.bgp, gracefulRestart: '0s' } }));
    await node().kill('slash32d', 'SIGHUP');
    // Both sessions begin anew without it: until then the ToR has heard of it.
    const sessions = () => Promise.all(OWN.map((own) => lab.node('tor1').vtysh(`show bgp neighbors ${own}`)));
    const knows = async () => /Graceful Restart Cap\w+: (advertised and )?received/.test((await sessions()).join());
    expect(await knows()).to.equal(true);
    await until(async () => !(await knows()), { what: 'sessions without graceful restart' });
    await peersUp(lab);
    expect(await knows()).to.equal(false);
    await atTor(lab, one.v4);
    const { events, lost } = await during(() => toGobgpd([node()], 'SIGKILL'));
    expect(events.filter(({ deleted, route }) => deleted && route.includes(one.v4))).to.have.length.above(0);
    expect(lost).to.be.above(0);
  });
});
