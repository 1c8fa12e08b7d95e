/** The `Wire` port on Linux: what a container gets, and that nothing stays behind. */
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { readFileSync } from 'node:fs';
import { expect } from 'chai';
import { connectCommands, furnishCommands } from '../../src/kernel/as-commands.js';
import { Host } from '../../src/kernel/host.js';
import { NetlinkKernel } from '../../src/kernel/netlink-kernel.js';
import { VethWire } from '../../src/kernel/wire.js';
import { address, hostPrefix } from '../../src/model/address.js';
import type { Endpoint } from '../../src/model/endpoint.js';
import { MAIN_TABLE } from '../../src/model/route.js';
import type { KernelEvent, Namespace } from '../../src/ports.js';
import { until } from '../../src/until.fixture.js';
import { inPrivateNamespace, ipJson, namespaceForSuite, run } from '../netlink/private-namespace.js';
import { endpointNumber, GATEWAYS, makeUplink, networks, recordingFilters } from './world.js';

inPrivateNamespace(import.meta.url, () => {
  const tor = namespaceForSuite('tor');
  const one = namespaceForSuite('one');
  const two = namespaceForSuite('two');
  const filters = recordingFilters();
  let host: Host;
  let kernel: NetlinkKernel;
  let wire: VethWire;

  before(async () => {
    makeUplink(tor.name);
    host = new Host(filters, GATEWAYS);
    kernel = new NetlinkKernel(host);
    wire = new VethWire(host);
    await kernel.separate(networks('isolated'));
  });
  after(() => host[Symbol.dispose]());

  /** The host's side alone. */
  const connectHalf = async (endpoint: Endpoint, namespace: Namespace): Promise<Endpoint> => {
    const index = await wire.connect(endpoint, namespace);
    return { ...endpoint, link: { ...endpoint.link, index } };
  };
  const connect = async (endpoint: Endpoint) => {
    using namespace = wire.open(endpoint.netns);
    const wired = await connectHalf(endpoint, namespace);
    try {
      await wire.furnish(wired, namespace);
    } catch (error) {
      await wire.disconnect(wired);
      throw error;
    }
    return wired;
  };
  /** Connected, and the host has a way to it: a link that goes takes its routes along. */
  const reached = async (endpoint: Endpoint) => {
    const wired = await connect(endpoint);
    const nextHops = [{ device: endpoint.link.name }];
    const ways = endpoint.addresses.map((own) => ({ table: MAIN_TABLE, prefix: hostPrefix(own), nextHops }));
    expect(await kernel.put(ways)).to.have.property('size', 0);
    return wired;
  };
  const failure = async (work: () => Promise<unknown>) => {
    try {
      await work();
    } catch (error) {
      return (error as Error).message;
    }
    throw new Error('nothing failed');
  };
  const inside = (name: string, command: string) => run('ip', 'netns', 'exec', name, 'sh', '-c', command);
  /** Once links are what they are going to be: the kernel tells of a carrier some time after both ends are up. */
  const everything = async (...names: string[]) => {
    const spaces = [[], ...names.map((name) => ['-n', name])];
    const isPending = (ip: string[]) => run('ip', ...ip, 'link').includes('NO-CARRIER');
    await until('every link has its carrier', () => !spaces.some(isPending));
    const shows = [
      '-d addr',
      'neigh show nud permanent',
      '-6 neigh show nud permanent',
      'route show table all',
      '-6 route show table all',
    ];
    const dump = (ip: string[]) => shows.map((show) => run('ip', ...ip, ...show.split(' '))).join('');
    return spaces
      .map(dump)
      .join('')
      .replace(/ (valid|preferred)_lft.*/g, '');
  };
  const isEmpty = (name: string) =>
    expect(ipJson('-n', name, 'link').map(({ ifname }) => ifname)).to.deep.equal(['lo']);

  describe('an endpoint', () => {
    const endpoint = endpointNumber(10, one.path);
    let wired: Endpoint;
    before(async () => {
      wired = await reached(endpoint);
    });
    after(() => wire.disconnect(wired));

    it('is reached from the host in both IP versions, and nobody asks for a MAC address', async () => {
      const { name } = endpoint.link;
      expect(await questionsWhile(name, endpoint.addresses)).to.equal(0);
      // The same eyes do see it when somebody has to ask.
      run('ip', 'neigh', 'del', endpoint.addresses[0]!, 'dev', name);
      expect(await questionsWhile(name, endpoint.addresses)).to.be.above(0);
    });

    it('reaches its gateways and the world behind them', () => {
      for (const to of ['169.254.1.1', 'fe80::1%eth0', '192.0.2.1', '2001:db8:ffff::1']) {
        inside(one.name, `ping -c 1 -W 2 ${to}`);
      }
    });

    it('has on the host end what keeps a container from fooling the host', () => {
      const { name } = endpoint.link;
      const read = (path: string) => run('sysctl', '-n', `net/${path}`).trim();
      expect(read(`ipv6/conf/${name}/accept_ra`)).to.equal('0');
      expect(read(`ipv6/conf/${name}/accept_redirects`)).to.equal('0');
      expect(read(`ipv4/conf/${name}/accept_redirects`)).to.equal('0');
      expect(read(`ipv4/conf/${name}/send_redirects`)).to.equal('0');
      expect(read(`ipv4/conf/${name}/rp_filter`)).to.equal('1');
      expect(ipJson('addr', 'show', 'dev', name)[0].addr_info, 'addresses').to.deep.equal([]);
    });

    it('joins no subnet-router anycast address, which would double what the removal of its link takes', () => {
      const joined = readFileSync('/proc/thread-self/net/anycast6', 'utf8').split('\n');
      expect(joined.filter((line) => line.includes(endpoint.link.name))).to.deep.equal([]);
      expect(run('sysctl', '-n', 'net/ipv6/conf/all/forwarding').trim()).to.equal('1');
    });

    it('is known by the alias of its link', async () => {
      const { name, index } = wired.link;
      const known = { name, index, containerId: 'container10', ifname: 'eth0' };
      expect(await wire.links()).to.deep.equal([known]);
    });

    it('cannot be wired twice, and the first wiring goes on working', async () => {
      const before = await everything(one.name);
      expect(await failure(() => connect(endpoint))).to.equal(
        `wiring: veth pair: the host has a link "${endpoint.link.name}" already; if nothing uses it: ip link del ${endpoint.link.name}`,
      );
      expect(await everything(one.name)).to.equal(before);
      expect([...filters.admitted]).to.deep.equal(['container10']);
    });

    it('may have a second interface beside it', async () => {
      const second = await connect({ ...endpointNumber(11, one.path), ifname: 'net1' });
      expect(ipJson('-n', one.name, 'route', 'show', 'default').map(({ dev }) => dev)).to.deep.equal(['eth0', 'net1']);
      await wire.disconnect(second);
      inside(one.name, 'ping -c 1 -W 2 192.0.2.1');
    });

    it('stays when somebody else is to be disconnected under its link name', async () => {
      await wire.disconnect({ ...wired, containerId: 'container99' });
      expect(ipJson('link', 'show', endpoint.link.name)).to.have.length(1);
    });
  });

  describe('an endpoint whose container end is still to be made', () => {
    const endpoint = endpointNumber(15, one.path);
    const ways = endpoint.addresses.map((own) => {
      return { table: MAIN_TABLE, prefix: hostPrefix(own), nextHops: [{ device: endpoint.link.name }] };
    });

    it('has its routes already, and packets pass once it is made', async () => {
      using namespace = wire.open(endpoint.netns);
      const wired = await connectHalf(endpoint, namespace);
      expect(await kernel.put(ways)).to.have.property('size', 0);
      const [v4, v6] = endpoint.addresses;
      for (const own of [v4, v6]) expect(run('ip', 'route', 'get', own!)).to.include(endpoint.link.name);
      await wire.furnish(wired, namespace);
      for (const own of [v4, v6]) run('ping', '-c', '1', '-w', '10', own!);
      for (const to of ['169.254.1.1', '2001:db8:ffff::1']) inside(one.name, `ping -c 1 -w 10 ${to}`);
      await wire.disconnect(wired);
    });

    it('leaves nothing when it is disconnected instead, its routes among it', async () => {
      const before = await everything(one.name);
      using namespace = wire.open(endpoint.netns);
      const wired = await connectHalf(endpoint, namespace);
      expect(await kernel.put(ways)).to.have.property('size', 0);
      await wire.disconnect(wired);
      expect(await everything(one.name)).to.equal(before);
      expect(filters.admitted.size).to.equal(0);
    });
  });

  describe('disconnecting', () => {
    it('leaves nothing behind, and does so again', async () => {
      const before = await everything(one.name);
      const wired = await connect(endpointNumber(20, one.path));
      for (let time = 0; time < 3; time++) await wire.disconnect(wired);
      expect(await everything(one.name)).to.equal(before);
      expect(filters.admitted.size).to.equal(0);
    });

    it('finds a link that was renamed', async () => {
      const wired = await connect(endpointNumber(21, one.path));
      run('ip', 'link', 'set', wired.link.name, 'down');
      run('ip', 'link', 'set', wired.link.name, 'name', 'elsewhere');
      await wire.disconnect(wired);
      expect(ipJson('link').map(({ ifname }) => ifname)).to.have.members(['lo', 'uplink']);
    });

    it('removes a link that a crash left without its alias, by the MAC address on record', async () => {
      const { link, ...rest } = endpointNumber(22, one.path);
      run(
        'ip',
        'link',
        'add',
        link.name,
        'address',
        link.mac,
        'type',
        'veth',
        'peer',
        'name',
        'eth0',
        'netns',
        one.name,
      );
      await wire.disconnect({ ...rest, link });
      isEmpty(one.name);
    });

    it('spares a foreign link that has the name', async () => {
      const endpoint = endpointNumber(23, one.path);
      run('ip', 'link', 'add', endpoint.link.name, 'type', 'veth', 'peer', 'name', 'foreign', 'netns', two.name);
      const before = await everything(one.name, two.name);
      expect(await failure(() => connect(endpoint))).to.equal(
        `wiring: veth pair: the host has a link "${endpoint.link.name}" already; if nothing uses it: ip link del ${endpoint.link.name}`,
      );
      await wire.disconnect(endpoint);
      expect(await everything(one.name, two.name)).to.equal(before);
      run('ip', 'link', 'del', endpoint.link.name);
    });

    it('takes little longer for ninety at once than for one, and leaves the event loop free', async () => {
      const endpoints: Endpoint[] = [];
      for (let n = 0; n < 100; n++)
        endpoints.push(await connect({ ...endpointNumber(300 + n, one.path), ifname: `eth${n}` }));
      // Ten, because a busy machine may delay any single one, and the rest is held against it.
      const start = performance.now();
      for (const endpoint of endpoints.splice(0, 10)) await wire.disconnect(endpoint);
      const each = (performance.now() - start) / 10;
      let turns = 0;
      const timer = setInterval(() => turns++, 1);
      const before = performance.now();
      await Promise.all(endpoints.map((endpoint) => wire.disconnect(endpoint)));
      const all = performance.now() - before;
      clearInterval(timer);
      console.log('    milliseconds:', { each, all, turnsMeanwhile: turns });
      isEmpty(one.name);
      expect(all, 'one by one it is ninety times as long').to.be.below(each * 30);
      expect(turns).to.be.above(3);
    });
  });

  describe('when a step fails', () => {
    const broken: Record<string, [Partial<Endpoint>, RegExp]> = {
      'the interface is occupied': [
        { ifname: 'lo' },
        /^wiring: veth pair: the container has an interface "lo" already$/,
      ],
      'the network is unknown': [{ network: 'violet' }, /^wiring: filters: network "violet" has no table yet$/],
      'the MTU is impossible': [{ mtu: 20 }, /^wiring: veth pair: (Invalid argument|Numerical result out of range)/],
      'a MAC address is a multicast one': [
        { mac: '03:00:00:00:00:01' },
        /^wiring: veth pair: Cannot assign requested address/,
      ],
      'an address is there twice': [
        { addresses: [address('10.20.0.40'), address('10.20.0.40')], routes: [] },
        /^wiring: container addresses: File exists/,
      ],
      'the MTU is too small for IPv6': [{ mtu: 1000 }, /^wiring: host /],
      'a route has no address to leave from': [
        { addresses: endpointNumber(40, '').addresses.slice(0, 1) },
        /^wiring: container route ::\/0: /,
      ],
    };
    for (const [what, [change, message]] of Object.entries(broken)) {
      it(`everything is as before, and the error names the step: ${what}`, async () => {
        const before = await everything(one.name);
        expect(await failure(() => connect({ ...endpointNumber(40, one.path), ...change }))).to.match(message);
        expect(await everything(one.name)).to.equal(before);
        expect(filters.admitted.size).to.equal(0);
      });
    }
  });

  describe('whoever watches the kernel', () => {
    const watching = async (work: (events: readonly KernelEvent[]) => Promise<void>) => {
      const [events, stop] = [[] as KernelEvent[], new AbortController()];
      kernel.watch((event) => events.push(event), stop.signal);
      await work(events).finally(() => stop.abort());
    };

    it('hears nothing of our own wiring', async () => {
      await watching(async (events) => {
        await wire.disconnect(await connect(endpointNumber(60, one.path)));
        run('ip', 'link', 'set', 'uplink', 'alias', 'an event after all the others');
        await until('the last event', () => events.length > 0);
        expect(events).to.deep.equal([{ kind: 'links-changed' }]);
      });
    });

    it('hears when a host end is taken away, because the routes on it went silently', async () => {
      const wired = await connect(endpointNumber(61, one.path));
      await watching(async (events) => {
        run('ip', '-n', one.name, 'link', 'del', 'eth0');
        await until('lost', () => events.some(({ kind }) => kind === 'lost'));
      });
      await wire.disconnect(wired);
    });
  });

  describe('the printed commands', () => {
    it('wire an endpoint the same way', async () => {
      const normal = (text: string) =>
        text
          .replace(/^\d+: /gm, '')
          .replace(/^(local fe80::1 .* metric) \d+/gm, '$1 by the index of the link')
          .replace(/@if\d+/g, '')
          .replace(/link-netns(id)? \S+/g, '');
      const base = endpointNumber(50, one.path, "é'$x");
      const wired = await connect(base);
      const ours = normal(await everything(one.name));
      await wire.disconnect(wired);
      const commands = [...connectCommands(base, GATEWAYS), ...furnishCommands(base, GATEWAYS)];
      for (const command of commands) run('sh', '-c', command);
      expect(normal(await everything(one.name))).to.equal(ours);
      await wire.disconnect(base);
      isEmpty(one.name);
    });
  });

  describe('the gateways', () => {
    const answer = (name: string) => {
      for (const to of ['169.254.1.1', 'fe80::1%eth0']) inside(name, `ping -c 1 -W 2 ${to}`);
    };

    it('answer an endpoint that an older version has wired, and still answer others when that one has gone', async () => {
      const old = await reached(endpointNumber(70, one.path));
      // As it was: its own addresses, and no route on loopback.
      run('ip', 'route', 'del', 'local', '169.254.1.1', 'table', 'local');
      run('ip', '-6', 'route', 'del', 'local', 'fe80::1', 'dev', old.link.name, 'table', 'local');
      run('ip', 'addr', 'add', '169.254.1.1/32', 'dev', old.link.name, 'scope', 'link');
      run('ip', 'addr', 'add', 'fe80::1/128', 'dev', old.link.name, 'nodad');
      answer(one.name);
      await kernel.separate(networks('isolated'));
      const young = await reached(endpointNumber(71, two.path));
      answer(one.name);
      answer(two.name);
      await wire.disconnect(old);
      isEmpty(one.name);
      answer(two.name);
      await wire.disconnect(young);
    });

    it('are whom the host speaks to containers as, only where it has no address of its own', async () => {
      const wired = await reached(endpointNumber(72, one.path));
      const source = () => ipJson('route', 'get', '10.20.0.72', 'oif', wired.link.name)[0].prefsrc;
      await kernel.separate(networks('isolated'));
      expect(source()).to.equal('192.0.2.1');
      run('ip', 'addr', 'del', '192.0.2.1/31', 'dev', 'uplink');
      try {
        expect(source(), 'no address at all').to.equal(undefined);
        await kernel.separate(networks('isolated'));
        expect(source()).to.equal('169.254.1.1');
      } finally {
        run('ip', 'addr', 'add', '192.0.2.1/31', 'dev', 'uplink');
        run('ip', 'addr', 'del', '169.254.1.1/32', 'dev', 'lo');
        await wire.disconnect(wired);
      }
    });
  });

  describe('the MTU of the uplink', () => {
    it('is that of the way out, or the smallest there is without one', () => {
      expect(wire.uplinkMtu()).to.equal(1450);
      run('ip', 'link', 'add', 'narrow', 'mtu', '1300', 'type', 'veth', 'peer', 'name', 'n', 'netns', two.name);
      run('ip', 'link', 'set', 'narrow', 'up');
      expect(wire.uplinkMtu()).to.equal(1300);
      run('ip', 'route', 'add', 'default', 'via', '192.0.2.0');
      expect(wire.uplinkMtu()).to.equal(1450);
      run('ip', 'link', 'del', 'narrow');
      run('ip', 'route', 'del', 'default');
    });

    it('is that of the way out also where documentation addresses are at home', () => {
      run('ip', 'link', 'add', 'narrow', 'mtu', '1300', 'type', 'veth', 'peer', 'name', 'n', 'netns', two.name);
      run('ip', 'link', 'set', 'narrow', 'up');
      for (const home of ['192.0.2.129/25', '198.51.100.1/24', '203.0.113.2/24', '2001:db8:ffff:ffff::2/64'])
        run('ip', 'addr', 'add', home, 'dev', 'narrow');
      try {
        for (const [family, wide, via] of [
          ['-4', 'default', '192.0.2.0'],
          ['-6', '2000::/3', '2001:db8:ffff::'],
        ] as const) {
          run('ip', family, 'route', 'add', wide, 'via', via);
          expect(wire.uplinkMtu(), family).to.equal(1450);
          run('ip', family, 'route', 'del', wide);
        }
      } finally {
        run('ip', 'link', 'del', 'narrow');
      }
    });

    it('is as true, a second later at most, while links are only listed when they change', async () => {
      const stop = new AbortController();
      kernel.watch(() => {}, stop.signal);
      try {
        expect(wire.uplinkMtu()).to.equal(1450);
        expect(host.uplinks).not.to.equal(undefined);
        run('ip', 'link', 'set', 'uplink', 'mtu', '1440');
        await until('the other MTU counts', () => wire.uplinkMtu() === 1440);
        run('ip', 'link', 'add', 'narrow', 'mtu', '1300', 'type', 'veth', 'peer', 'name', 'n', 'netns', two.name);
        run('ip', 'link', 'set', 'narrow', 'up');
        await until('the new link counts', () => wire.uplinkMtu() === 1300);
        run('ip', 'link', 'del', 'narrow');
        await until('the old one counts again', () => wire.uplinkMtu() === 1440);
        run('ip', 'link', 'add', 'wide', 'type', 'veth', 'peer', 'name', 'w', 'netns', two.name);
        run('ip', 'link', 'set', 'wide', 'mtu', '1460', 'up');
        run('ip', 'addr', 'add', '198.51.100.1/31', 'dev', 'wide');
        await until('the way out is there', () => wire.uplinkMtu() === 1440);
        run('ip', 'route', 'add', 'default', 'dev', 'wide');
        await until('the default route counts, which no event tells of', () => wire.uplinkMtu() === 1460);
        run('ip', 'link', 'del', 'wide');
      } finally {
        stop.abort();
        run('ip', 'link', 'set', 'uplink', 'mtu', '1450');
      }
    });
  });
});

/** How many ARP and neighbour discovery packets pass a link while the addresses are pinged, successfully. */
async function questionsWhile(link: string, addresses: readonly string[]): Promise<number> {
  const questions = 'arp or (icmp6 and ip6[40] >= 133 and ip6[40] <= 137)';
  const argv = ['-n', '-i', link, '-w', '/dev/null', '--immediate-mode', questions];
  const tcpdump = spawn('tcpdump', argv, { stdio: ['ignore', 'ignore', 'pipe'] });
  const closed = once(tcpdump, 'close');
  let said = '';
  tcpdump.stderr.on('data', (chunk) => (said += chunk));
  try {
    await until('tcpdump listens', () => said.includes('listening on'));
    for (const to of addresses) run('ping', '-c', '3', '-i', '0.1', '-W', '5', to);
    // What the kernel has told it is counted once it sleeps again.
    await until('tcpdump has seen it all', () =>
      /^State:\s+S/m.test(readFileSync(`/proc/${tcpdump.pid}/status`, 'utf8')),
    );
  } finally {
    tcpdump.kill('SIGINT');
  }
  await closed;
  return Number(/^(\d+) packets? captured$/m.exec(said)?.[1]);
}
