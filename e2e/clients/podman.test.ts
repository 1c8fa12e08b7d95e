import { expect } from 'chai';
import type { Lab } from '../lab/lab.js';
import { signalProcess } from '../lab/process.js';
import { until } from '../lab/until.js';
import { fabricUp } from '../main-job/fabric.js';
import { addressesOf } from './container-addresses.js';
import { BUSYBOX } from './image.js';
import { type LeakOracle, type Live, leakOracle } from './leak-oracle.js';
import { needs } from './needs.js';
import { PODMAN, type Podman, runDetached, setUpPodman } from './podman.js';
import { patience, repeat, rounds } from './rounds.js';
import { type RuntimeHost, runtimeHost } from './runtime-host.js';
import { tidied, untilAsked } from './stopped-controller.js';

const ROUNDS = rounds(12);
const KILLS = rounds(2);

describe('podman with the CNI back end', () => {
  let lab: Lab;
  let host: RuntimeHost;
  let podman: Podman;
  let oracle: LeakOracle;

  before(async function () {
    this.timeout(90_000);
    needs(this, PODMAN, '/usr/sbin/runc', BUSYBOX);
    lab = await fabricUp('clients-podman');
    oracle = await leakOracle(lab, 'node1');
    host = await runtimeHost(lab, 'node1');
    const portmap = { type: 'portmap', capabilities: { portMappings: true } };
    const plugins = [{ type: 'slash32', network: 'blue' }, portmap];
    podman = await setUpPodman(host, 'blue', { cniVersion: '0.4.0', name: 'blue', plugins });
  });
  afterEach(async () => {
    await podman('rm', '--force', '--all', '--time', '0');
    await tidied(host);
  });
  after(async () => {
    await host?.down();
    await lab?.down();
  });

  const run = async (name: string, ...options: string[]) => {
    await podman(...runDetached(host, name, ...options));
    return live(name);
  };
  const live = async (name: string): Promise<Live> => ({
    id: await podman('inspect', '--format', '{{.Id}}', name),
    addresses: await addressesOf(Number(await podman('inspect', '--format', '{{.State.Pid}}', name))),
  });
  const removed = (name: string) => podman('rm', '--force', '--time', '0', name);

  it(`runs and removes ${ROUNDS} containers, each stopped and started between, and leaves nothing`, async function () {
    this.timeout(patience(ROUNDS, 6));
    await repeat(ROUNDS, async (round) => {
      const before = await run(`round-${round}`);
      await podman('stop', '--time', '0', `round-${round}`);
      await podman('start', `round-${round}`);
      const after = await live(`round-${round}`);
      expect([before.addresses.length, after.addresses.length]).to.eql([2, 2]);
      expect(after.id).to.equal(before.id);
      if (round === 1) await oracle.noLeaks([after]);
      await removed(`round-${round}`);
    });
    await oracle.noLeaks();
  });

  it(`gets the address and the MAC it asks for, and keeps them through stop, start and network reload, ${KILLS} times over`, async function () {
    this.timeout(patience(KILLS, 15));
    const mac = '02:00:5e:10:00:0a';
    const asked = await run('asked', '--network', `blue:ip=10.20.1.77,mac=${mac}`);
    const isAsAsked = async () => {
      expect(await podman('exec', 'asked', '/bin/ip', 'link', 'show', 'eth0')).to.contain(mac);
      const now = await live('asked');
      expect(now.addresses).to.contain('10.20.1.77');
      await host.exec(['ping', '-c', '1', '-W', '5', '10.20.1.77']);
      await oracle.noLeaks([now]);
    };
    expect(asked.addresses).to.contain('10.20.1.77');
    await isAsAsked();
    await repeat(KILLS, async () => {
      await podman('network', 'reload', 'asked');
      await isAsAsked();
      await podman('stop', '--time', '0', 'asked');
      await oracle.noLeaks();
      await podman('start', 'asked');
      await isAsAsked();
    });
    await removed('asked');
    await oracle.noLeaks();
  });

  it('is refused an address that another container has, and that container keeps it', async () => {
    const owner = await run('owner', '--ip', '10.20.1.78');
    const refusal = await run('thief', '--ip', '10.20.1.78').catch((error: Error) => error);
    expect(String(refusal)).to.match(/10\.20\.1\.78/);
    await removed('thief');
    await oracle.noLeaks([owner]);
    await removed('owner');
    await oracle.noLeaks();
  });

  it(`publishes a port through portmap in the chain, to itself and its neighbour too, and takes it back, ${KILLS} times over`, async function () {
    this.timeout(patience(KILLS, 15));
    if ((await host.attempt(['iptables', '-t', 'nat', '-S'])).code !== 0) this.skip(); // portmap is nothing without
    const command = ['/bin/nc', '-ll', '-p', '80', '-e', '/bin/cat'];
    const ask = ['sh', '-c', 'echo hello | busybox nc -w 10 192.0.2.1 8080'];
    await repeat(KILLS, async (round) => {
      const name = `server-${round}`;
      await podman(...runDetached(host, name, '--publish', '8080:80'), ...command);
      const server = await live(name);
      await until(async () => (await host.exec(ask)) === 'hello', { what: 'an answer through the published port' });
      // Hairpin: the server itself, and its neighbour, through the address of the node.
      const inside = ['/bin/sh', '-c', 'echo hello | nc -w 10 192.0.2.1 8080'];
      const neighbour = await run(`neighbour-${round}`);
      for (const asking of [name, `neighbour-${round}`]) {
        expect(await podman('exec', asking, ...inside), `through the published port from ${asking}`).to.equal('hello');
      }
      await oracle.noLeaks([server, neighbour]);
      await removed(`neighbour-${round}`);
      await removed(name);
      expect(await host.exec(['iptables', '-t', 'nat', '-S'])).not.to.contain('8080');
    });
    await oracle.noLeaks();
  });

  it(`that is killed in the middle of ADD is put right by its own next start: refused, cleaned up, then fine, ${KILLS} times over`, async function () {
    this.timeout(patience(KILLS, 15));
    await repeat(KILLS, async (round) => {
      const name = `killed-${round}`;
      await podman('create', ...runDetached(host, name).slice(2));
      await host.node.kill('slash32d', 'SIGSTOP');
      const starting = podman.launch('start', name);
      await untilAsked(host.node);
      await signalProcess(starting, 'SIGKILL');
      await host.node.kill('slash32d', 'SIGCONT');
      await until(() => host.node.pid('slash32') === undefined, { what: 'the plugin to end' });
      // Podman knows of no network yet, so it sends a DEL only after the ADD that finds the first one's endpoint.
      const refusal = await podman('start', name).catch((error: Error) => error);
      expect(String(refusal)).to.match(/is attached already/);
      await oracle.noLeaks();
      await podman('start', name);
      await oracle.noLeaks([await live(name)]);
      await removed(name);
    });
    await oracle.noLeaks();
  });

  it(`leaves nothing when the controller is down while containers are removed, ${KILLS} times over`, async function () {
    this.timeout(patience(KILLS, 15));
    await repeat(KILLS, async (round) => {
      const kept = await run(`kept-${round}`);
      await run(`gone-${round}`);
      await host.node.kill('slash32d', 'SIGKILL');
      await removed(`gone-${round}`);
      await host.startController();
      await oracle.noLeaks([kept]);
      await removed(`kept-${round}`);
    });
    await oracle.noLeaks();
  });
});
