/** slash32 under libcni 1.3: configurations that are upgraded while containers run, and chains with Debian's plugins. */
import { existsSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect } from 'chai';
import { NOTHING } from '../main-job/fabric.js';
import {
  addNetworkList,
  type ConfList,
  checkNetworkList,
  delNetworkList,
  gcNetworkList,
  type Libcni,
  type PluginConf,
  type RuntimeConf,
  statusNetworkList,
  supportedVersions,
} from './libcni.js';
import { slash32OnLab } from './on-lab.js';
import type { Box, Subject } from './subject.js';

const VERSIONS = ['0.1.0', '0.2.0', '0.3.0', '0.3.1', '0.4.0', '1.0.0', '1.1.0'];

describe('slash32 under libcni 1.3', () => {
  let subject: Subject;
  let libcni: Libcni;
  const cache = mkdtempSync(join(tmpdir(), 's32-conformance-'));

  before(async function () {
    this.timeout(90_000);
    subject = await slash32OnLab('conformance-libcni');
    const exec: Libcni['exec'] = (type, env, stdin) =>
      subject.execute(env, stdin, { program: type === 'slash32' ? subject.plugin : `/usr/lib/cni/${type}` });
    libcni = { exec, path: subject.path, cache };
  });
  after(async () => {
    await subject?.down();
    rmSync(cache, { recursive: true });
  });
  afterEach(async () => expect(await subject.holdings()).to.eql(NOTHING));

  const listOf = (cniVersion: string, ...after: PluginConf[]): ConfList => ({
    ...{ cniVersion, name: 'blue' },
    plugins: [{ type: 'slash32', capabilities: { ips: true, mac: true } }, ...after],
  });
  const runtimeOf = (box: Box, capabilityArgs = {}): RuntimeConf => ({
    ...{ containerID: box.name, netns: box.netns, ifname: 'eth0', capabilityArgs },
  });
  const isThere = async (box: Box) => (await box.attempt(['ip', 'link', 'show', 'eth0'])).code === 0;

  it('names the seven versions when it is asked with dummies', async () => {
    expect(await supportedVersions(libcni, 'slash32', '1.1.0')).to.eql(VERSIONS);
  });

  for (const a of VERSIONS) {
    it(`detaches what was added at ${a}, whatever version the list has by then`, async () => {
      const box = await subject.box();
      for (const b of VERSIONS) {
        await addNetworkList(libcni, listOf(a), runtimeOf(box));
        await delNetworkList(libcni, listOf(b), runtimeOf(box));
        expect(await isThere(box), `eth0 after DEL at ${b}`).to.equal(false);
      }
    });

    it(`checks what was added at ${a} at every version that has CHECK`, async () => {
      const box = await subject.box();
      await addNetworkList(libcni, listOf(a), runtimeOf(box));
      try {
        for (const b of ['0.4.0', '1.0.0', '1.1.0']) {
          await checkNetworkList(libcni, listOf(b), runtimeOf(box));
        }
      } finally {
        await delNetworkList(libcni, listOf(a), runtimeOf(box));
      }
    });
  }

  it('detaches when the cached result is lost', async () => {
    const box = await subject.box();
    await addNetworkList(libcni, listOf('1.0.0'), runtimeOf(box));
    rmSync(cache, { recursive: true });
    await delNetworkList(libcni, listOf('1.0.0'), runtimeOf(box));
    expect(await isThere(box)).to.equal(false);
  });

  it('says by STATUS that ADD can work', async () => {
    await statusNetworkList(libcni, listOf('1.1.0'));
  });

  it('loses by GC what is not valid, and all of the network when nothing is', async () => {
    const boxes = [await subject.box(), await subject.box(), await subject.box()] as const;
    for (const box of boxes) await addNetworkList(libcni, listOf('1.1.0'), runtimeOf(box));
    const there = async () => Promise.all(boxes.map(isThere));
    // The second is one that the runtime has forgotten: only the plugin itself can know it.
    rmSync(join(cache, `blue-${boxes[1].name}-eth0`));
    try {
      await gcNetworkList(libcni, listOf('1.1.0'), [{ containerID: boxes[0].name, ifname: 'eth0' }]);
      expect(await there()).to.eql([true, false, false]);
      await gcNetworkList(libcni, listOf('1.1.0'), undefined);
      expect(await there()).to.eql([false, false, false]);
    } finally {
      for (const box of boxes) await delNetworkList(libcni, listOf('1.1.0'), runtimeOf(box));
    }
  });

  /** ADD of the chain, its effect, DEL, and the effect is gone. */
  async function chain(
    plugin: PluginConf,
    capabilityArgs: object,
    effect: (box: Box, hostLink: string, address: string) => Promise<boolean>,
  ) {
    const box = await subject.box();
    const list = listOf('1.0.0', plugin);
    const result = await addNetworkList(libcni, list, runtimeOf(box, capabilityArgs));
    const address = result.ips[0].address.replace(/\/.*/, '');
    const hostLink = result.interfaces[0].name;
    expect(await effect(box, hostLink, address), 'the effect after ADD').to.equal(true);
    await delNetworkList(libcni, list, runtimeOf(box, capabilityArgs));
    expect(await effect(box, hostLink, address), 'the effect after DEL').to.equal(false);
  }
  const onHost = async (...argv: string[]) => (await subject.onHost(argv)).stdout;
  const debians = (type: string, test: Mocha.Context) => existsSync(`/usr/lib/cni/${type}`) || test.skip();

  it('is followed by portmap, which publishes a port and takes it back', async function () {
    debians('portmap', this);
    const portMappings = [{ hostPort: 18080, containerPort: 80, protocol: 'tcp' }];
    await chain(
      { type: 'portmap', capabilities: { portMappings: true }, snat: true },
      { portMappings },
      async (_, __, address) => (await onHost('iptables-save', '-t', 'nat')).includes(`--to-destination ${address}:80`),
    );
  });

  it('is followed by bandwidth, which puts its shapers on our host link and takes its ifb away', async function () {
    debians('bandwidth', this);
    const bandwidth = { ingressRate: 1_000_000, ingressBurst: 100_000, egressRate: 1_000_000, egressBurst: 100_000 };
    await chain({ type: 'bandwidth', capabilities: { bandwidth: true } }, { bandwidth }, async (_, hostLink) => {
      const ifb = (await onHost('ip', 'link', 'show', 'type', 'ifb')) !== '';
      return ifb || (await onHost('tc', 'qdisc', 'show', 'dev', hostLink)).includes('tbf');
    });
  });

  it('is followed by tuning, which sets a sysctl in the container', async function () {
    debians('tuning', this);
    const sysctl = { 'net.ipv4.conf.IFNAME.arp_filter': '1' };
    await chain(
      { type: 'tuning', sysctl, dataDir: join(tmpdir(), 's32-conformance-tuning') },
      {},
      async (box) => (await box.attempt(['cat', '/proc/sys/net/ipv4/conf/eth0/arp_filter'])).stdout === '1',
    );
  });

  it('is followed by firewall, which lets the container through and forgets it', async function () {
    debians('firewall', this);
    await chain({ type: 'firewall', backend: 'iptables' }, {}, async (_, __, address) =>
      (await onHost('iptables-save')).includes(address),
    );
  });
});
