/** The `Kernel` port on Linux: the contract, and what only a real kernel can show. */
import { spawn } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { expect } from 'chai';
import { putRouteCommand, separateCommands } from '../../src/kernel/as-commands.js';
import { Host } from '../../src/kernel/host.js';
import { kernelContract } from '../../src/kernel/kernel.contract.js';
import { NetlinkKernel } from '../../src/kernel/netlink-kernel.js';
import { address, lengthOf, type Prefix, prefix } from '../../src/model/address.js';
import type { Route } from '../../src/model/route.js';
import type { KernelEvent } from '../../src/ports.js';
import { until } from '../../src/until.fixture.js';
import { inPrivateNamespace, ipJson, namespaceForSuite, run } from '../netlink/private-namespace.js';
import { BLUE, GATEWAYS, makeUplink, networks, recordingFilters } from './world.js';

const tor4 = address('192.0.2.0');
const heard: Route = { table: BLUE, prefix: prefix('10.20.2.10/32'), nextHops: [{ gateway: tor4 }] };

function startMonitor() {
  const monitor = spawn('ip', ['monitor', 'route'], { stdio: ['ignore', 'pipe', 'ignore'] });
  return { pid: monitor.pid, stdout: monitor.stdout, kill: () => monitor.kill() };
}

inPrivateNamespace(import.meta.url, () => {
  const tor = namespaceForSuite('tor');
  const second = namespaceForSuite('second');
  let host: Host;
  let kernel: NetlinkKernel;
  /** How often somebody has touched them since they were looked at. */
  let touches = 0;
  const filters = { ...recordingFilters(), changed: () => touches > 0 && touches-- > 0 };

  const open = () => {
    makeUplink(tor.name);
    run('ip', 'link', 'add', 's32one', 'type', 'veth', 'peer', 'name', 's32two', 'netns', tor.name);
    run('ip', 'link', 'set', 's32one', 'up');
    host = new Host(filters, GATEWAYS);
    kernel = new NetlinkKernel(host);
  };
  const close = () => {
    host[Symbol.dispose]();
    for (const link of ['uplink', 's32one']) run('ip', 'link', 'del', link);
    for (const version of ['-4', '-6']) {
      run('ip', version, 'route', 'flush', 'table', 'all', 'proto', '32');
      for (const { protocol } of ipJson(version, 'rule')) {
        if (protocol === '32') run('ip', version, 'rule', 'del', 'proto', '32');
      }
    }
  };

  describe('the kernel through netlink', () => {
    const removeBehindBack = ({ prefix: to, table }: Route) => {
      run('ip', to.includes(':') ? '-6' : '-4', 'route', 'del', to, 'table', `${table}`, 'proto', '32');
    };
    kernelContract(
      () => {
        open();
        const set = (name: string, state: string) => run('ip', 'link', 'set', name, state);
        return {
          kernel,
          linkUp: (n) => set(n, 'up'),
          linkDown: (n) => set(n, 'down'),
          removeBehindBack,
          routeByOthers: (of, gateway) => run('ip', 'route', ...(gateway ? ['add', of, 'via', gateway] : ['del', of])),
          until: waited,
        };
      },
      () => close(),
    );
  });

  describe('next hops', () => {
    beforeEach(open);
    afterEach(close);

    it('are on a link without carrier when its other end goes down, and the address says so', async () => {
      const carrier = async () => (await kernel.addresses()).find((own) => own.address === '192.0.2.1')?.carrier;
      expect(await carrier()).to.equal(true);
      run('ip', '-n', tor.name, 'link', 'set', 'tor', 'down');
      await until('the carrier is gone', () => run('ip', 'link', 'show', 'uplink').includes('NO-CARRIER'));
      expect(await carrier()).to.equal(false);
    });

    it('come and go from a route that is there all the time, in both IP versions', async () => {
      const two = [tor4, address('2001:db8:ffff::')].map((gateway, i): Route => {
        const hops = [{ gateway }, { gateway: address(i === 0 ? '192.0.2.3' : '2001:db8:ffff:2::3') }];
        return { table: BLUE, prefix: prefix(i === 0 ? '10.20.2.10/32' : '2001:db8:20::10/128'), nextHops: hops };
      });
      run('ip', 'link', 'add', 'uplink2', 'type', 'veth', 'peer', 'name', 'tor2', 'netns', tor.name);
      run('ip', '-n', tor.name, 'link', 'set', 'tor2', 'up');
      run('ip', 'addr', 'add', '192.0.2.2/31', 'dev', 'uplink2');
      run('ip', 'addr', 'add', '2001:db8:ffff:2::2/127', 'dev', 'uplink2', 'nodad');
      run('ip', 'link', 'set', 'uplink2', 'up');
      const { pid, stdout, kill } = startMonitor();
      let seen = '';
      stdout.on('data', (chunk) => {
        seen += chunk;
      });
      await until('the monitor listens', () => readFileSync(`/proc/${pid}/net/netlink`, 'utf8').includes(` ${pid} `));
      for (let i = 0; i < 40; i++) {
        const one = two.map((route) => ({ ...route, nextHops: [route.nextHops[i % 2]!] }));
        for (const routes of [two, one]) expect(await kernel.put(routes)).to.have.property('size', 0);
      }
      await until('the monitor has seen all', () => (seen.match(/10\.20\.2\.10/g) ?? []).length >= 80);
      kill();
      run('ip', 'link', 'del', 'uplink2');
      expect(seen).to.not.match(/^Deleted/m);
    });
  });

  describe('routes of others', () => {
    beforeEach(open);
    afterEach(close);
    const everything = () => ['-4', '-6'].map((v) => run('ip', '-d', v, 'route', 'show', 'table', 'all')).join('');

    it('survive every byte, whatever we put and remove beside them', async () => {
      const foreign = [
        '10.20.2.10/32 via 192.0.2.0',
        '10.20.2.10/32 via 192.0.2.0 metric 32',
        '10.20.3.0/24 dev uplink',
      ];
      const foreign6 = ['2001:db8:7::/64 via 2001:db8:ffff::', '2001:db8:7::/64 dev uplink metric 32'];
      for (const table of ['main', `${BLUE}`]) {
        for (const words of foreign) run('ip', 'route', 'add', ...words.split(' '), 'table', table, 'proto', 'static');
        for (const words of foreign6)
          run('ip', '-6', 'route', 'add', ...words.split(' '), 'table', table, 'proto', '186');
      }
      const before = everything();
      const ours = [254, BLUE].flatMap((table): Route[] => [
        { ...heard, table },
        { table, prefix: prefix('10.20.3.0/24'), nextHops: [{ gateway: tor4 }, { device: 's32one' }] },
        { table, prefix: prefix('2001:db8:7::/64'), nextHops: [{ gateway: address('2001:db8:ffff::') }] },
      ]);
      for (let round = 0; round < 3; round++) expect(await kernel.put(ours)).to.have.property('size', 0);
      expect(await kernel.routes()).to.have.length(ours.length);
      expect(withoutOurs(everything())).to.equal(before);
      expect(await kernel.remove(ours)).to.have.property('size', 0);
      await kernel.remove(ours);
      expect(everything()).to.equal(before);
    });

    it('marked as ours by mistake are listed, and go when their route is put or removed', async () => {
      run('ip', 'route', 'add', '10.20.2.10/32', 'dev', 's32one', 'table', `${BLUE}`, 'proto', '32');
      run('ip', 'route', 'add', 'blackhole', '10.20.4.0/24', 'proto', '32');
      expect(await kernel.routes()).to.have.deep.members([
        { ...heard, nextHops: [{ device: 's32one' }] },
        { table: 254, prefix: '10.20.4.0/24', nextHops: [] },
      ]);
      await kernel.put([heard]);
      await kernel.remove([{ table: 254, prefix: prefix('10.20.4.0/24'), nextHops: [] }]);
      expect(ipJson('route', 'show', 'table', `${BLUE}`)).to.have.length(1);
      expect(ipJson('route', 'show', 'proto', '32')).to.deep.equal([]);
      expect(await kernel.routes()).to.deep.equal([{ ...heard, nextHops: [{ gateway: tor4, device: 'uplink' }] }]);
    });
  });

  describe('networks', () => {
    beforeEach(open);
    afterEach(close);
    const rules = () => ['-4', '-6'].map((version) => run('ip', version, 'rule')).join('');

    it('get exactly the rules that lead to their table, and isolated ones an end', async () => {
      await kernel.separate(networks('isolated', 'host'));
      const seen = ipJson('-4', 'rule').filter(({ protocol }) => protocol === '32');
      expect(
        seen.map(({ priority, fwmark, table, action }) => [priority, Number(fwmark), table, action]),
      ).to.deep.equal([
        [2032, BLUE, `${BLUE}`, undefined],
        [2032, BLUE + 1, `${BLUE + 1}`, undefined],
        [2033, BLUE + 1, 'main', undefined],
        [2034, BLUE, undefined, 'unreachable'],
        [2034, BLUE + 1, undefined, 'unreachable'],
      ]);
      expect(run('ip', '-6', 'rule').match(/proto 32/g)).to.have.length(5);
    });

    it('are repaired, and those that are no more lose theirs; rules of others stay', async () => {
      run('ip', 'rule', 'add', 'priority', '2032', 'fwmark', '7/0x1fff', 'lookup', '7');
      const foreign = rules();
      await kernel.separate(networks('isolated', 'host', 'isolated'));
      const wanted = rules();
      run('ip', 'rule', 'del', 'priority', '2034', 'fwmark', `${BLUE}/0x1fff`);
      run('ip', 'rule', 'add', 'priority', '2033', 'fwmark', '0x5/0x1fff', 'protocol', '32', 'type', 'unreachable');
      await kernel.separate(networks('isolated', 'host', 'isolated'));
      expect(sorted(rules())).to.equal(sorted(wanted));
      await kernel.separate(networks());
      expect(rules()).to.equal(foreign);
      run('ip', 'rule', 'del', 'lookup', '7');
    });

    it('need forwarding; links that live on router advertisements go on hearing them', async () => {
      run(
        'sysctl',
        '-qw',
        'net/ipv4/ip_forward=0',
        'net/ipv6/conf/all/forwarding=0',
        'net/ipv4/conf/all/src_valid_mark=0',
      );
      run('sysctl', '-qw', 'net/ipv6/conf/uplink/accept_ra=1', 'net/ipv6/conf/s32one/accept_ra=1');
      run('ip', '-6', 'route', 'add', 'default', 'via', 'fe80::1', 'dev', 'uplink', 'proto', 'ra');
      await kernel.separate(networks('host'));
      const paths = ['net/ipv4/ip_forward', 'net/ipv6/conf/all/forwarding', 'net/ipv4/conf/all/src_valid_mark'];
      expect(paths.map((path) => run('sysctl', '-n', path).trim())).to.deep.equal(['1', '1', '1']);
      expect(run('sysctl', '-n', 'net/ipv6/conf/uplink/accept_ra').trim()).to.equal('2');
      expect(run('sysctl', '-n', 'net/ipv6/conf/s32one/accept_ra').trim()).to.equal('1');
    });

    it('are watched: a rule or a filter that somebody touches counts as lost', async () => {
      await kernel.separate(networks('host'));
      const [events, stop] = [[] as KernelEvent[], new AbortController()];
      kernel.watch((event) => events.push(event), stop.signal);
      run('ip', 'rule', 'add', 'priority', '99', 'lookup', 'main'); // nobody's business of ours
      run('ip', 'rule', 'del', 'priority', '2032', 'fwmark', `${BLUE}/0x1fff`);
      await waited('lost after the rule', () => events.length > 0);
      touches = 1;
      await waited('lost after the filter', () => events.length > 1);
      stop.abort();
      run('ip', 'rule', 'del', 'priority', '99');
      expect(events.map(({ kind }) => kind)).to.deep.equal(['lost', 'lost']);
    });
  });

  describe('commands that say the same', () => {
    before(open);
    after(close);

    it('make a second kernel hold the same routes and rules', async () => {
      const inSecond = (command: string) => run('nsenter', `--net=${second.path}`, 'sh', '-c', command);
      run(
        'ip',
        'link',
        'add',
        'uplink',
        'netns',
        second.name,
        'type',
        'veth',
        'peer',
        'name',
        'tor',
        'netns',
        second.name,
      );
      run(
        'ip',
        'link',
        'add',
        's32one',
        'netns',
        second.name,
        'type',
        'veth',
        'peer',
        'name',
        's32two',
        'netns',
        second.name,
      );
      for (const link of ['lo', 'uplink', 's32one', 'tor', 's32two']) inSecond(`ip link set ${link} up`);
      run('ip', '-n', tor.name, 'link', 'set', 's32two', 'up');
      inSecond('ip addr add 192.0.2.1/31 dev uplink; ip addr add 2001:db8:ffff::1/127 dev uplink nodad');
      const hop6 = { gateway: address('2001:db8:ffff::'), device: 'uplink' };
      const routes: Route[] = [
        heard,
        { table: 254, prefix: prefix('10.20.1.1/32'), nextHops: [{ device: 's32one' }] },
        { table: BLUE, prefix: prefix('10.20.5.0/24'), nextHops: [{ gateway: tor4 }, { device: 's32one' }] },
        { table: BLUE, prefix: prefix('10.20.6.0/24'), nextHops: [hop6] },
        {
          table: BLUE,
          prefix: prefix('2001:db8:5::/64'),
          nextHops: [hop6, { gateway: address('fe80::5'), device: 's32one' }],
        },
        { table: BLUE, prefix: prefix('::/0'), nextHops: [hop6] },
      ];
      expect(await kernel.put(routes)).to.have.property('size', 0);
      await kernel.separate(networks('isolated', 'host'));
      for (const command of [
        ...routes.map(putRouteCommand),
        ...separateCommands(networks('isolated', 'host'), GATEWAYS),
      ])
        inSecond(command);
      for (const version of ['-4', '-6']) {
        const gateway = `ip ${version} route show table local root ${GATEWAYS.v4}/32`;
        const show = `ip ${version} route show table all proto 32; ip ${version} rule; [ ${version} = -6 ] || ${gateway}`;
        expect(sorted(inSecond(show))).to.equal(sorted(run('sh', '-c', show)));
      }
    });
  });

  describe('a hundred thousand routes', () => {
    before(open);
    after(close);

    it('go in, are listed and go out in seconds, and the event loop has its turn meanwhile', async function () {
      this.timeout(170_000);
      const routes = Array.from({ length: 100_000 }, (_, i): Route => {
        const to = `10.${100 + (i >> 16)}.${(i >> 8) & 255}.${i & 255}/32` as Prefix;
        return { table: BLUE, prefix: to, nextHops: [{ gateway: tor4 }] };
      });
      expect(lengthOf(routes[0]!.prefix)).to.equal(32);
      const pauses = longestPause();
      const times = {
        put: await seconds(async () => expect(await kernel.put(routes)).to.have.property('size', 0)),
        again: await seconds(async () => expect(await kernel.put(routes)).to.have.property('size', 0)),
        list: await seconds(async () => expect(await kernel.routes()).to.have.length(routes.length)),
        one: await seconds(async () => expect(await kernel.put([heard])).to.have.property('size', 0)),
        remove: await seconds(async () => expect(await kernel.remove(routes)).to.have.property('size', 0)),
      };
      console.log('    100,000 routes, seconds:', times, 'longest pause of the event loop, ms:', pauses.stop());
      // One system call each, some 10 µs on a quiet machine: anything quadratic takes minutes.
      expect(times.put).to.be.below(60);
      expect(await kernel.routes()).to.have.length(1);
    });
  });
});

const waited = (what: string, holds: () => boolean) => until(what, holds);

function withoutOurs(text: string): string {
  // The lines of a multipath route begin with a tab.
  return text.replace(/^.*proto 32 .*\n(\t.*\n)*/gm, '');
}

function sorted(text: string): string {
  return text.split('\n').sort().join('\n');
}

async function seconds(work: () => Promise<unknown>): Promise<number> {
  const start = performance.now();
  await work();
  return Math.round(performance.now() - start) / 1000;
}

function longestPause(): { stop(): number } {
  let [last, longest] = [performance.now(), 0];
  const timer = setInterval(() => {
    longest = Math.max(longest, performance.now() - last);
    last = performance.now();
  }, 1);
  return {
    stop() {
      clearInterval(timer);
      return Math.round(longest);
    },
  };
}
