/** The lab itself, on the real FRR and gobgpd. */
import { existsSync, readFileSync } from 'node:fs';
import { expect } from 'chai';
import { execa } from 'execa';
import { differences, foreignState } from './foreign-state.js';
import { Lab, LabExists } from './lab.js';
import { namespacePath } from './namespace.js';
import type { LabNode } from './node.js';
import { startPinging } from './ping.js';
import { groupOf, identify, isAlive, processesIn, processIds } from './process.js';
import { inRepository } from './repository.js';
import { monitorRoutes } from './route-monitor.js';
import { labDirectory } from './state.js';
import { until } from './until.js';

const SPEAKERS = inRepository('e2e/lab/testbed/speakers.clab.yml');

/** Destinations of BGP routes in the ToR's kernel. */
async function kernelRoutes(lab: Lab, family: '-4' | '-6'): Promise<string[]> {
  const routes = await lab.node('tor1').exec(['ip', '-j', family, 'route', 'show', 'proto', 'bgp']);
  return (JSON.parse(routes || '[]') as { dst: string }[]).map((route) => route.dst).sort();
}

async function announce(lab: Lab, node: string, prefix: string): Promise<void> {
  const family = prefix.includes(':') ? 'ipv6' : 'ipv4';
  await lab.node(node).gobgp('global', 'rib', '-a', family, 'add', prefix, 'rt', '64512:100');
}

