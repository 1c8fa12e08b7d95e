import { expect } from 'chai';
import type { Lab } from '../lab/lab.js';
import { until } from '../lab/until.js';
import { fabricUp } from '../main-job/fabric.js';
import { type Containerd, startContainerd } from './containerd.js';
import { fetchContainerd2 } from './containerd-2.js';
import { type Condition, type Cri, connectCri } from './cri/cri.js';
import { BUSYBOX } from './image.js';
import { type LeakOracle, type Live, leakOracle } from './leak-oracle.js';
import { needs, skip } from './needs.js';
import { repeat, rounds } from './rounds.js';
import { type RuntimeHost, runtimeHost } from './runtime-host.js';

const PODS = 20;
const ROUNDS = Math.ceil(rounds(20) / PODS);
const CONFLIST = { cniVersion: '1.1.0', name: 'blue', plugins: [{ type: 'slash32', network: 'blue' }] };

describe('containerd 2, with a network of cniVersion 1.1.0,', () => {
  let lab: Lab;
  let host: RuntimeHost;
  let containerd: Containerd;
  let cri: Cri;
  let oracle: LeakOracle;

  before(async function () {
    this.timeout(240_000);
    needs(this, '/usr/sbin/runc', BUSYBOX);
    const fetched = await fetchContainerd2();
    if ('reason' in fetched) skip(this, fetched.reason);
    lab = await fabricUp('clients-ctrd2');
    oracle = await leakOracle(lab, 'node1');
    host = await runtimeHost(lab, 'node1');
    await host.write('/etc/cni/net.d/10-blue.conflist', JSON.stringify(CONFLIST));
    containerd = await startContainerd(host, fetched.program);
    cri = connectCri(containerd.socket, host.cgroup);
    await until(() => cri.version(), { what: 'the CRI to answer' });
  });
  after(async () => {
    cri?.close();
    await containerd?.kill('SIGKILL');
    await host?.down();
    await lab?.down();
  });

  const network = async (): Promise<Condition> => (await cri.conditions()).find(({ type }) => type === 'NetworkReady')!;
  const alive = async (id: string): Promise<Live> => ({ id, addresses: await cri.addresses(id) });

  it('runs pods in parallel, and Stop twice and Remove leave nothing', async function () {
    this.timeout(30_000 + ROUNDS * 60_000);
    await repeat(ROUNDS, async (round) => {
      const names = Array.from({ length: PODS }, (_, index) => `pod-${round}-${index}`);
      const pods = await Promise.all(names.map(async (name) => alive(await cri.run(name))));
      await oracle.noLeaks(pods);
      await Promise.all(
        pods.map(async ({ id }) => {
          await cri.stop(id);
          await cri.stop(id);
          await cri.remove(id);
        }),
      );
      await oracle.noLeaks();
    });
  });

  it('asks STATUS, says that the network is ready, not ready while the controller is down, and ready again', async function () {
    this.timeout(120_000);
    expect(await network()).to.include({ status: true });
    await host.node.kill('slash32d', 'SIGKILL');
    const down = await until(async () => ((it) => !it.status && it)(await network()), { what: 'NetworkReady=false' });
    expect(down.message).to.match(/slash32/);
    await host.startController();
    await until(async () => (await network()).status, { what: 'NetworkReady=true' });
  });

  it('answers a kubelet that asks every 5 s before it asks again, also while a pod starts', async function () {
    this.timeout(90_000);
    const pod = cri.run('beside');
    for (let asked = 0; asked < 3; asked++) {
      const start = performance.now();
      expect(await network()).to.include({ status: true });
      expect(performance.now() - start).to.be.below(5_000);
    }
    const id = await pod;
    await cri.stop(id);
    await cri.remove(id);
    await oracle.noLeaks();
  });
});
