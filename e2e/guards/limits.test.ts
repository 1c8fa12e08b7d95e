/** What is believed of one peer, changed under a running node: prefix lists, targets for what carries none, quotas. */
import { expect } from 'chai';
import type { Explanation } from '../../src/admin/explain.js';
import type { StatusView } from '../../src/admin/server.js';
import type { Lab } from '../lab/lab.js';
import { monitorRoutes } from '../lab/route-monitor.js';
import { cni } from '../lab/runtime.js';
import { until } from '../lab/until.js';
import { kernelRoutes } from '../main-job/fabric.js';
import { reconfigure } from '../networks/reconfigure.js';
import { announce, asked, hostileLab, withdraw } from './hostile-tor.js';

describe('what is believed of a peer', () => {
  let lab: Lab;
  const node = () => lab.node('node1');
  const inBlue = () => kernelRoutes(node(), 1001);
  const holds = (...wanted: string[]) =>
    until(async () => (await inBlue()).join() === [...wanted].sort().join(), { what: `blue to have ${wanted} only` });
  /** Puts a line of the peer's rules in place of the one that is there. */
  const ruleTor = (rules: string) =>
    reconfigure(node(), (yaml) =>
      yaml.replace(/(families: \[ipv4\])(.*) }$/m, `$1${rules === '' ? '' : `, ${rules}`} }`),
    );
  const limitBlue = (limit: string) =>
    reconfigure(node(), (yaml) => yaml.replace(/^ {4}(maxRoutes: \d+\n {4})?table: 1001/m, `    ${limit}table: 1001`));
  const since = async () => {
    type Peer = { conf: { neighbor_address: string }; timers: { state?: { uptime?: object } } };
    const peers = JSON.parse(await node().gobgp('-j', 'neighbor')) as Peer[];
    return peers.map(({ conf, timers }) => JSON.stringify([conf.neighbor_address, timers.state?.uptime])).sort();
  };
  const saidOf = async (address: string) => {
    const { lines } = await asked<Explanation>(lab, `/explain?address=${address}`);
    return lines.find(({ what }) => what === 'network blue')?.says;
  };
  const slash32 = (...words: string[]) => node().slash32(...words);

  before(async function () {
    this.timeout(90_000);
    lab = await hostileLab('guards-limits');
    await ruleTor('');
    for (const address of ['10.20.2.1', '10.20.2.2', '10.20.3.1']) await announce(lab, `${address}/32`);
    await holds('10.20.2.1', '10.20.2.2', '10.20.3.1');
  });
  after(() => lab?.down());

  it('changes with its prefix lists, by what differs alone, and no session hears of it', async () => {
    const [sessions, monitor] = [await since(), await monitorRoutes(node().namespace)];
    await ruleTor('deny: ["10.20.3.0/24 le 32"]');
    await holds('10.20.2.1', '10.20.2.2');
    expect(await saidOf('10.20.3.1')).to.equal('10.20.3.1/32 is in the "deny" list of peer 192.0.2.0');
    await ruleTor('allow: ["10.20.2.0/24 ge 32", "10.20.3.0/24 le 31"]');
    expect(await saidOf('10.20.3.1')).to.equal('10.20.3.1/32 is not in the "allow" list of peer 192.0.2.0');
    await ruleTor('');
    await holds('10.20.2.1', '10.20.2.2', '10.20.3.1');
    const events = await monitor.stop();
    expect(events.filter(({ route }) => !route.startsWith('10.20.3.1 '))).to.eql([]);
    expect(await since()).to.eql(sessions);
  });

  it('stays as it was when a new list is wrong, and the log says in which line and column', async () => {
    const good = 'deny: ["10.20.3.0/24 le 32"]';
    await ruleTor(good);
    await holds('10.20.2.1', '10.20.2.2');
    const reload = ruleTor('deny: ["10.20.3.0/24 le 3"]');
    await until(() => /node\.yaml:6:\d+: bgp\.peers\.0\.deny\.0: .*matches nothing/.test(node().log('slash32d')), {
      what: 'the refusal of the configuration',
    });
    await holds('10.20.2.1', '10.20.2.2');
    await ruleTor('');
    await reload;
    await holds('10.20.2.1', '10.20.2.2', '10.20.3.1');
  });

  it('gives what carries no target those of the peer, once they are named, and takes them back', async () => {
    await announce(lab, '10.20.4.1/32', { target: null });
    await until(async () => (await saidOf('10.20.4.1'))?.startsWith('the path carries no route target'), {
      what: 'the reason',
    });
    await ruleTor('untagged: ["64512:100"]');
    await holds('10.20.2.1', '10.20.2.2', '10.20.3.1', '10.20.4.1');
    await ruleTor('');
    await holds('10.20.2.1', '10.20.2.2', '10.20.3.1');
    await withdraw(lab, '10.20.4.1/32');
  });

  it('may be a default route, for a peer that may say one', async () => {
    await announce(lab, '0.0.0.0/0');
    await until(async () => (await saidOf('0.0.0.0%2F0'))?.includes('allowDefault'), { what: 'the reason' });
    await ruleTor('allowDefault: true');
    await holds('10.20.2.1', '10.20.2.2', '10.20.3.1', 'default');
    await ruleTor('');
    await holds('10.20.2.1', '10.20.2.2', '10.20.3.1');
    await withdraw(lab, '0.0.0.0/0');
  });

  it('is no more than the quota of the network: what is installed stays, what comes later waits', async () => {
    await limitBlue('maxRoutes: 3\n    ');
    await announce(lab, '10.20.1.77/32');
    await announce(lab, '10.20.1.78/32');
    await until(async () => (await saidOf('10.20.1.78'))?.includes('came too late'), { what: 'the reason' });
    await holds('10.20.2.1', '10.20.2.2', '10.20.3.1');

    const monitor = await monitorRoutes(node().namespace);
    await node().restart('slash32d', 'SIGKILL');
    await until(async () => (await saidOf('10.20.1.78'))?.includes('came too late'), { what: 'the reason, again' });
    expect((await monitor.stop()).filter(({ route }) => route.includes('table 1001'))).to.eql([]);
  });

  it('shows a full quota in status (exit code 3), explain and log, while STATUS lets containers come', async () => {
    const { quotas } = await asked<StatusView>(lab, '/status');
    expect(quotas).to.have.length(1);
    expect(quotas[0]).to.include({ of: 'network blue', maxRoutes: 3, routes: 3, refused: 2 });
    const status = await slash32('status');
    expect(status.code, status.stdout).to.equal(3);
    expect(status.stdout).to.match(
      /quota +network blue 3\/3 routes[\s\S]*over quota: "maxRoutes" of network blue is 3/,
    );
    expect((await slash32('routes')).stdout).to.match(/^blue: 3 imported, 2 over-quota$/m);
    expect(
      node()
        .log('slash32d')
        .match(/over quota/g),
    ).to.have.length(2); // once in each of its two lives
    const container = await lab.container('node1', 'status');
    const answer = await cni('STATUS', container, { conf: { cniVersion: '1.1.0' } });
    expect(answer.exitCode, JSON.stringify(answer.json)).to.equal(0);
  });

  it('gives a place that is free to who waits, and with a higher limit to everybody', async () => {
    await withdraw(lab, '10.20.3.1/32');
    await until(async () => (await inBlue()).length === 3 && !(await inBlue()).includes('10.20.3.1'), {
      what: 'another one in its place',
    });
    await limitBlue('maxRoutes: 4\n    ');
    await holds('10.20.2.1', '10.20.2.2', '10.20.1.77', '10.20.1.78');
    await limitBlue('');
  });

  it('is no more than the quota of the peer, and its session stays', async () => {
    const sessions = await since();
    await ruleTor('maxRoutes: 4');
    await announce(lab, '10.20.1.79/32');
    await until(async () => (await saidOf('10.20.1.79'))?.includes('"maxRoutes" of peer 192.0.2.0'), {
      what: 'the reason',
    });
    await holds('10.20.2.1', '10.20.2.2', '10.20.1.77', '10.20.1.78');
    expect(await since()).to.eql(sessions);
    await ruleTor('');
    await holds('10.20.2.1', '10.20.2.2', '10.20.1.77', '10.20.1.78', '10.20.1.79');
  });

  it('is kept while gobgpd is away, and status says why it is', async () => {
    const routes = await inBlue();
    await node().kill('sidecar'); // and it takes gobgpd along
    await until(async () => /gobgpd\.sock/.test((await asked<StatusView>(lab, '/status')).reason ?? ''), {
      what: 'gobgpd to be away, with the reason',
    });
    expect((await slash32('status')).stdout).to.match(/gobgp +away +.*gobgpd\.sock/);
    expect(await inBlue()).to.eql(routes);
  });
});
