/** The hijack matrix: what a peer may say at most without the kernel of a node changing, and where one sees that it did. */
import { expect } from 'chai';
import type { Explanation } from '../../src/admin/explain.js';
import type { StatusView } from '../../src/admin/server.js';
import type { RouteView } from '../../src/admin/views.js';
import type { Container } from '../lab/container.js';
import type { Lab } from '../lab/lab.js';
import { monitorRoutes } from '../lab/route-monitor.js';
import { type Attached, add } from '../lab/runtime.js';
import { until } from '../lab/until.js';
import { reconfigure } from '../networks/reconfigure.js';
import { accepted, allRoutes, announce, asked, hostileLab, withdraw } from './hostile-tor.js';

interface Hijack {
  readonly prefix: string;
  readonly nextHop?: string;
  readonly reason: string;
}

const because = (reason: string, ...prefixes: string[]): Hijack[] => prefixes.map((prefix) => ({ prefix, reason }));

const HIJACKS: readonly Hijack[] = [
  ...because('default-from-peer', '0.0.0.0/0', '::/0'),
  ...because('length', '0.0.0.0/1', '128.0.0.0/1', '10.0.0.0/7', '::/1', '8000::/1'),
  ...because('martian', '0.0.0.0/8', '127.0.0.0/8', '127.0.0.53/32', '169.254.1.1/32', '224.0.0.0/24', '240.0.0.0/8'),
  ...because('martian', '::1/128', 'fe80::/64', 'fe80::1/128', 'ff02::/16'),
  ...because('own-address', '192.0.2.1/32', '198.51.100.1/32', '2001:db8:ffff:1::1/128'),
  ...because('connected', '192.0.2.0/32', '192.0.2.0/31', '2001:db8:ffff:1::/128', '2001:db8:ffff:1::/127'),
  ...because('inside-own-pool', '10.20.1.0/25', '10.20.1.0/30', '2001:db8:20:1::/65', '2001:db8:20:1::/126'),
  ...because('protected', '203.0.113.0/24', '203.0.113.7/32'),
  ...because('denied', '10.66.0.0/16', '10.66.6.6/32'),
  { prefix: '10.20.9.1/32', nextHop: '192.0.2.1', reason: 'next-hop-self' },
  { prefix: '10.20.9.2/32', nextHop: '198.51.100.1', reason: 'next-hop-self' },
  { prefix: '2001:db8:20:9::1/128', nextHop: '2001:db8:ffff:1::1', reason: 'next-hop-self' },
  { prefix: '10.20.9.3/32', nextHop: '198.51.100.77', reason: 'next-hop-unreachable' },
  { prefix: '2001:db8:20:9::3/128', nextHop: '2001:db8:77::7', reason: 'next-hop-unreachable' },
];
const GOOD = ['10.20.2.10/32', '2001:db8:20:2::10/128'];

