/** CHECK on the real fabric: it passes after ADD, and names what somebody broke. What repairs itself is in inspect.test. */
import { expect } from 'chai';
import { execa } from 'execa';
import type { Container } from '../lab/container.js';
import type { Lab } from '../lab/lab.js';
import { type Answer, type Attached, add, type Call, cni, del } from '../lab/runtime.js';
import { until } from '../lab/until.js';
import { atTor, fabricUp } from '../main-job/fabric.js';

const CHECK_FAILED = 107;

describe('CHECK', () => {
  let lab: Lab;
  let serial = 0;

  before(async () => {
    lab = await fabricUp('verbs-check');
  });
  after(() => lab?.down());

  async function attached(call: Call = {}): Promise<Container & Attached> {
    const container = await lab.container('node1', `check-${++serial}`);
    return Object.assign(container, await add(container, call));
  }

  /** As libcni does it: the configuration of the ADD, with its result in it. */
  const check = (container: Container & Attached, conf: object = {}, call: Call = {}): Promise<Answer> =>
    cni('CHECK', container, { ...call, conf: { prevResult: container.result, ...conf } });

  async function wrong(container: Container & Attached, conf: object = {}, call: Call = {}): Promise<string[]> {
    const { exitCode, json } = await check(container, conf, call);
    if (exitCode === 0) return [];
    expect(json.code, json.msg).to.equal(CHECK_FAILED);
    expect(json.details).to.match(/DEL, then ADD/);
    return (json.msg as string).replace(/^CHECK of [^:]*: /, '').split('; ');
  }

  for (const cniVersion of ['0.4.0', '1.0.0', '1.1.0']) {
    it(`passes right after ADD, in ${cniVersion}`, async () => {
      const container = await attached({ conf: { cniVersion } });
      const answer = await check(container, { cniVersion });
      expect(answer.json).to.equal(undefined);
      expect(answer.exitCode).to.equal(0);
      await del(container);
    });
  }

  it('is unknown before 0.4.0 (code 1), and needs a prevResult (code 7)', async () => {
    const container = await attached();
    expect((await check(container, { cniVersion: '0.3.1' })).json.code).to.equal(1);
    expect((await cni('CHECK', container)).json.code).to.equal(7);
    await del(container);
  });

  it('names everything that is broken in the container in one error', async () => {
    const container = await attached();
    await container.exec(['ip', 'route', 'del', 'default']);
    await container.exec(['ip', '-6', 'addr', 'del', `${container.v6}/128`, 'dev', 'eth0']);
    await container.exec(['ip', 'neigh', 'del', '169.254.1.1', 'dev', 'eth0']);
    expect(await wrong(container)).to.eql([
      `eth0 lacks address ${container.v6}/128`,
      'the container lacks the route 0.0.0.0/0 via 169.254.1.1 dev eth0',
      'eth0 lacks the permanent neighbour 169.254.1.1',
    ]);
    await del(container);
  });

  it('A25: names an interface that somebody renamed or brought down', async () => {
    const container = await attached();
    await container.exec(['ip', 'link', 'set', 'eth0', 'down']);
    expect(await wrong(container)).to.include('eth0 is down');
    await container.exec(['ip', 'link', 'set', 'eth0', 'name', 'eth7']);
    expect(await wrong(container)).to.include('eth0 is gone from the container');
    await del(container);
  });

  it('A26: names a host link that somebody removed, withdraws at once, and keeps the address until DEL', async () => {
    const container = await attached();
    await atTor(lab, container.v4);
    await container.node.exec(['ip', 'link', 'del', container.hostLink]);
    await atTor(lab, container.v4, false);
    expect(await wrong(container)).to.include(`host link ${container.hostLink} is gone`);
    const taken = await cni('ADD', await lab.container('node1', `check-${++serial}`), {
      conf: { runtimeConfig: { ips: [`${container.v4}/32`] }, capabilities: { ips: true } },
    });
    expect(taken.json.msg).to.match(/in use by another endpoint/);
    await del(container);
  });

  it('names a setting of the host link that somebody changed', async () => {
    const container = await attached();
    const setting = `net.ipv4.conf.${container.hostLink}.rp_filter`;
    await container.node.exec(['sysctl', '-q', '-w', `${setting}=0`]);
    expect(await wrong(container)).to.eql([`sysctl net/ipv4/conf/${container.hostLink}/rp_filter is 0, expected 1`]);
    await del(container);
  });

  it('asks gobgpd itself: what somebody withdrew behind our back is named before any audit', async () => {
    const container = await attached();
    const withdraw = () => container.node.gobgp('global', 'rib', 'del', '-a', 'ipv4', `${container.v4}/32`);
    // Should it be the moment of an audit, which mends it, it is withdrawn again.
    const seen = async () => {
      await withdraw().catch(() => {});
      return [await wrong(container)].find(({ length }) => length > 0);
    };
    const named = await until(seen, { what: 'CHECK to find something', timeout: 5_000 });
    expect(named).to.eql([`gobgpd does not announce ${container.v4}/32 with 64512:100`]);
    await del(container);
  });

  it('names a namespace that is another one than that of the ADD, and one that is none', async () => {
    const [container, other] = [await attached(), await attached()];
    expect(await wrong(container, {}, { netns: other.netns })).to.include(
      `CNI_NETNS "${other.netns}" is not the namespace that it was attached in`,
    );
    expect((await wrong(container, {}, { netns: '/run/netns/s32-nobody' })).join()).to.match(/^CNI_NETNS: /);
    await Promise.all([del(container), del(other)]);
  });

  it('names a container that is not attached, and a result that is of another', async () => {
    const [container, other] = [await attached(), await attached()];
    expect(await wrong(container, { prevResult: other.result })).to.include.members([
      `prevResult lacks the address ${container.v4}`,
      `prevResult lacks the address ${container.v6}`,
    ]);
    await del(container);
    expect(await wrong(container)).to.eql(['it is not attached']);
    await del(other);
  });

  it('asks a delegated IPAM plugin whether its reservation is still there', async () => {
    const dataDir = `${lab.node('node1').directory}/host-local`;
    const ipam = { type: 'host-local', dataDir, ranges: [[{ subnet: '10.20.1.128/25' }]] };
    const container = await attached({ conf: { ipam } });
    expect(await wrong(container, { ipam })).to.eql([]);
    await execa('rm', ['-r', `${dataDir}/blue`]);
    await execa('mkdir', [`${dataDir}/blue`]);
    expect((await wrong(container, { ipam })).join()).to.match(/^IPAM plugin host-local: /);
    await del(container, { conf: { ipam } });
  });

  it('goes by the MTU that the last result says, where it says one', async () => {
    const container = await attached({ conf: { cniVersion: '1.1.0' } });
    await container.exec(['ip', 'link', 'set', 'eth0', 'mtu', '1300']);
    expect((await wrong(container, { cniVersion: '1.1.0' })).join()).to.match(/^eth0 has MTU 1300, expected 15/);
    const interfaces = container.result.interfaces.map((one: { name: string }) =>
      one.name === 'eth0' ? { ...one, mtu: 1300 } : one,
    );
    expect(await wrong(container, { cniVersion: '1.1.0', prevResult: { ...container.result, interfaces } })).to.eql([]);
    await del(container);
  });

  /** Runs Debian's tuning as the next plugin of the chain; returns the result that CHECK will be given. */
  async function tuned(container: Container & Attached, wishes: object): Promise<object> {
    const conf = { cniVersion: '1.0.0', name: 'blue', type: 'tuning', ...wishes, prevResult: container.result };
    const { stdout } = await execa('/usr/lib/cni/tuning', [], {
      env: {
        CNI_COMMAND: 'ADD',
        CNI_CONTAINERID: container.name,
        CNI_NETNS: container.netns,
        CNI_IFNAME: 'eth0',
        CNI_PATH: '/usr/lib/cni',
      },
      input: JSON.stringify(conf),
    });
    return JSON.parse(stdout);
  }

  it("allows what Debian's tuning does after us", async () => {
    const container = await attached();
    const prevResult = await tuned(container, { mtu: 1300, sysctl: { 'net.ipv4.conf.eth0.forwarding': '1' } });
    expect(await wrong(container, { prevResult })).to.eql([]);
    await del(container);
  });

  it('allows a MAC address that tuning gave, and the host follows it: packets pass, neighbours are permanent again', async () => {
    const container = await attached();
    const prevResult = await tuned(container, { mac: '0a:53:32:00:00:01' });
    for (const own of [container.v4, container.v6]) {
      const answers = () => container.node.exec(['ping', '-n', '-c', '1', '-W', '1', own]);
      await until(answers, { what: `an answer of ${own} at its new MAC address` });
    }
    expect(await wrong(container, { prevResult })).to.eql([]);
    expect((await wrong(container)).join()).to.match(/eth0 has MAC address 0a:53:32:00:00:01, expected 02:/);
    await del(container);
  });

  it('follows a MAC address that changed while the controller was dead', async () => {
    const container = await attached();
    await container.node.kill('slash32d', 'SIGKILL');
    await container.exec(['ip', 'link', 'set', 'eth0', 'address', '0a:53:32:00:00:02']);
    const ping = ['ping', '-n', '-c', '1', '-W', '1', container.v4];
    expect((await container.node.attempt(ping)).code, 'nobody has followed it yet').to.equal(1);
    await container.node.start('slash32d');
    await until(() => container.node.exec(ping), { what: 'an answer at the new MAC address' });
    await del(container);
  });

  it('does not let a container speak for the MAC address of another', async () => {
    const [victim, liar] = [await attached(), await attached()];
    const [{ ifindex }] = JSON.parse(await victim.node.exec(['ip', '-j', 'link', 'show', victim.hostLink]));
    // A pair of the liar's own, whose one end says that the other has the index of the victim's host end.
    const pair = ['upper', 'address', '0a:53:32:00:00:03', 'type', 'veth', 'peer', 'name', 'lower'];
    await liar.exec(['ip', 'link', 'add', ...pair, 'index', String(ifindex)]);
    await liar.exec(['ip', 'link', 'set', 'upper', 'up']);
    await liar.exec(['ip', 'link', 'set', 'eth0', 'address', '0a:53:32:00:00:04']);
    const follows = async () =>
      (await liar.node.exec(['ip', 'neigh', 'show', 'dev', liar.hostLink])).includes('0a:53:32:00:00:04');
    await until(follows, { what: "the liar's own address, which comes after the lie, to be followed" });
    expect(await wrong(victim)).to.eql([]);
    await Promise.all([del(victim), del(liar)]);
  });

  it('V5: looks through what earlier plugins of a chain have done', async () => {
    const dummy = { name: 'dummy0', mac: '02:00:00:00:00:01', sandbox: '/run/netns/x' };
    const prevResult = { cniVersion: '1.0.0', interfaces: [dummy], ips: [{ address: '10.99.0.5/24', interface: 0 }] };
    const container = await lab.container('node1', `check-${++serial}`);
    const answer = await cni('ADD', container, { conf: { prevResult } });
    expect(answer.exitCode, JSON.stringify(answer.json)).to.equal(0);
    expect(answer.json.interfaces.map(({ name }: { name: string }) => name)).to.eql([
      'dummy0',
      answer.json.interfaces[1].name,
      'eth0',
    ]);
    expect(answer.json.ips.map((ip: { interface: number }) => ip.interface)).to.eql([0, 2, 2]);
    const there = Object.assign(container, { v4: '', v6: '', hostLink: '', result: answer.json });
    expect(await wrong(there)).to.eql([]);
    await del(container);
  });

  it('names gobgpd that is away, and passes again when it is back', async () => {
    const container = await attached();
    const node = container.node;
    await node.kill('gobgpd', 'SIGSTOP');
    try {
      await until(async () => (await wrong(container)).some((one) => one.includes('gobgpd')), {
        what: 'CHECK to name gobgpd',
      });
    } finally {
      await node.kill('gobgpd', 'SIGCONT').catch(() => {}); // the watchdog may have been quicker
    }
    await until(async () => (await wrong(container)).length === 0, { what: 'CHECK to pass again' });
    await del(container);
  });
});
