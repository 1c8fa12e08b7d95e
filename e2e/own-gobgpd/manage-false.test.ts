/** `manage: false`: gobgpd has its own file and its own life, and the controller adds and watches paths, nothing else. */
import { readFileSync, writeFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { expect } from 'chai';
import type { Container } from '../lab/container.js';
import { Lab } from '../lab/lab.js';
import { monitorRoutes } from '../lab/route-monitor.js';
import { type Attached, add, del } from '../lab/runtime.js';
import { until } from '../lab/until.js';
import { announced, atTor, kernelRoutes } from '../main-job/fabric.js';

const TOPOLOGY = fileURLToPath(new URL('../../../e2e/own-gobgpd/own-gobgpd.clab.yml', import.meta.url));

describe('a controller beside a gobgpd that has a file of its own', () => {
  let lab: Lab;
  let blue: Container & Attached;

  before(async () => {
    lab = await Lab.forTests(TOPOLOGY, { name: 'torconfig-own' });
    await bothUp();
    const container = await lab.container('node1', 'blue-1');
    blue = Object.assign(container, await add(container));
    await atTor(lab, blue.v4);
    await atTor(lab, blue.v6);
  });
  after(() => lab?.down());

  interface Peer {
    conf: object;
    state: { session_state?: number; neighbor_address?: string };
    timers: { state?: { uptime?: { seconds?: number } } };
  }
  const peers = async () => JSON.parse(await lab.node('node1').gobgp('-j', 'neighbor')) as Peer[];
  const bothUp = () =>
    until(async () => (await peers()).filter(({ state }) => state.session_state === 6).length === 2, {
      what: 'both sessions',
    });
  /** The controller has found gobgpd again, and said both addresses of the container. */
  const bothAnnounced = () =>
    until(
      async () => {
        const said = await announced(lab.node('node1'));
        return [`${blue.v4}/32`, `${blue.v6}/128`].every((one) => said.includes(one));
      },
      { what: 'both announcements' },
    );
  const uptimes = async () => (await peers()).map(({ timers }) => timers.state?.uptime?.seconds);

  it('announces containers, and withdraws them', async () => {
    const other = await lab.container('node1', 'blue-2');
    const { v4 } = await add(other);
    await atTor(lab, v4);
    await del(other);
    await atTor(lab, v4, false);
  });

  it('hears paths of the peers that the file names', async () => {
    const heard = '10.20.200.1';
    await lab.node('tor1').exec(['ip', 'route', 'add', 'blackhole', `${heard}/32`]);
    const tor = ['configure terminal', 'ip prefix-list X seq 5 permit 10.20.200.1/32', 'route-map TARGET permit 10'];
    const commands = [
      ...tor,
      'set extcommunity rt 64512:100',
      'exit',
      'router bgp 65000',
      'address-family ipv4 unicast',
      `network ${heard}/32 route-map TARGET`,
    ];
    await lab.node('tor1').exec(['vtysh', ...commands.flatMap((command) => ['-c', command])]);
    await until(async () => (await kernelRoutes(lab.node('node1'), 1001)).includes(heard), {
      what: `${heard} in blue`,
    });
  });

  it('leaves sessions and peers alone when it is killed and comes back, and when its peers change', async () => {
    const node = lab.node('node1');
    const [before, up] = [(await peers()).map(({ conf }) => conf), await uptimes()];
    const file = node.boundFile('/etc/slash32/node.yaml');
    const yaml = readFileSync(file, 'utf8');
    writeFileSync(file, yaml.replace('asn: 65000, families: [ipv4]', 'asn: 65009, families: [ipv4]'));
    await node.restart('slash32d', 'SIGKILL');
    await until(() => node.log('slash32d').includes("has AS 65000 in gobgpd's own file, and 65009 in ours"), {
      what: 'a word about the difference',
    });
    writeFileSync(file, yaml);
    await node.restart('slash32d', 'SIGKILL');
    expect((await peers()).map(({ conf }) => conf)).to.have.deep.members(before);
    expect(await uptimes()).to.eql(up);
    expect(await announced(node)).to.include.members([`${blue.v4}/32`, `${blue.v6}/128`]);
  });

  /** Ends gobgpd, starts it again, and tells the routes of the ToR's kernel that went meanwhile. */
  async function deletedDuring(signal: NodeJS.Signals, options: string): Promise<string[]> {
    const node = lab.node('node1');
    const monitor = await monitorRoutes(lab.node('tor1').namespace);
    await node.kill('gobgpd', signal);
    await node.start('gobgpd', { env: { GOBGPD_OPTIONS: options } });
    await bothUp();
    await bothAnnounced();
    // FRR flushes what is stale when our End-of-RIB comes, so after it.
    for (const family of ['ipv4', 'ipv6']) {
      const table = () => lab.node('tor1').vtysh(`show bgp ${family} unicast`);
      await until(async () => !/^ ?S[>* ]/m.test(await table()), {
        what: `nothing of ${family} to be stale at the ToR`,
      });
    }
    await atTor(lab, blue.v4);
    await atTor(lab, blue.v6);
    return (await monitor.stop()).filter(({ deleted }) => deleted).map(({ route }) => route);
  }

  it('announces everything to a gobgpd that was killed and started again with -r, and the ToR deletes no route', async () => {
    expect(await deletedDuring('SIGKILL', '-r')).to.eql([]);
  });

  it('announces everything to one that was stopped by SIGTERM too, but then the ToR has deleted the routes', async () => {
    expect((await deletedDuring('SIGTERM', '-r')).join())
      .to.include(blue.v4)
      .and.include(blue.v6);
  });

  it('waits, with the reason, for a gobgpd that speaks for another AS', async () => {
    const node = lab.node('node1');
    const file = node.boundFile('/etc/gobgp/gobgp.toml');
    const toml = readFileSync(file, 'utf8');
    writeFileSync(file, toml.replace('as = 65001', 'as = 65009'));
    await node.restart('gobgpd', 'SIGKILL');
    await until(() => /AS 65009.*make its file and the node's agree/.test(node.log('slash32d')), {
      what: 'the reason',
    });
    writeFileSync(file, toml);
    await node.restart('gobgpd', 'SIGKILL');
    await bothAnnounced();
  });
});
