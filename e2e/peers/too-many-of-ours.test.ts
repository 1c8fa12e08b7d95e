/**
 * The switch has a limit of prefixes, and we announce more: it ends our session (Cease, maximum number of prefixes reached) and
 * closes every connection without a word. What an engineer reads has to name that, and nothing may spin meanwhile.
 */
import { expect } from 'chai';
import type { Lab } from '../lab/lab.js';
import type { LabNode } from '../lab/node.js';
import { type Attached, add } from '../lab/runtime.js';
import { until } from '../lab/until.js';
import { atTor, fabricUp, peersUp } from '../main-job/fabric.js';
import { printed } from '../tor-config/fabric.js';
import { cpuSeconds, status } from './fabric.js';

const REASON =
  /^ended the session because it takes no more than 2 prefixes of a family from us \(NOTIFICATION 6\/1\): raise/;

/** Counts what gobgpd does for a session over IPv4. */
const TRIES =
  'add table inet tries; add chain inet tries out { type filter hook output priority 0; }; ' +
  'add rule inet tries out ip daddr 192.0.2.0 tcp dport 179 tcp flags & (syn | ack) == syn counter';

describe('a switch that takes fewer prefixes than we announce', () => {
  let lab: Lab;
  let node: LabNode;
  const all: Attached[] = [];

  before(async function () {
    this.timeout(90_000);
    lab = await fabricUp('bgppeers-many');
    node = lab.node('node1');
    for (const name of ['one', 'two', 'three']) all.push(await add(await lab.container('node1', name)));
    for (const { v4 } of all) await atTor(lab, v4);
  });
  after(() => lab?.down());

  const limit = (words: string) =>
    lab
      .node('tor1')
      .exec([
        ...['vtysh', '-c', 'configure terminal', '-c', 'router bgp 65000', '-c', 'address-family ipv4 unicast'],
        ...['-c', `neighbor 192.0.2.1 maximum-prefix ${words}`],
      ]);
  const peer = async (name: string) =>
    (await status(node)).peers.find((one: { name: string }) => one.name === name) as {
      reason?: string;
      session: string;
    };

  it('ends that session, and slash32 status says why and what to do; the other family goes on', async () => {
    await limit('2');
    await until(async () => REASON.test((await peer('tor1')).reason ?? ''), { what: 'the reason' });
    const { stdout, code } = await node.slash32('status');
    expect(code).to.equal(3);
    expect(stdout).to.match(/tor1 192\.0\.2\.0 AS 65000 \w+\n +ended the session because .* announce blocks to it/);
    expect((await peer('tor1-v6')).session).to.equal('established');
    for (const { v4 } of all) await atTor(lab, v4, false);
  });

  it('makes nobody spin: while gobgpd tries again and again, controller and gobgpd are idle nearly all the time', async () => {
    const [before, began] = [cpuSeconds(node), performance.now()];
    await node.exec(['nft', TRIES]);
    const tries = async () =>
      Number(/counter packets (\d+)/.exec(await node.exec(['nft', 'list', 'table', 'inet', 'tries']))?.[1]);
    await until(async () => (await tries()) >= 2, { what: 'gobgpd to try again' });
    const share = (cpuSeconds(node) - before) / ((performance.now() - began) / 1000);
    expect(share, 'CPU used by controller and gobgpd').to.be.below(0.25);
    expect((await peer('tor1')).reason).to.match(REASON);
  });

  it('takes us again with the limit that tor-config prints, and the reason is gone', async () => {
    const [, printedLimit = ''] =
      /neighbor 192\.0\.2\.1 maximum-prefix (\d+ restart \d+)/.exec(await printed('frr')) ?? [];
    expect(printedLimit).to.equal('1000 restart 1');
    await limit(printedLimit);
    await lab.node('tor1').exec(['vtysh', '-c', 'clear bgp 192.0.2.1']);
    await peersUp(lab);
    for (const { v4 } of all) await atTor(lab, v4);
    await until(async () => (await status(node)).code === 0, { what: 'a status without trouble' });
    // It came up and went again before, so the reason stays until the session has stood for a while.
    await until(async () => (await peer('tor1')).reason === undefined, { what: 'the reason to be gone' });
  });
});
