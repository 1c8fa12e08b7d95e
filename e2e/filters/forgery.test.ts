import { expect } from 'chai';
import { type Filters, openFilters } from '../../src/kernel/filters.js';
import { advertisement, ECHO, type Forgery, frame, quoting, solicitation } from './frames.js';
import { type Container, Lab, networksOf } from './lab.js';
import { macOf, nft, readLink, run, spaceOf, sysctl } from './space.js';
import { answers, echoesHeard, icmpHeard, pings, sendFrames } from './traffic.js';

const BLUE = 1001;
const NETWORKS = networksOf({ blue: BLUE });

describe('a container that forges packets', function () {
  this.timeout(180_000);
  let lab: Lab;
  let filters: Filters;
  let attacker: Container;
  let victim: Container;

  before(async () => {
    lab = new Lab();
    filters = openFilters([]);
    await filters.separate(NETWORKS);
    attacker = lab.container('a', 'blue');
    victim = lab.container('b', 'blue');
    for (const { endpoint } of [attacker, victim]) filters.admit(endpoint, BLUE);
    lab.rules(BLUE);
    lab.routes(BLUE, [attacker, victim]);
    // A source that nobody has, but that every table has a way back to: only the filters stand against it.
    for (const table of ['main', BLUE]) {
      run(`ip route add default via 192.0.2.254 table ${table}`);
      run(`ip -6 route add default via 2001:db8:ff::fe table ${table}`);
    }
  });

  after(() => {
    filters[Symbol.dispose]();
    lab[Symbol.dispose]();
  });

  const forge = (forgery: Omit<Forgery, 'fromMac' | 'toMac'>) => {
    const macs = { fromMac: macOf('a', 'eth0'), toMac: readLink('s32a') };
    return frame({ ...macs, ...forgery });
  };
  const send = (...forgeries: Omit<Forgery, 'fromMac' | 'toMac'>[]) => sendFrames('a', 'eth0', forgeries.map(forge));
  /** The same attack without the filters that are in its way, then all is repaired. */
  const without = async (chain: string, attack: () => void) => {
    run(`nft flush chain inet slash32 ${chain}`);
    attack();
    await filters.separate(NETWORKS);
  };
  const heard = (attack: () => void) => {
    const before = echoesHeard('b');
    attack();
    return echoesHeard('b') - before;
  };

  it('gets through with its own addresses', () => {
    const honest = () => {
      send({ from: attacker.v4, to: victim.v4, type: 8, body: ECHO });
      send({ from: attacker.v6, to: victim.v6, type: 128, body: ECHO });
    };
    expect(heard(honest)).to.equal(2);
  });

  for (const [family, from, type] of [
    ['IPv4', '203.0.113.9', 8],
    ['IPv6', '2001:db8:dead::9', 128],
  ] as const) {
    it(`does not get through with a foreign ${family} source`, async () => {
      const attack = () => send({ from, to: type === 8 ? victim.v4 : victim.v6, type, body: ECHO });
      expect(heard(attack)).to.equal(0);
      await without('prerouting-raw', () => expect(heard(attack), 'without the filter it arrives').to.equal(1));
      expect(heard(attack)).to.equal(0);
    });
  }

  it("does not get through with its neighbour's source, nor with an address added inside", () => {
    const stolen = lab.container('c', 'blue');
    filters.admit(stolen.endpoint, BLUE);
    lab.routes(BLUE, [stolen]);
    expect(heard(() => send({ from: stolen.v4, to: victim.v4, type: 8, body: ECHO }))).to.equal(0);
    expect(heard(() => send({ from: stolen.v6, to: victim.v6, type: 128, body: ECHO }))).to.equal(0);
    run(`ip -n ${spaceOf('a')} addr add 203.0.113.9/32 dev eth0`);
    expect(heard(() => pings('a', victim.v4, '-I 203.0.113.9'))).to.equal(0);
    expect(heard(() => pings('a', victim.v4))).to.equal(1);
  });

  it('does not get a default route into the host by a router advertisement', async () => {
    sysctl('ipv6/conf/s32a/accept_ra', 2); // as if somebody had forgotten it
    const source = 'fe80::53:32ff:fe00:1';
    const attack = () => send({ from: source, to: 'ff02::1', type: 134, body: advertisement(macOf('a', 'eth0')) });
    const learned = () => run('ip -6 route show default dev s32a proto ra');
    attack();
    expect(learned()).to.equal('');
    await without('prerouting-raw', attack);
    expect(learned(), 'without the filter the host obeys').to.include(source);
    run('ip -6 route flush default dev s32a proto ra');
  });

  it('cannot send redirects to another container', async () => {
    const body = quoting(victim.v4, '198.51.100.1');
    const attack = () => send({ from: attacker.v4, to: victim.v4, type: 5, code: 1, body });
    const arrives = () => {
      const before = icmpHeard('b');
      attack();
      return icmpHeard('b') - before;
    };
    expect(arrives()).to.equal(0);
    await without('prerouting-raw', () => expect(arrives(), 'without the filter it arrives').to.equal(1));
  });

  it("cannot reach the host's loopback, even where route_localnet is on", async () => {
    for (const link of ['all', 's32a']) sysctl(`ipv4/conf/${link}/route_localnet`, 1);
    const attack = () => send({ from: attacker.v4, to: '127.0.0.1', type: 8, body: ECHO });
    const arrives = () => {
      const before = icmpHeard('node');
      attack();
      return icmpHeard('node') - before;
    };
    expect(arrives()).to.equal(0);
    await without('prerouting-raw', () => expect(arrives(), 'without the filter it arrives').to.be.at.least(1));
    for (const link of ['all', 's32a']) sysctl(`ipv4/conf/${link}/route_localnet`, 0);
  });

  it("cannot fill the host's neighbour table with invented link-local sources", async () => {
    const attack = () => {
      const mac = macOf('a', 'eth0');
      const invented = Array.from({ length: 300 }, (_, i) => `fe80::dead:${(i + 1).toString(16)}`);
      send(...invented.map((from) => ({ from, to: 'fe80::1', type: 135, body: solicitation('fe80::1', mac) })));
    };
    const invented = () =>
      run('ip -6 neigh show dev s32a')
        .split('\n')
        .filter((line) => line.startsWith('fe80::dead'));
    attack();
    expect(invented().length).to.equal(0);
    await without('prerouting-raw', attack);
    expect(invented().length, 'without the filter the host remembers all').to.be.at.least(300);
  });

  it("may still ask for its gateway's MAC, if somebody removed the permanent neighbour", () => {
    run(`ip -n ${spaceOf('a')} neigh del fe80::1 dev eth0`);
    run(`ip -n ${spaceOf('a')} neigh del 169.254.1.1 dev eth0`);
    expect([answers('a', victim.v4), answers('a', victim.v6)]).to.deep.equal([true, true]);
  });

  it('does not leave its network because somebody else overwrites marks', () => {
    // Of its own network nothing is left to reach; the main table has the victim.
    lab.noRoutes(BLUE, [victim]);
    run(`ip route del default table ${BLUE}`);
    run(`ip -6 route del default table ${BLUE}`);
    run('nft flush chain inet slash32 forward');
    nft(
      'table inet s32-filters-other { chain c { type filter hook prerouting priority mangle; meta mark set 0x0; }; }',
    );
    expect(heard(() => [pings('a', victim.v4), pings('a', victim.v6)])).to.equal(0);
    run('nft flush chain inet slash32 prerouting');
    expect(
      heard(() => [pings('a', victim.v4), pings('a', victim.v6)]),
      'if it were marked only once',
    ).to.equal(2);
    run('nft delete table inet s32-filters-other');
  });
});
