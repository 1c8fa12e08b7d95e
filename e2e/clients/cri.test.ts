import { readdirSync } from 'node:fs';
import { status } from '@grpc/grpc-js';
import { expect } from 'chai';
import type { Lab } from '../lab/lab.js';
import { until } from '../lab/until.js';
import { fabricUp } from '../main-job/fabric.js';
import { CONTAINERD, type Containerd, startContainerd } from './containerd.js';
import { type Cri, connectCri } from './cri/cri.js';
import { BUSYBOX } from './image.js';
import { type LeakOracle, type Live, leakOracle } from './leak-oracle.js';
import { needs } from './needs.js';
import { patience, repeat, rounds } from './rounds.js';
import { type RuntimeHost, runtimeHost } from './runtime-host.js';
import { tidied } from './stopped-controller.js';

const PODS = 20;
const ROUNDS = Math.ceil(rounds(40) / PODS);
const DEADLINES = rounds(2);
const KILLS = rounds(1);

describe("containerd's CRI, as a kubelet drives it,", () => {
  let lab: Lab;
  let host: RuntimeHost;
  let containerd: Containerd;
  let cri: Cri;
  let oracle: LeakOracle;

  before(async function () {
    this.timeout(90_000);
    needs(this, CONTAINERD, '/usr/sbin/runc', BUSYBOX);
    lab = await fabricUp('clients-cri');
    oracle = await leakOracle(lab, 'node1');
    host = await runtimeHost(lab, 'node1');
    const plugins = [{ type: 'slash32', network: 'blue' }];
    await host.write('/etc/cni/net.d/10-blue.conflist', JSON.stringify({ cniVersion: '1.0.0', name: 'blue', plugins }));
    containerd = await startContainerd(host);
    cri = connectCri(containerd.socket, host.cgroup);
  });
  afterEach(async () => {
    await Promise.all((await cri.list()).map(ended));
    await tidied(host);
  });
  after(async () => {
    cri?.close();
    await containerd?.kill('SIGKILL');
    await host?.down();
    await lab?.down();
  });

  const names = (round: string) => Array.from({ length: PODS }, (_, index) => `pod-${round}-${index}`);
  const alive = async (id: string): Promise<Live> => ({ id, addresses: await cri.addresses(id) });

  /** What a kubelet does until a sandbox is gone: it stops it, again to be sure, and removes it. */
  async function ended(id: string): Promise<void> {
    await cri.stop(id);
    await cri.stop(id);
    await cri.remove(id);
  }

  it(`runs ${PODS} pods in parallel, ${ROUNDS} times over, each reachable; Stop twice and Remove leave nothing`, async function () {
    this.timeout(30_000 + ROUNDS * 60_000);
    await repeat(ROUNDS, async (round) => {
      const pods = await Promise.all(names(`many-${round}`).map(async (name) => alive(await cri.run(name))));
      expect(new Set(pods.flatMap(({ addresses }) => addresses)).size).to.equal(2 * PODS);
      for (const { addresses } of pods) {
        for (const address of addresses) await host.exec(['ping', '-c', '1', '-W', '5', address]);
      }
      await oracle.noLeaks(pods);
      await Promise.all(pods.map(({ id }) => ended(id)));
      await oracle.noLeaks();
    });
  });

  it(`gives up at its client's deadline in the middle of ADD, and nothing is left, ${DEADLINES} times over`, async function () {
    this.timeout(patience(DEADLINES, 15));
    await repeat(DEADLINES, async (round) => {
      await host.node.kill('slash32d', 'SIGSTOP');
      try {
        const error = await cri.run(`late-${round}`, { deadline: 1_500 }).catch((reason) => reason);
        expect(error.code, String(error)).to.equal(status.DEADLINE_EXCEEDED);
      } finally {
        await host.node.kill('slash32d', 'SIGCONT');
      }
      await until(() => host.node.pid('slash32') === undefined, { what: 'every plugin to end' });
      await Promise.all((await cri.list()).map(ended));
    });
    await oracle.noLeaks();
  });

  it(`keeps its pods through a kill -9 of the controller, and their DELs find them, ${KILLS} times over`, async function () {
    this.timeout(patience(KILLS, 30));
    await repeat(KILLS, async (round) => {
      const few = names(`kept-${round}`).slice(0, 5);
      const pods = await Promise.all(few.map(async (name) => alive(await cri.run(name))));
      await host.node.kill('slash32d', 'SIGKILL');
      await cri.stop(pods[0]!.id); // Its DEL becomes a tombstone.
      await host.startController();
      await oracle.noLeaks(pods.slice(1));
      await Promise.all(pods.map(({ id }) => ended(id)));
      await oracle.noLeaks();
    });
  });

  it(`is killed itself while pods start, starts again, and what it then still knows of can be ended, ${KILLS} times over`, async function () {
    this.timeout(patience(KILLS, 60));
    const records = `${host.node.directory}/slash32/endpoints`;
    await repeat(KILLS, async (round) => {
      const starting = names(`broken-${round}`).map((name) => cri.run(name).catch(() => undefined));
      await until(() => readdirSync(records).length >= PODS / 2, { what: 'half of the pods to be attached' });
      await containerd.kill('SIGKILL');
      await Promise.all(starting);
      // Its libcni cannot remove a sandbox whose cached result it had only begun to write: it fails before any plugin is
      // asked, until somebody removes the empty file (libcni has mended that since).
      await host.exec(['find', '/var/lib/cni/results', '-type', 'f', '-empty', '-delete']);
      await containerd.start();
      await until(() => cri.version(), { what: 'the CRI to answer' });
      await until(() => host.node.pid('slash32') === undefined, { what: 'every plugin to end' });
      const known = await cri.list();
      expect(known.length).to.be.at.least(PODS / 2);
      await Promise.all(known.map(ended));
      await oracle.noLeaks();
    });
  });
});
