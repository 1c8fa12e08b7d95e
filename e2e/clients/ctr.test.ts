import { readFileSync } from 'node:fs';
import { expect } from 'chai';
import type { Lab } from '../lab/lab.js';
import { identify, signalProcess } from '../lab/process.js';
import { del } from '../lab/runtime.js';
import { fabricUp } from '../main-job/fabric.js';
import { addressesOf } from './container-addresses.js';
import { CONTAINERD, type Containerd, startContainerd } from './containerd.js';
import { BUSYBOX, IMAGE } from './image.js';
import { type LeakOracle, type Live, leakOracle } from './leak-oracle.js';
import { needs } from './needs.js';
import { patience, repeat, rounds } from './rounds.js';
import { type RuntimeHost, runtimeHost } from './runtime-host.js';
import { tidied, untilAsked } from './stopped-controller.js';

const ROUNDS = rounds(30);
const KILLS = rounds(3);

describe('ctr run --cni', () => {
  let lab: Lab;
  let host: RuntimeHost;
  let containerd: Containerd;
  let oracle: LeakOracle;

  before(async function () {
    this.timeout(90_000);
    needs(this, CONTAINERD, '/usr/sbin/runc', BUSYBOX);
    lab = await fabricUp('clients-ctr');
    oracle = await leakOracle(lab, 'node1');
    host = await runtimeHost(lab, 'node1');
    const plugins = [{ type: 'slash32', network: 'blue' }];
    await host.write('/etc/cni/net.d/10-blue.conflist', JSON.stringify({ cniVersion: '1.0.0', name: 'blue', plugins }));
    containerd = await startContainerd(host);
  });
  afterEach(async () => {
    for (const name of await listed('task')) await containerd.ctr('task', 'delete', '--force', name);
    for (const name of await listed('container')) await containerd.ctr('container', 'delete', name);
    await tidied(host);
  });
  after(async () => {
    await containerd?.kill('SIGKILL');
    await host?.down();
    await lab?.down();
  });

  const run = (name: string, ...options: string[]) => [
    ...['run', '--cni', '--snapshotter', 'native', '--cgroup', `${host.cgroup}/${name}`, ...options, IMAGE, name],
  ];

  async function detached(name: string): Promise<Live> {
    await containerd.ctr(...run(name, '--detach'));
    return { id: `default-${name}`, addresses: await addressesOf(await taskPid(name)) };
  }

  async function listed(what: 'task' | 'container'): Promise<string[]> {
    return (await containerd.ctr(what, 'list', '--quiet')).split('\n').filter(Boolean);
  }

  async function taskPid(name: string): Promise<number> {
    const tasks = await containerd.ctr('task', 'list');
    return Number(new RegExp(`^${name}\\s+(\\d+)`, 'm').exec(tasks)?.[1]);
  }

  async function removed(name: string): Promise<void> {
    await containerd.ctr('task', 'delete', '--force', name);
    await containerd.ctr('container', 'delete', name);
  }

  /** What an operator does for a container whose DEL ctr never sends. */
  const delByHand = (name: string) => del({ name: `default-${name}`, netns: '', node: host.node });

  it(`attaches and detaches ${ROUNDS} containers, each with addresses of its own, and leaves nothing`, async function () {
    this.timeout(patience(ROUNDS, 2));
    const seen = new Set<string>();
    // Into a file: on a busy machine ctr can lose what a container prints that ends at once.
    const mount = `type=bind,src=${host.directory},dst=/tmp,options=rbind:rw`;
    const tell = '/bin/ip address show eth0 > /tmp/told';
    await repeat(ROUNDS, async (round) => {
      await containerd.ctr(...run(`round-${round}`, '--rm', '--mount', mount), '/bin/sh', '-c', tell);
      const [, address] = /inet (10\.20\.1\.\d+)\/32/.exec(readFileSync(`${host.directory}/told`, 'utf8')) ?? [];
      expect(address).to.be.a('string');
      seen.add(address!);
    });
    expect(seen.size).to.equal(Math.min(ROUNDS, 254));
    await oracle.noLeaks();
  });

  it('keeps detached containers exactly as long as they live, and one DEL by hand makes up for what ctr omits', async () => {
    const live = [await detached('first'), await detached('second')];
    await oracle.noLeaks(live);
    await removed('first');
    await delByHand('first');
    await oracle.noLeaks(live.slice(1));
    await removed('second');
    await delByHand('second');
    await oracle.noLeaks();
  });

  it(`leaves nothing when ctr is killed in the middle of ADD, ${KILLS} times over`, async function () {
    this.timeout(patience(KILLS, 5));
    await repeat(KILLS, async (round) => {
      const name = `killed-${round}`;
      await host.node.kill('slash32d', 'SIGSTOP');
      const ctr = host.launch('ctr', containerd.ctrCommand(...run(name)));
      await untilAsked(host.node);
      await signalProcess(ctr, 'SIGKILL');
      await host.node.kill('slash32d', 'SIGCONT');
      await removed(name);
      await delByHand(name);
    });
    await oracle.noLeaks();
  });

  it(`leaves nothing when the controller is killed while a container lives, and DEL meets no controller, ${KILLS} times over`, async function () {
    this.timeout(patience(KILLS, 10));
    await repeat(KILLS, async (round) => {
      const name = `orphan-${round}`;
      const live = await detached(name);
      await host.node.kill('slash32d', 'SIGKILL');
      await removed(name);
      await delByHand(name);
      await host.startController();
      expect(live.addresses).to.have.lengthOf(2);
    });
    await oracle.noLeaks();
  });

  it(`keeps a container through ${KILLS} kills of containerd, and detaches it afterwards`, async function () {
    this.timeout(patience(KILLS, 10));
    await repeat(KILLS, async (round) => {
      const name = `survivor-${round}`;
      const live = await detached(name);
      await containerd.kill('SIGKILL');
      await containerd.start();
      await oracle.noLeaks([live]);
      expect(identify(await taskPid(name))).to.be.an('object');
      await removed(name);
      await delByHand(name);
      await oracle.noLeaks();
    });
  });
});