describe('a lab', () => {
  let lab: Lab;

  before(async () => {
    lab = await Lab.forTests(SPEAKERS);
    await announce(lab, 'node1', '10.20.1.1/32');
    await announce(lab, 'node1', '2001:db8:20:1::1/128');
    await announce(lab, 'node2', '10.20.2.1/32');
    await announce(lab, 'node2', '2001:db8:20:2::1/128');
  });

  after(async () => {
    await lab?.down();
  });

  it('runs real daemons: routes of both families reach the ToR, IPv6 over either session', async () => {
    await until(async () => (await kernelRoutes(lab, '-4')).length === 2, { what: 'two IPv4 routes in the ToR' });
    await until(async () => (await kernelRoutes(lab, '-6')).length === 2, { what: 'two IPv6 routes in the ToR' });
    expect(await kernelRoutes(lab, '-4')).to.deep.equal(['10.20.1.1', '10.20.2.1']);
    const route = JSON.parse(await lab.node('tor1').exec(['ip', '-j', '-6', 'route', 'get', '2001:db8:20:1::1']));
    expect(route[0]).to.include({ gateway: '2001:db8:ffff:1::1', dev: 'eth1' });
  });

  it('carries route targets through the ToR', async () => {
    const seen = await until(
      async () => {
        const printed = await lab.node('node2').gobgp('global', 'rib', '10.20.1.1/32');
        return printed.includes('65000 65001') && printed;
      },
      { what: "node1's route at node2" },
    );
    expect(seen).to.match(/Extcomms: \[64512:100\]/);
  });

  it('answers vtysh, as text and as JSON', async () => {
    const tor = lab.node('tor1');
    expect(await tor.vtysh('show ip route bgp')).to.match(/B>\* 10\.20\.1\.1\/32 .* eth1/);
    const summary = await tor.vtyshJson<{ ipv4Unicast: { peers: object } }>('show bgp summary json');
    expect(Object.keys(summary.ipv4Unicast.peers)).to.deep.equal(['192.0.2.1', '192.0.2.3']);
  });

  it('has nodes like a machine that has just booted: no default route, no forwarding, lo up', async () => {
    const node = lab.node('node1');
    expect(await node.exec(['ip', 'route', 'show', 'default'])).to.equal('');
    expect(await node.exec(['sysctl', '-n', 'net.ipv4.ip_forward', 'net.ipv6.conf.all.forwarding'])).to.equal('0\n0');
    expect(await node.exec(['ip', 'address', 'show', 'lo'])).to.contain('127.0.0.1');
  });

  it("shows a node's /run/slash32 on the host, in a directory for root alone", async () => {
    const socket = `${lab.node('node1').directory}/slash32/gobgpd.sock`;
    const { stdout } = await execa('gobgp', ['--target', `unix://${socket}`, 'global']);
    expect(stdout).to.contain('65001');
    expect((await execa('stat', ['-c', '%a', `${lab.node('node1').directory}/slash32`])).stdout).to.equal('700');
    expect(await lab.node('node1').exec(['ls', '/run'])).to.equal('frr\nlock\nnetns\ns32-labtest\nslash32');
  });

  it('lets a process that runs in a node see the namespace of a container that is made later', async () => {
    const waiting = lab
      .node('node1')
      .exec([
        'sh',
        '-c',
        'until [ -e /run/netns/s32-labtest-later ]; do sleep 0.05; done; ip netns exec s32-labtest-later cat /proc/net/dev',
      ]);
    const container = await lab.container('node1', 'later');
    try {
      expect(await waiting).to.match(/\blo:/);
      expect(await container.exec(['ip', 'link', 'show', 'lo'])).to.contain('UP');
    } finally {
      await container.remove();
    }
    expect(existsSync(container.netns)).to.equal(false);
  });

  it('hears every change of routes in a namespace, and nothing when nothing changes', async () => {
    const { namespace } = lab.node('node2');
    const quiet = await monitorRoutes(namespace);
    expect(await quiet.stop()).to.deep.equal([]);
    const monitor = await monitorRoutes(namespace);
    await lab.node('node2').exec(['ip', 'route', 'add', '198.51.100.7/32', 'via', '192.0.2.2', 'table', '77']);
    await lab.node('node2').exec(['ip', 'route', 'del', '198.51.100.7/32', 'table', '77']);
    const [added, deleted, ...more] = await monitor.stop();
    expect(added).to.include({ deleted: false, route: '198.51.100.7 via 192.0.2.2 dev eth1 table 77' });
    expect(deleted).to.include({ deleted: true, route: '198.51.100.7 via 192.0.2.2 dev eth1 table 77' });
    expect(more).to.deep.equal([]);
  });

  it('pings without loss over a quiet link, and counts what a cut link loses', async () => {
    const { namespace } = lab.node('node1');
    const tor = lab.node('tor1');
    const quiet = startPinging(namespace, '192.0.2.0');
    const cut = startPinging(namespace, '2001:db8:ffff:1::');
    await until(() => Math.min(quiet.answers(), cut.answers()) > 20, { what: 'answers' });
    expect(await quiet.stop()).to.include({ lost: 0 });
    await tor.exec(['ip', 'address', 'del', '2001:db8:ffff:1::/127', 'dev', 'eth1']);
    const before = await packetsAt(tor);
    await until(async () => (await packetsAt(tor)) > before + 10, { what: 'pings that nobody answers' });
    await tor.exec(['ip', 'address', 'add', '2001:db8:ffff:1::/127', 'dev', 'eth1', 'nodad']);
    const answered = cut.answers();
    await until(() => cut.answers() > answered + 5, { what: 'answers again' });
    const { sent, lost } = await cut.stop();
    expect(lost).to.be.within(2, sent - 2);
  });

  it('restarts a process after SIGKILL, with its configuration', async () => {
    const tor = lab.node('tor1');
    const old = tor.pid('bgpd');
    await tor.restart('bgpd', 'SIGKILL');
    expect(tor.pid('bgpd')).to.be.a('number').and.not.equal(old);
    expect(await tor.vtysh('show running-config')).to.contain('router bgp 65000');
    await until(async () => (await kernelRoutes(lab, '-4')).length === 2, { what: 'the routes to be back' });
  });

  it('says which process ended at once, with its last words', async () => {
    const node = lab.node('node2');
    await node.kill('gobgpd');
    expect(node.pid('gobgpd')).to.equal(undefined);
    await node.exec(['sh', '-c', `echo 'as = nonsense' > ${node.boundFile('/etc/gobgp/gobgp.toml')}`]);
    const error = await node.start('gobgpd').catch((reason: Error) => reason);
    expect((error as Error).message).to.match(
      /^gobgpd on node2 does not start: it has ended at once; its log:\n.*toml/s,
    );
  });

  it('is not touched by a second up of the same name', async () => {
    const pid = lab.node('tor1').pid('zebra');
    const error = await Lab.up(SPEAKERS).catch((reason: Error) => reason);
    expect(error).to.be.instanceOf(LabExists);
    expect(lab.node('tor1').pid('zebra')).to.equal(pid);
  });

  it('is found by name, as another process would, with its processes', () => {
    const found = Lab.find('labtest');
    expect(found?.node('tor1').pid('bgpd')).to.equal(lab.node('tor1').pid('bgpd'));
    expect(found?.condition).to.equal('up');
    expect(Lab.find('no-such-lab')).to.equal(undefined);
  });
});