describe('the hijack matrix', () => {
  let lab: Lab;
  let blue: Container & Attached;
  const inKernel = async (prefix: string) => {
    const [shown] = prefix.split(/\/(?:32|128)$/);
    return (await allRoutes(lab.node('node1'))).filter((line) => line.startsWith(`${shown} `) && line.includes('via'));
  };
  const arrived = async (...prefixes: string[]) => {
    for (const prefix of prefixes) {
      await until(async () => (await inKernel(prefix)).length === 2, { what: `${prefix} in blue and in main` });
    }
  };

  before(async function () {
    this.timeout(90_000);
    lab = await hostileLab('guards-hijack');
    const container = await lab.container('node1', 'blue-1');
    blue = Object.assign(container, await add(container));
  });
  after(() => lab?.down());

  it('leaves the kernel as it is, though gobgpd has accepted every one', async () => {
    const node = lab.node('node1');
    const untouched = await allRoutes(node);
    const monitor = await monitorRoutes(node.namespace);
    for (const { prefix, nextHop } of HIJACKS) await announce(lab, prefix, nextHop === undefined ? {} : { nextHop });
    await announce(lab, '10.20.9.4/32', { nextHop: blue.v4 });
    for (const own of [`${blue.v4}/32`, `${blue.v6}/128`]) await announce(lab, own);
    // The same peer, afterwards: what is heard is heard in order.
    for (const prefix of GOOD) await announce(lab, prefix);
    await arrived(...GOOD);
    const events = await monitor.stop();
    const others = events.filter(({ route }) => !GOOD.some((good) => route.startsWith(`${good.split('/')[0]} `)));
    expect(others).to.eql([]);
    expect((await allRoutes(node)).filter((line) => !untouched.includes(line))).to.have.length(4);
    expect(await accepted(lab)).to.include.members(HIJACKS.map(({ prefix }) => prefix));
  });

  it('is named, prefix by prefix, by every network: in the routes, and by explain in a sentence', async () => {
    const routes = await asked<RouteView[]>(lab, '/routes');
    for (const { prefix, reason } of HIJACKS) {
      const verdicts = routes
        .filter((route) => route.prefix === prefix)
        .map(({ network, verdict }) => [network, verdict]);
      expect(verdicts, prefix).to.eql([
        ['blue', reason],
        ['host', reason],
      ]);
      const { lines } = await asked<Explanation>(lab, `/explain?address=${encodeURIComponent(prefix)}`);
      const said = lines.filter(({ what }) => what.startsWith('network '));
      expect(
        said.map(({ ok }) => ok),
        prefix,
      ).to.eql([false, false]);
      expect(said[0]!.says, prefix).to.equal(said[1]!.says);
    }
    const throughContainer = routes.filter(({ prefix }) => prefix === '10.20.9.4/32').map(({ verdict }) => verdict);
    expect(throughContainer).to.eql(['next-hop-unreachable', 'next-hop-unreachable']);
  });

  it('is named for an address that the refused prefix would have drawn in', async () => {
    const { lines } = await asked<Explanation>(lab, '/explain?address=203.0.113.99');
    expect(lines.map(({ says }) => says)).to.include.members([
      'no peer announces 203.0.113.99/32 itself, and no endpoint of this node has it',
      '203.0.113.0/24 lies in what bgp.guards.protected keeps peers from announcing',
      'no table of ours has a route to 203.0.113.0/24',
    ]);
  });

  it('is counted by peer and reason in the status, and told in the log', async () => {
    const { refused } = await asked<StatusView>(lab, '/status');
    const counted = (reason: string) =>
      refused.filter((one) => one.reason === reason).reduce((sum, { now }) => sum + now, 0);
    for (const reason of new Set(HIJACKS.map((hijack) => hijack.reason))) {
      const throughContainer = reason === 'next-hop-unreachable' ? 1 : 0;
      const said = HIJACKS.filter((hijack) => hijack.reason === reason).length + throughContainer;
      expect(counted(reason), reason).to.equal(said);
    }
    const lines =
      lab
        .node('node1')
        .log('slash32d')
        .match(/peer (192\.0\.2\.0|2001:db8:ffff:1::): refused: /g) ?? [];
    expect(lines.length).to.be.at.least(refused.length);
  });

  it('does not take the address of a container away, and says who else announces it', async () => {
    for (const own of [blue.v4, blue.v6]) {
      await until(
        async () => {
          const { lines } = await asked<Explanation>(lab, `/explain?address=${own}`);
          return lines.some(({ what, says }) => what === 'duplicate' && says.includes('AS 65000'));
        },
        { what: `the duplicate of ${own} to be named`, timeout: 60_000 },
      );
      const { code } = await lab.node('node1').attempt(['ping', '-n', '-q', '-c', '1', '-W', '10', own]);
      expect(code, own).to.equal(0);
    }
  });

  it('lets a block around our pool in, and the container in it is still here', async () => {
    await announce(lab, '10.20.1.0/24');
    await arrived('10.20.1.0/24');
    const way = await lab.node('node1').exec(['ip', 'route', 'get', blue.v4]);
    expect(way).to.include(`dev ${blue.hostLink}`);
    await withdraw(lab, '10.20.1.0/24');
  });

  it('would succeed without the guard, where there is a key for it: the twins of the refusals above', async () => {
    await reconfigure(lab.node('node1'), (yaml) =>
      yaml
        .replace(', deny: ["10.66.0.0/16 le 32"]', ', allowDefault: true')
        .replace(/ {2}guards: .*\n/, '  guards: { lengths: { ipv4: { ge: 1 } } }\n'),
    );
    await arrived('10.66.0.0/16', '203.0.113.0/24', '128.0.0.0/1');
    await until(
      async () => (await allRoutes(lab.node('node1'))).some((line) => line.startsWith('default via 192.0.2.0')),
      {
        what: 'the default route',
      },
    );
  });
});
