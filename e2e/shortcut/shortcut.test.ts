/**
 * The shortcut on both nodes of the fabric, where nothing is configured for it. Witnesses that a packet took it are the programs' own count and the kernel's
 * count of packets that its stack forwarded, which stands still; that one did not pass, what the receiving container counts.
 */
import { expect } from 'chai';
import { words } from '../../src/netlink/bpf.js';
import {
  closeAll,
  decodeLink,
  describeProgram,
  dumpLinks,
  NETLINK_ROUTE,
  NetlinkSocket,
  openProgram,
  programsOn,
} from '../../src/netlink/index.js';
import { bpf } from '../../src/netlink/libc.js';
import { within } from '../isolation/sockets.js';
import type { Container } from '../lab/container.js';
import type { Lab } from '../lab/lab.js';
import type { LabNode } from '../lab/node.js';
import { startPinging } from '../lab/ping.js';
import { type Attached, add, del } from '../lab/runtime.js';
import { until } from '../lab/until.js';
import { fabricUp } from '../main-job/fabric.js';
import { reconfigure } from '../networks/reconfigure.js';
import { slash32 } from '../networks/slash32.js';

const OFF = '\nkernel: { shortcut: false }\n';
const FAMILIES = ['v4', 'v6'] as const;
/** After so many packets to it within ten seconds, an endpoint gets its program. */
const MUCH = 10_000;
/** linux/bpf.h */
const [PROG_DETACH, TCX_INGRESS] = [9, 46];
const RATE = 8_000_000;
const LIMITS = {
  'what comes in': { ingressRate: RATE, ingressBurst: RATE / 10 },
  'what goes out': { egressRate: RATE, egressBurst: RATE / 10 },
};
/** Of 1,400 bytes: several times what the limits let through while they are sent. */
const BURST = 4000;
type Talker = Container & Attached;
interface Standing {
  readonly is: string;
  readonly reason?: string;
  readonly packets: number;
  readonly endpoints: number;
}