describe('removing a lab', () => {
  const name = 'labdown';

  afterEach(async () => {
    await Lab.find(name)?.down();
  });

  it('leaves the host as it was', async () => {
    const before = await foreignState();
    const lab = await Lab.forTests(SPEAKERS, { name });
    await lab.container('node1', 'c1');
    expect(differences(before, await foreignState())).to.satisfy((lines: string[]) =>
      lines.some((line) => line === 'entry of /run/netns new: s32-labdown-c1'),
    );
    const removed = await lab.down();
    expect(removed.namespaces).to.have.length(4);
    expect(existsSync(labDirectory(name))).to.equal(false);
    expect(differences(before, await foreignState()).filter((line) => line.includes(name))).to.deep.equal([]);
  });

  it('ends what its processes have started, too', async () => {
    const lab = await Lab.forTests(SPEAKERS, { name, bare: true });
    const { namespace } = lab.node('node1');
    await execa('ip', ['netns', 'exec', namespace, 'setsid', '-f', 'sleep', '1000'], { stdio: 'ignore' });
    const inode = Number((await execa('stat', ['-L', '-c', '%i', namespacePath('s32-labdown-node1')])).stdout);
    const orphan = await until(() => processesIn(inode)[0], { what: 'an orphan in the namespace' });
    await lab.down();
    expect(isAlive(orphan)).to.equal(false);
  });

  it('works from another process after the runner was killed half-way', async () => {
    const script = `import { Lab } from '${inRepository('dist/e2e/lab/lab.js')}';
      const up = Lab.up('${SPEAKERS}', { name: '${name}' }); up.catch(() => {}); await up;`;
    const runner = execa(process.execPath, ['--input-type=module', '-e', script], { reject: false, detached: true });
    await until(() => existsSync(`${labDirectory(name)}/tor1`), { what: 'the first node' });
    runner.kill('SIGKILL');
    await runner;
    // What it was executing goes on, and would make a thing or two after `down` has looked.
    await until(() => !processIds().some((pid) => groupOf(pid) === runner.pid), { what: 'its last command' });
    expect(Lab.find(name)?.condition).to.equal('wreck');
    await Lab.find(name)?.down();
    const left = (await execa('ip', ['netns', 'list'])).stdout
      .split('\n')
      .filter((it) => it.startsWith('s32-labdown-'));
    expect(left).to.deep.equal([]);
  });

  it('never signals a process that only has the id of one of ours', async () => {
    const lab = await Lab.forTests(SPEAKERS, { name, bare: true });
    const bystander = execa('sleep', ['1000'], { reject: false });
    const file = `${labDirectory(name)}/state.json`;
    const state = JSON.parse(readFileSync(file, 'utf8'));
    state.processes = [{ node: 'tor1', name: 'zebra', pid: bystander.pid, startTime: '1' }];
    await execa('tee', [file], { input: JSON.stringify(state) });
    await Lab.find(lab.name)?.down();
    expect(identify(bystander.pid!)).not.to.equal(undefined);
    bystander.kill();
    await bystander;
  });
});

/** How many packets have come to the ToR from node1. */
async function packetsAt(tor: LabNode): Promise<number> {
  const [link] = JSON.parse(await tor.exec(['ip', '-j', '-s', 'link', 'show', 'eth1']));
  return link.stats64.rx.packets;
}
