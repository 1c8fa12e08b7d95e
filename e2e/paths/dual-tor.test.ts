/**
 * Two ToRs, and one of them dies: three ways to die, and for each the time without packets, printed. The hold time is 3 s,
 * the shortest that both sides take; only the silent death has to wait for it.
 */
import { closeSync } from 'node:fs';
import { setTimeout as sleep } from 'node:timers/promises';
import { expect } from 'chai';
import { indexOfName } from '../../src/netlink/index.js';
import { openTap, openUdp, receiveAll, sendTo, within } from '../isolation/sockets.js';
import type { Lab } from '../lab/lab.js';
import type { LabNode } from '../lab/node.js';
import { until } from '../lab/until.js';
import { reconfigure } from '../networks/reconfigure.js';
import { slash32 } from '../networks/slash32.js';
import {
  type Attachment,
  attach,
  bothWays,
  dualTorUp,
  duringFlows,
  type Flows,
  hasWays,
  sessionsUp,
} from './dual-tor.js';

/** How long flows go on after the death has been dealt with, in ms. */
const AFTERWARDS = 1_000;
/** Enough that both ToRs get some. */
const FLOWS = 64;
const FIRST_PORT = 20_000;
/** In the header of IPv4. */
const UDP = 17;

describe('a node with two ToRs', () => {
  let lab: Lab;
  let ones: Attachment[];
  let others: Attachment[];
  const deaths: [string, Flows][] = [];

  before(async () => {
    lab = await dualTorUp('paths-dual');
    ones = [await attach(lab, 'node1', 'a1'), await attach(lab, 'node1', 'a2')];
    others = [await attach(lab, 'node2', 'b1'), await attach(lab, 'node2', 'b2'), await attach(lab, 'node2', 'b3')];
    await bothWays(lab, ones, others);
  });
  after(async () => {
    for (const [death, { gap, lost, sent }] of deaths)
      console.log(`      time without packets: ${death}: ${gap} ms (${lost} of ${sent} lost)`);
    await lab?.down();
  });

  /** Lets something happen to tor1, waits until node1 uses tor2 alone, and mends it again. */
  async function death(name: string, die: () => Promise<unknown>, mend: () => Promise<unknown>): Promise<Flows> {
    const flows = await duringFlows(ones, others, async () => {
      await sleep(500);
      await die();
      await hasWays(lab.node('node1'), others[0]!.v4, 1);
      await hasWays(lab.node('node2'), ones[0]!.v4, 1);
      await sleep(AFTERWARDS);
    });
    deaths.push([name, flows]);
    await mend();
    await sessionsUp(lab.node('tor1'));
    await bothWays(lab, ones, others);
    return flows;
  }

  it('sends over both, and flows take both', async () => {
    const carried = async (tor: string) => {
      const links = JSON.parse(await lab.node(tor).exec(['ip', '-j', '-s', 'link', 'show', 'eth2'])) as {
        stats64: { tx: { packets: number } };
      }[];
      return links[0]!.stats64.tx.packets;
    };
    const before = [await carried('tor1'), await carried('tor2')];
    const { lost } = await duringFlows(ones, others, () => sleep(1_000));
    expect(lost).to.equal(0);
    for (const [i, tor] of ['tor1', 'tor2'].entries()) expect((await carried(tor)) - before[i]!).to.be.above(100);
  });

  it('sends a flow over the same ToR past the stack as through it', async () => {
    const [from, to, node] = [ones[0]!, others[0]!.v4, lab.node('node1')];
    const shortcut = async () => JSON.parse(await slash32(node, 'status', '-o', 'json')).shortcut;
    await until(
      async () => {
        await from.exec(['ping', '-q', '-f', '-c', '10000', to]);
        return (await shortcut()).endpoints > 0;
      },
      { what: 'the program of one who talks much', timeout: 60_000 },
    );
    const before = (await shortcut()).packets;
    const past = flowsOver('eth1', node, from, to);
    expect((await shortcut()).packets - before).to.be.at.least(FLOWS);
    await reconfigure(node, (yaml) => `${yaml}\nkernel: { shortcut: false }\n`);
    expect(past.length).to.be.within(1, FLOWS - 1);
    expect(flowsOver('eth1', node, from, to)).to.eql(past);
    await reconfigure(node, (yaml) => yaml.replace('\nkernel: { shortcut: false }\n', ''));
  });

  it('uses the shorter AS path alone, and says so of the other', async () => {
    const tor2 = (...lines: string[]) => lab.node('tor2').vtysh(['configure', ...lines].join('\n'));
    const out = 'neighbor 192.0.2.5 route-map LONGER out';
    const [to] = others.map(({ v4 }) => v4);
    await tor2('route-map LONGER permit 10', 'set as-path prepend 65012 65012');
    await tor2('router bgp 65012', 'address-family ipv4 unicast', out);
    await hasWays(lab.node('node1'), to!, 1);
    const explained = await slash32(lab.node('node1'), 'explain', to!);
    expect(explained).to.match(
      /from 192\.0\.2\.4, .*\n no +network blue +blue imports .*, but another path is better: this one has a longer AS path/,
    );
    expect(explained).to.match(/from 192\.0\.2\.0, .*\n ok +network blue +blue imports 64512:100\n/);
    const routes = (await slash32(lab.node('node1'), 'routes'))
      .split('\n')
      .filter((line) => line.startsWith('blue ') && line.includes(`${to}/32`));
    expect(routes.join('\n'))
      .to.match(/192\.0\.2\.0 .* installed, table 1001/)
      .and.to.match(/192\.0\.2\.4 .* better: /);
    await tor2('router bgp 65012', 'address-family ipv4 unicast', `no ${out}`);
    await bothWays(lab, ones, others);
  });

  it('is no way between its ToRs: each hears from it only what it says itself', async () => {
    for (const tor of ['tor1', 'tor2']) {
      const paths = await lab.node(tor).vtysh('show bgp ipv4 unicast');
      expect(paths, paths).to.match(/ 65002 i$/m);
      expect(paths, paths).to.not.match(/ 6500\d 6501\d/);
    }
  });

  it('loses one way at once when the link to it goes, long before the session notices', async () => {
    const tor = lab.node('tor1');
    const link = (state: string) => tor.exec(['ip', 'link', 'set', 'eth1', state]);
    const { gap, waited } = await death(
      'link down',
      () => link('down'),
      async () => {
        await link('up');
        await tor.exec(['ip', 'address', 'replace', '2001:db8:ffff:1::/127', 'dev', 'eth1', 'nodad']);
      },
    );
    expect(gap).to.be.below(1_000 + waited);
  });

  it('loses one way at once when the session is killed', async () => {
    const tor = lab.node('tor1');
    const { gap, waited } = await death(
      'session killed',
      () => tor.kill('bgpd', 'SIGKILL'),
      () => tor.start('bgpd'),
    );
    expect(gap).to.be.below(1_000 + waited);
  });

  it('loses one way after the hold time when it dies in silence', async () => {
    const tor = lab.node('tor1');
    const { gap, waited } = await death(
      'silent death, hold time 3 s',
      () => tor.exec(['nft', SILENCE]),
      () => tor.exec(['nft', 'delete', 'table', 'inet', 'silence']),
    );
    expect(gap).to.be.within(1_500, 6_000 + waited);
  });

  it('puts a way back when the ToR is back, and loses nothing by it', async () => {
    const tor = lab.node('tor1');
    await tor.kill('bgpd', 'SIGKILL');
    await hasWays(lab.node('node1'), others[0]!.v4, 1);
    await hasWays(lab.node('node2'), ones[0]!.v4, 1);
    const { lost } = await duringFlows(ones, others, async () => {
      await tor.start('bgpd');
      await bothWays(lab, ones, others);
      await until(async () => (await tor.exec(['ip', '-6', 'route', 'show', 'proto', 'bgp'])).includes(others[0]!.v6), {
        what: 'the routes of tor1',
      });
    });
    expect(lost).to.equal(0);
  });
});

/** A datagram from each of some ports: those that leave the node by this link. */
function flowsOver(link: string, node: LabNode, from: Attachment, to: string): number[] {
  const tap = within(node.namespace, () => openTap(indexOfName(link)!));
  const ports = Array.from({ length: FLOWS }, (_, at) => FIRST_PORT + at);
  const sockets = within(from.namespace, () => ports.map((port) => openUdp(from.v4, port)));
  // Forwarded before the call returns, as everything between veth links.
  for (const socket of sockets) sendTo(socket, Buffer.from('flow'), to, 9);
  const frames = [...receiveAll(tap)].map(({ bytes }) => bytes);
  for (const fd of [tap, ...sockets]) closeSync(fd);
  const isOurs = (frame: Buffer) => frame[23] === UDP && frame.subarray(30, 34).join('.') === to;
  return frames.filter(isOurs).map((frame) => frame.readUInt16BE(34));
}

/** Nothing in, nothing out, nothing through; links stay up. */
const SILENCE = ['add table inet silence']
  .concat(
    ['input', 'forward', 'output'].map(
      (hook) => `add chain inet silence ${hook} { type filter hook ${hook} priority -500; policy drop; }`,
    ),
  )
  .join('; ');