describe('the shortcut', () => {
  let lab: Lab;
  let nodes: LabNode[];
  let here: Talker;
  let there: Talker;
  let red: Talker;

  before(async () => {
    lab = await fabricUp('shortcut');
    nodes = [lab.node('node1'), lab.node('node2')];
    here = await attached('node1', 'here');
    there = await attached('node2', 'there');
    red = await attached('node1', 'red', 'red');
    await on();
    for (const family of FAMILIES) await reach(family);
  });
  after(() => lab?.down());

  async function attached(on: string, name: string, network = 'blue'): Promise<Talker> {
    const container = await lab.container(on, name);
    return Object.assign(container, await add(container, { network }));
  }
  const standing = async (node: LabNode): Promise<Standing> =>
    JSON.parse(await slash32(node, 'status', '-o', 'json')).shortcut;
  const on = () =>
    until(async () => (await Promise.all(nodes.map(standing))).every(({ is }) => is === 'on'), {
      what: 'the shortcut of both nodes',
    });
  const off = async (node: LabNode, why: RegExp) =>
    until(async () => why.test((await standing(node)).reason ?? ''), { what: `the shortcut to be off: ${why}` });
  const ping = (from: Container, to: string, ...more: string[]) =>
    from.attempt(['ping', '-n', '-c', '1', '-W', '1', ...more, to]);
  const reaches = async (family: 'v4' | 'v6') => (await ping(here, there[family])).code === 0;
  const reach = (family: 'v4' | 'v6', really = true) =>
    until(async () => (await reaches(family)) === really, { what: `${family} ${really ? '' : 'not '}to pass` });
  const taken = () => Promise.all(nodes.map(async (node) => (await standing(node)).packets));
  /** Packets that the stacks of the nodes forwarded. */
  const forwarded = async () => {
    const texts = await Promise.all(nodes.map((node) => node.exec(['cat', '/proc/net/snmp', '/proc/net/snmp6'])));
    return texts.map((text) => {
      const [, names = '', values = ''] = /^Ip: (.*)\nIp: (.*)$/m.exec(text) ?? [];
      const v4 = values.split(' ')[names.split(' ').indexOf('ForwDatagrams')];
      return Number(v4) + Number(/^Ip6OutForwDatagrams\s+(\d+)$/m.exec(text)?.[1]);
    });
  };
  const delivered = async () => {
    const link = JSON.parse(await lab.node('node2').exec(['ip', '-j', '-s', 'link', 'show', there.hostLink]))[0];
    return link.stats64.tx.packets as number;
  };
  /** Our programs on the links of a node: `eth1 s32_uplink`. */
  const programs = (node: LabNode): string[] =>
    within(node.namespace, () => {
      using socket = new NetlinkSocket(NETLINK_ROUTE);
      const links = socket.dump(dumpLinks(), decodeLink);
      return links.flatMap(({ index, name }) => programsOn(index).map((id) => `${name} ${nameOf(id)}`));
    });
  const onHostEnd = ({ node, hostLink }: Talker) => programs(node).includes(`${hostLink} s32_host_end`);
  /** So many pings as fast as they are answered, until both have their programs. Returns how many were not answered. */
  async function talk(from: Talker, to: Talker, them: readonly Talker[] = [from, to]): Promise<number> {
    let lost = 0;
    await until(
      async () => {
        const { stdout } = await from.attempt(['ping', '-n', '-q', '-f', '-c', String(MUCH), to.v4]);
        const [, sent, received] = /(\d+) packets transmitted, (\d+) received/.exec(stdout) ?? [];
        lost += Number(sent) - Number(received);
        return them.every(onHostEnd);
      },
      { what: 'those who talk to get their programs', timeout: 60_000 },
    );
    return lost;
  }
  /** Answers to a burst, as the links of the one who asks count them. */
  const repliesTo = async (from: Talker, to: Talker) => {
    const count = async () =>
      JSON.parse(await from.exec(['ip', '-j', '-s', 'link', 'show', 'eth0']))[0].stats64.rx.packets as number;
    const before = await count();
    await from.attempt(['ping', '-n', '-q', '-s', '1372', '-c', String(BURST), '-l', String(BURST), '-W', '1', to.v4]);
    return (await count()) - before;
  };
  const heard = async () =>
    Number(/^Icmp: \d+ .*$/m.exec(await there.exec(['cat', '/proc/net/snmp']))?.[0].split(' ')[1]);

  /** A ping, there and back, by both nodes. While networks change, for one, the shortcut is off for a moment. */
  const takesIt = (family: 'v4' | 'v6') =>
    until(
      async () => {
        const before = [await taken(), await forwarded()] as const;
        const { stdout } = await ping(here, there[family]);
        const now = [await taken(), await forwarded()] as const;
        const [packets, byStack] = [0, 1].map((at) => now[at]!.map((count, node) => count - before[at]![node]!));
        return [stdout.includes('ttl=61'), packets, byStack].join() === 'true,2,2,0,0';
      },
      { what: `${family} to take the shortcut on both nodes` },
    );

  it('is on by default, and on host ends only where much is said; no packet is lost when a program comes', async () => {
    await ping(here, there.v4);
    for (const node of nodes) expect(programs(node)).to.eql(['eth1 s32_uplink']);
    expect(await talk(here, there)).to.equal(0);
    for (const [node, { hostLink }] of [
      [nodes[0]!, here],
      [nodes[1]!, there],
    ] as const) {
      expect(programs(node).sort()).to.eql(['eth1 s32_uplink', `${hostLink} s32_host_end`]);
      expect(await standing(node)).to.include({ is: 'on', endpoints: 1 });
    }
  });

  it('takes permitted packets past the stack of both nodes, IPv4 and IPv6, with a hop less for each router', async () => {
    for (const family of FAMILIES) await takesIt(family);
  });

  it('leaves a packet visible where the receiver is: tcpdump and the count that drain reads have it', async () => {
    const before = await delivered();
    const argv = ['timeout', '30', 'tcpdump', '-n', '-c', '4', '-i', there.hostLink, 'icmp or icmp6'];
    let seen = '';
    there.node.attempt(argv).then(({ stdout, stderr }) => {
      seen = stdout || stderr;
    });
    let sent = 0;
    await until(
      async () => {
        for (const family of FAMILIES) if ((await ping(here, there[family])).code === 0) sent++;
        return seen !== '';
      },
      { what: 'tcpdump to end', timeout: 40_000 },
    );
    expect(seen).to.include('ICMP echo request').and.include('ICMP6, echo request');
    expect(await delivered()).to.be.at.least(before + sent);
    for (const family of FAMILIES) await takesIt(family);
  });

  it('carries nothing that is not permitted: another network, a forged source', async () => {
    const before = [await taken(), await heard()] as const;
    expect(before[1]).to.be.greaterThan(0);
    expect((await ping(red, there.v4)).code).not.to.equal(0);
    await red.exec(['ip', 'address', 'add', `${here.v4}/32`, 'dev', 'eth0']);
    expect((await ping(red, there.v4, '-I', here.v4)).code).not.to.equal(0);
    await red.exec(['ip', 'address', 'del', `${here.v4}/32`, 'dev', 'eth0']);
    expect([await taken(), await heard()]).to.eql(before);
  });

  it('ends for a flow that stands when a target is taken back, and begins again with it', async () => {
    const node = lab.node('node2');
    await reconfigure(node, (yaml) => yaml.replace('import: ["64512:100"]', 'import: ["64512:999"]'));
    for (const family of FAMILIES) await reach(family, false);
    await on();
    for (const family of FAMILIES) await reach(family, false);
    await reconfigure(node, (yaml) => yaml.replace('import: ["64512:999"]', 'import: ["64512:100"]'));
    for (const family of FAMILIES) await reach(family);
  });

  const DROP = 'add table ip other; add chain ip other passing { type filter hook forward priority 0; policy drop; }';

  it('is off at once where somebody else has a chain on the way, whose rules hold; status names the table', async () => {
    const node = lab.node('node2');
    await node.exec(['nft', DROP]);
    await reach('v4', false);
    await off(node, /nftables table "ip other" has chain "passing"/);
    expect(await slash32(node, 'status')).to.match(/shortcut +off: nftables table "ip other"/);
    await reach('v6');
    await node.exec(['nft', 'delete table ip other']);
    await reach('v4');
    await on();
  });

  it('is off while there is a rule of policy routing that is neither ours nor the kernel’s', async () => {
    const node = lab.node('node1');
    const rule = ['from', '203.0.113.1', 'lookup', 'main', 'priority', '100'];
    await node.exec(['ip', 'rule', 'add', ...rule]);
    await off(node, /ip rule of somebody else, priority 100 of IPv4/);
    await node.exec(['ip', 'rule', 'del', ...rule]);
    await on();
  });

  it('answers a packet that is too big for the way out, or for the container, with the MTU', async () => {
    // As a default route would: an ICMP error of the node itself goes by its main table.
    await lab.node('node2').exec(['ip', 'route', 'add', '10.20.1.0/24', 'via', '192.0.2.2']);
    await lab.node('node2').exec(['ip', 'route', 'add', '2001:db8:20:1::/64', 'via', '2001:db8:ffff:2::']);
    // And rp_filter, loose here as in Debian, drops the error of a node that node1 itself knows no way to.
    await lab.node('node1').exec(['ip', 'route', 'add', '192.0.2.2/31', 'via', '192.0.2.0']);
    const links = { [there.hostLink]: lab.node('node2'), eth1: lab.node('node1') };
    for (const [link, node] of Object.entries(links)) {
      await node.exec(['ip', 'link', 'set', link, 'mtu', '1400']);
      await on();
      // Linux tells one sender of one error a second.
      const isTold = async (to: string) => {
        const { stdout, stderr } = await ping(here, to, '-M', 'do', '-s', '1420');
        return /mtu ?= ?1400/.test(stdout + stderr);
      };
      for (const family of FAMILIES) {
        await until(() => isTold(there[family]), { what: `here to be told of the MTU of ${link}, ${family}` });
      }
      await node.exec(['ip', 'link', 'set', link, 'mtu', '1500']);
      for (const version of ['-4', '-6']) await here.exec(['ip', version, 'route', 'flush', 'cache']);
    }
    await until(async () => (await ping(here, there.v4, '-M', 'do', '-s', '1420')).code === 0, {
      what: 'it to fit again',
    });
  });

  it('does not outlive its controller: two seconds later somebody’s rule holds', async () => {
    const node = lab.node('node2');
    await node.kill('slash32d', 'SIGKILL');
    await node.exec(['nft', DROP]);
    await reach('v4', false);
    await node.exec(['nft', 'delete table ip other']);
    await reach('v4');
  });

  it('is taken over by the next controller without a lost packet', async () => {
    const pinger = startPinging(here.namespace, there.v4);
    await lab.node('node2').start('slash32d');
    await on();
    const { lost, sent } = await pinger.stop();
    expect([lost, sent > 20], `${lost} of ${sent}`).to.eql([0, true]);
    for (const family of FAMILIES) await takesIt(family);
    expect(programs(lab.node('node2')).length).to.equal(2);
  });

  it('leaves a host end where somebody filters what comes in, and comes back when they have gone', async () => {
    const { node, hostLink } = there;
    await swallow(node, hostLink);
    await reach('v4', false);
    await until(() => !onHostEnd(there), { what: 'the program to leave' });
    await node.exec(['tc', 'filter', 'del', 'dev', hostLink, 'ingress']);
    await reach('v4');
    await talk(here, there);
    await takesIt('v4');
    await node.exec(['tc', 'qdisc', 'del', 'dev', hostLink, 'ingress']);
  });

  it('gets its program back where somebody has taken it off', async () => {
    const { node, hostLink } = there;
    const [{ ifindex }] = JSON.parse(await node.exec(['ip', '-j', 'link', 'show', hostLink]));
    within(node.namespace, () => {
      const [id] = programsOn(ifindex);
      const program = openProgram(id!);
      bpf(PROG_DETACH, words([ifindex, program, TCX_INGRESS], 32));
      closeAll([program]);
    });
    expect(onHostEnd(there)).to.equal(false);
    await talk(here, there);
    await takesIt('v4');
  });

  it('is off where somebody filters what comes in by an uplink, or IPsec has policies; status says so', async () => {
    const node = lab.node('node2');
    await swallow(node, 'eth1');
    await off(node, /somebody filters what comes in by eth1/);
    await reach('v4', false);
    await node.exec(['tc', 'qdisc', 'del', 'dev', 'eth1', 'ingress']);
    await on();
    const policy = ['src', '203.0.113.1', 'dst', '203.0.113.2', 'dir', 'out'];
    await node.exec(['ip', 'xfrm', 'policy', 'add', ...policy, 'action', 'block']);
    await off(node, /IPsec/);
    await node.exec(['ip', 'xfrm', 'policy', 'del', ...policy]);
    await on();
    await takesIt('v4');
  });

  for (const [which, limits] of Object.entries(LIMITS)) {
    it(`goes well with bandwidth behind us in the chain: its limit of ${which} holds for who talks much`, async () => {
      const limited = await attached('node2', `limited-${which.split(' ')[2]}`);
      const conf = { cniVersion: '1.0.0', name: 'blue', type: 'bandwidth', prevResult: limited.result, ...limits };
      const env = { CNI_COMMAND: 'ADD', CNI_CONTAINERID: limited.name, CNI_NETNS: limited.netns, CNI_IFNAME: 'eth0' };
      const argv = ['env', ...Object.entries(env).map((pair) => pair.join('=')), 'CNI_PATH=/usr/lib/cni'];
      const { code, stdout } = await limited.node.attempt([...argv, '/usr/lib/cni/bandwidth'], JSON.stringify(conf));
      expect(code, stdout).to.equal(0);
      await talk(here, limited, which === 'what comes in' ? [here, limited] : [here]);
      expect(onHostEnd(limited)).to.equal(which === 'what comes in');
      const [before, packets] = [await repliesTo(here, there), await taken()];
      expect(before).to.be.greaterThan(BURST * 0.9);
      expect(await repliesTo(here, limited)).to.be.lessThan(BURST / 2);
      expect((await taken())[1]).to.be.greaterThan(packets[1]!);
      await del(limited);
    });
  }

  it('goes with its endpoint, and with the configuration, and leaves no program behind', async () => {
    await del(red, { network: 'red' });
    const pinger = startPinging(here.namespace, there.v4);
    for (const node of nodes) {
      expect(programs(node).length).to.equal(2);
      await reconfigure(node, (yaml) => yaml + OFF);
      expect(await standing(node)).to.eql({ is: 'unwanted' });
      await until(() => programs(node).length === 0, { what: `the programs of ${node.name} to go` });
    }
    for (const node of nodes) await reconfigure(node, (yaml) => yaml.replace(OFF, ''));
    await on();
    const { lost, sent } = await pinger.stop();
    expect(lost, `${lost} of ${sent}`).to.equal(0);
  });
});

/** A filter of tc leads all IPv4 that comes in by a link to nowhere. */
async function swallow(node: LabNode, link: string): Promise<void> {
  await node.attempt(['ip', 'link', 'add', 'nowhere', 'type', 'bridge']);
  await node.exec(['ip', 'link', 'set', 'nowhere', 'up']);
  await node.exec(['tc', 'qdisc', 'add', 'dev', link, 'ingress']);
  const all = ['protocol', 'ip', 'u32', 'match', 'u32', '0', '0'];
  const away = ['action', 'mirred', 'egress', 'redirect', 'dev', 'nowhere'];
  await node.exec(['tc', 'filter', 'add', 'dev', link, 'parent', 'ffff:', ...all, ...away]);
}

function nameOf(id: number): string {
  const program = openProgram(id);
  try {
    return describeProgram(program).name;
  } finally {
    closeAll([program]);
  }
}
