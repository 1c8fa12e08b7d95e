import { expect } from 'chai';
import { type Filters, openFilters } from '../../src/kernel/filters.js';
import { ECHO, frame } from './frames.js';
import { type Container, Lab, NODE, networksOf, OUTSIDE, ROUTER } from './lab.js';
import { inside, macOf, nft, readLink, run, spaceOf, sysctl } from './space.js';
import { answers, echoesHeard, icmpHeard, pings, sendFrames } from './traffic.js';

const BLUE = 1001;
const NETWORKS = networksOf({ blue: BLUE });

describe('packets from outside', function () {
  this.timeout(180_000);
  let lab: Lab;
  let filters: Filters;
  let blue: Container;

  before(async () => {
    lab = new Lab();
    filters = openFilters([]);
    await filters.separate(NETWORKS);
    blue = lab.container('a', 'blue');
    filters.admit(blue.endpoint, BLUE);
    lab.rules(BLUE);
    lab.routes(BLUE, [blue]);
    // The host itself knows the way, so that only the network's own table decides.
    outsideIn('main', 'replace');
  });

  after(() => {
    filters[Symbol.dispose]();
    lab[Symbol.dispose]();
  });

  /** A route to the outside, in one table. */
  function outsideIn(table: number | string, deed: 'replace' | 'del', to = ['198.51.100.0/24', '2001:db8:100::/48']) {
    run(`ip route ${deed} ${to[0]} via ${ROUTER.v4} table ${table}`);
    run(`ip -6 route ${deed} ${to[1]} via ${ROUTER.v6} table ${table}`);
  }
  const heard = (attack: () => void) => {
    const before = echoesHeard('a');
    attack();
    return echoesHeard('a') - before;
  };
  const fromOutside = (ask: typeof pings) =>
    [blue.v4, blue.v6].map((own, i) => ask('router', own, `-I ${i === 0 ? OUTSIDE.v4 : OUTSIDE.v6}`));
  const bothPing = () => fromOutside(pings);
  const bothAnswer = () => fromOutside(answers);

  it('reach an endpoint only where its network has a way back to their source', async () => {
    expect(heard(bothPing)).to.equal(0);
    outsideIn(BLUE, 'replace');
    expect(bothAnswer()).to.deep.equal([true, true]);
    outsideIn(BLUE, 'del');
    expect(heard(bothPing)).to.equal(0);
    run('nft flush chain inet slash32 return-route');
    expect(heard(bothPing), 'without the guard they arrive').to.equal(2);
    await filters.separate(NETWORKS);
  });

  it('reach an endpoint from anywhere where its network has a default route', () => {
    outsideIn(BLUE, 'replace', ['default', 'default']);
    expect(bothAnswer()).to.deep.equal([true, true]);
    outsideIn(BLUE, 'del', ['default', 'default']);
  });

  for (const mode of [0, 2]) {
    it(`reach an endpoint when they are errors of a router on the way, which is in no network (rp_filter=${mode})`, () => {
      outsideIn(BLUE, 'replace');
      sysctl('ipv4/conf/up0/rp_filter', mode);
      sysctl('ipv4/conf/all/src_valid_mark', 1);
      expect(
        heard(() => [pings('router', blue.v4, `-I ${ROUTER.v4}`), pings('router', blue.v6, `-I ${ROUTER.v6}`)]),
      ).to.equal(0);
      const report = (to: string) => {
        try {
          return run(`ip netns exec ${spaceOf('a')} ping -n -c 1 -W 5 ${to}`);
        } catch (error) {
          return (error as { stdout: string }).stdout;
        }
      };
      expect(report('198.51.100.99')).to.match(new RegExp(`From ${ROUTER.v4}.*Unreachable`));
      expect(report('2001:db8:100::99')).to.match(new RegExp(`From ${ROUTER.v6}.*unreachable`));
      for (const name of ['up0/rp_filter', 'all/src_valid_mark']) sysctl(`ipv4/conf/${name}`, 0);
      outsideIn(BLUE, 'del');
    });
  }

  it('do not reach an address that nobody was admitted with, though a route leads there', () => {
    outsideIn(BLUE, 'replace', ['default', 'default']);
    run('ip route add 10.0.9.9 dev s32a');
    run(`ip neigh replace 10.0.9.9 lladdr ${macOf('a', 'eth0')} dev s32a nud permanent`);
    inside('a', () => run('ip addr add 10.0.9.9/32 dev eth0'));
    expect(heard(() => pings('router', '10.0.9.9'))).to.equal(0);
    run('nft flush chain inet slash32 forward');
    expect(
      heard(() => pings('router', '10.0.9.9')),
      'without the guard they arrive',
    ).to.equal(1);
    inside('a', () => run('ip addr del 10.0.9.9/32 dev eth0'));
    run('ip route del 10.0.9.9 dev s32a');
    outsideIn(BLUE, 'del', ['default', 'default']);
    return filters.separate(NETWORKS);
  });

  for (const priority of ['dstnat', '0']) {
    it(`are judged by their real destination behind a published port (nat chain at priority ${priority})`, async () => {
      nft(`table ip s32-filters-nat {
        chain pre { type nat hook prerouting priority ${priority}; ip daddr ${NODE.v4} icmp type echo-request dnat to ${blue.v4}; }
      }`);
      const published = () => pings('router', NODE.v4, `-I ${OUTSIDE.v4}`);
      expect(heard(published)).to.equal(0);
      run('nft flush chain inet slash32 prerouting');
      expect(heard(published), 'unjudged, they are dropped on the way out').to.equal(0);
      run('nft flush chain inet slash32 forward');
      expect(heard(published), 'without the filters they arrive').to.equal(1);
      await filters.separate(NETWORKS);
      outsideIn(BLUE, 'replace');
      expect(answers('router', NODE.v4, `-I ${OUTSIDE.v4}`)).to.equal(true);
      outsideIn(BLUE, 'del');
      run('nft delete table ip s32-filters-nat');
    });
  }

  it('reach an endpoint as answers to what it sent masqueraded', () => {
    outsideIn(BLUE, 'replace');
    nft(
      `table ip s32-filters-nat { chain post { type nat hook postrouting priority srcnat; oifname "up0" masquerade; }; }`,
    );
    expect(answers('a', OUTSIDE.v4)).to.equal(true);
    run('nft delete table ip s32-filters-nat');
    outsideIn(BLUE, 'del');
  });

  for (const mode of [1, 2]) {
    it(`pass rp_filter=${mode} without a default route in the main table, given src_valid_mark=1`, () => {
      outsideIn('main', 'del');
      outsideIn(BLUE, 'replace', ['default', 'default']);
      for (const link of ['up0', 's32a']) sysctl(`ipv4/conf/${link}/rp_filter`, mode);
      sysctl('ipv4/conf/all/src_valid_mark', 1);
      expect(bothAnswer()).to.deep.equal([true, true]);
      expect(answers('a', OUTSIDE.v4)).to.equal(true);
      sysctl('ipv4/conf/all/src_valid_mark', 0);
      expect(
        heard(() => pings('router', blue.v4, `-I ${OUTSIDE.v4}`)),
        'without it they are dropped',
      ).to.equal(0);
      for (const link of ['up0', 's32a']) sysctl(`ipv4/conf/${link}/rp_filter`, 0);
      outsideIn(BLUE, 'del', ['default', 'default']);
      outsideIn('main', 'replace');
    });
  }

  it("need the endpoint's route in its own network's table, because that is where its mark leads them", () => {
    outsideIn(BLUE, 'replace');
    lab.noRoutes(BLUE, [blue]);
    expect(heard(bothPing)).to.equal(0);
    lab.routes(BLUE, [blue]);
    expect(bothAnswer()).to.deep.equal([true, true]);
    outsideIn(BLUE, 'del');
  });

  it("keep the bits of their mark that are others', and so do packets from endpoints", () => {
    outsideIn(BLUE, 'replace');
    // Whoever is first sets bits outside our field and noise inside; whoever is last sees his bits and our mark.
    nft(`table inet s32-filters-marks {
      counter right { }
      counter wrong { }
      chain first { type filter hook prerouting priority -400; meta mark set 0xabcdf234; }
      chain last { type filter hook postrouting priority 400;
        icmp type { echo-request, echo-reply } jump judge
        icmpv6 type { echo-request, echo-reply } jump judge
      }
      chain judge { meta mark 0xabcde3e9 counter name right return; counter name wrong; }
    }`);
    expect(bothAnswer()).to.deep.equal([true, true]);
    const packets = (name: string) =>
      Number(/packets (\d+)/.exec(run(`nft list counter inet s32-filters-marks ${name}`))?.[1]);
    expect(packets('right')).to.equal(4);
    expect(packets('wrong')).to.equal(0);
    run('nft delete table inet s32-filters-marks');
    outsideIn(BLUE, 'del');
  });

  it('are left alone when they are for nobody of ours', () => {
    const forged = { fromMac: macOf('router', 'down0'), toMac: readLink('up0') };
    const before = icmpHeard('node');
    sendFrames('router', 'down0', [frame({ ...forged, from: ROUTER.v4, to: NODE.v4, type: 8, body: ECHO })]);
    expect(icmpHeard('node')).to.equal(before + 1);
  });
});
