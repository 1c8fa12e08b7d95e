/** Addresses from somebody else's IPAM plugin: Debian's host-local, executed as a delegate. */
import { existsSync, mkdtempSync, readdirSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect } from 'chai';
import { execa } from 'execa';
import type { Container } from '../lab/container.js';
import type { Lab } from '../lab/lab.js';
import { launch, signalProcess } from '../lab/process.js';
import { add, cni, del } from '../lab/runtime.js';
import { until } from '../lab/until.js';
import { atTor, fabricUp, holdings, NOTHING } from './fabric.js';

describe('an ADD with a delegated IPAM plugin', () => {
  const dataDir = mkdtempSync(join(tmpdir(), 's32-host-local-'));
  const ranges = [[{ subnet: '10.20.1.128/30' }], [{ subnet: '2001:db8:20:1:8000::/126' }]];
  const conf = { ipam: { type: 'host-local', dataDir, ranges } };
  let lab: Lab;
  let container: Container;

  before(async () => {
    lab = await fabricUp('ipam');
    container = await lab.container('node1', 'delegated');
  });
  after(async () => {
    rmSync(dataDir, { recursive: true, force: true });
    await lab?.down();
  });

  /** What host-local holds: a file per address, beside its own bookkeeping. */
  const reserved = () =>
    existsSync(join(dataDir, 'blue'))
      ? readdirSync(join(dataDir, 'blue')).filter((name) => /^\d+\.|::/.test(name))
      : [];

  it('gives the endpoint the host bits of its answer, as a /32 and a /128 of our own', async () => {
    const { v4, v6, result } = await add(container, { conf });
    expect([v4, v6]).to.eql(['10.20.1.130', '2001:db8:20:1:8000::2']);
    expect(result.ips[0].address).to.equal('10.20.1.130/32');
    await atTor(lab, v4);
    await atTor(lab, v6);
    expect(reserved()).to.have.lengthOf(2);
  });

  it('gives the address back with DEL, also after the controller was killed in between', async () => {
    await lab.node('node1').kill('slash32d', 'SIGKILL');
    await lab.node('node1').start('slash32d');
    await del(container, { conf });
    expect(reserved()).to.eql([]);
    expect(await holdings(lab.node('node1'))).to.eql(NOTHING);
  });

  it("passes the plugin's own refusal on, and leaves nothing", async () => {
    const other = await lab.container('node1', 'one-too-many');
    await add(container, { conf });
    const refused = await cni('ADD', other, { conf });
    expect(refused.exitCode).to.equal(1);
    expect(refused.json.msg).to.match(/no IP addresses available/);
    await del(container, { conf });
    expect(reserved()).to.eql([]);
    expect(await holdings(lab.node('node1'))).to.eql(NOTHING);
  });

  it('gives no half of a dual stack: with one range exhausted the other address goes back too', async () => {
    const uneven = [
      [{ subnet: '10.20.1.128/28' }],
      [{ subnet: '2001:db8:20:1:8000::/126', rangeEnd: '2001:db8:20:1:8000::2' }],
    ];
    const call = { conf: { ipam: { ...conf.ipam, ranges: uneven } } };
    const other = await lab.container('node1', 'one-family-only');
    await add(container, call);
    const refused = await cni('ADD', other, call);
    expect(refused.json.msg).to.match(/no IP addresses available in range set: 2001:db8/);
    expect(reserved()).to.have.lengthOf(2);
    await del(container, call);
    expect(reserved()).to.eql([]);
    expect(await holdings(lab.node('node1'))).to.eql(NOTHING);
  });

  it("takes what Debian's static says, once: the second container that is told the same address is refused", async () => {
    const addresses = [{ address: '10.20.1.77/24' }, { address: '2001:db8:20:1::77/64' }];
    const call = { conf: { ipam: { type: 'static', addresses, routes: [{ dst: '10.0.0.0/8' }] } } };
    const { v4, v6 } = await add(container, call);
    expect([v4, v6]).to.eql(['10.20.1.77', '2001:db8:20:1::77']);
    expect(await container.exec(['ip', 'route', 'show', '10.0.0.0/8'])).to.include('via 169.254.1.1');
    await atTor(lab, v4);
    const { json } = await cni('ADD', await lab.container('node1', 'same-address'), call);
    expect(json.msg).to.equal('static gave 10.20.1.77, which another endpoint of this node has');
    await atTor(lab, v4);
    await del(container, call);
    expect(await holdings(lab.node('node1'))).to.eql(NOTHING);
  });

  it('refuses DHCP by ADD and STATUS, and leaves nothing', async () => {
    const dhcp = { ipam: { type: 'dhcp' } };
    const { json } = await cni('ADD', container, { conf: dhcp });
    expect(json).to.include({ code: 2 });
    expect(json.msg).to.match(/ipam\.type = "dhcp" is not supported/);
    expect((await cni('STATUS', container, { conf: { ...dhcp, cniVersion: '1.1.0' } })).json).to.include({ code: 2 });
    expect(await holdings(lab.node('node1'))).to.eql(NOTHING);
  });

  it("refuses DHCP with reason: Debian's daemon wants the container's link before it gives addresses, and nobody is on it", async function () {
    if (!existsSync('/usr/lib/cni/dhcp')) this.skip();
    const [socket, log] = [join(dataDir, 'dhcp.sock'), join(dataDir, 'dhcp.log')];
    const daemon = launch(['/usr/lib/cni/dhcp', 'daemon', '-socketpath', socket], log, process.env);
    const ask = (seconds: number) => {
      const conf = { cniVersion: '1.0.0', name: 'blue', ipam: { type: 'dhcp', daemonSocketPath: socket } };
      const env = { CNI_COMMAND: 'ADD', CNI_CONTAINERID: 'c', CNI_NETNS: container.netns, CNI_IFNAME: 'eth0' };
      const options = { env: { ...env, CNI_PATH: '/usr/lib/cni' }, reject: false, timeout: seconds * 1000 };
      return execa('/usr/lib/cni/dhcp', [], { ...options, input: JSON.stringify(conf) });
    };
    try {
      await until(async () => (await ask(30)).stdout.includes('Link not found'), { what: 'the DHCP daemon to say no' });
      await add(container);
      expect(
        (await ask(3)).timedOut,
        'nobody answers on the link of a container that has its addresses already',
      ).to.equal(true);
      await del(container);
    } finally {
      await signalProcess(daemon, 'SIGKILL');
    }
  });
});
