/** What CHECK sees of the kernel, with nobody there to repair: each thing is broken by hand, and named alone. */
import { expect } from 'chai';
import { differences } from '../../src/decide/check.js';
import { type Filters, openFilters } from '../../src/kernel/filters.js';
import { Host } from '../../src/kernel/host.js';
import { NetlinkKernel } from '../../src/kernel/netlink-kernel.js';
import { VethWire } from '../../src/kernel/wire.js';
import { hostPrefix } from '../../src/model/address.js';
import type { Endpoint } from '../../src/model/endpoint.js';
import { MAIN_TABLE } from '../../src/model/route.js';
import { BLUE, endpointNumber, GATEWAYS, makeUplink, networks } from '../kernel/world.js';
import { inPrivateNamespace, namespaceForSuite, run } from '../netlink/private-namespace.js';

inPrivateNamespace(import.meta.url, () => {
  const tor = namespaceForSuite('tor');
  const one = namespaceForSuite('one');
  const endpoint = endpointNumber(10, one.path);
  const [v4, v6] = endpoint.addresses as readonly string[] as [string, string];
  const { name } = endpoint.link;
  let filters: Filters;
  let host: Host;
  let kernel: NetlinkKernel;
  let wire: VethWire;
  let wired: Endpoint;

  before(() => {
    makeUplink(tor.name);
    filters = openFilters([]);
    host = new Host(filters, GATEWAYS);
    kernel = new NetlinkKernel(host);
    wire = new VethWire(host);
  });
  after(() => {
    host[Symbol.dispose]();
    filters[Symbol.dispose]();
  });

  beforeEach(async () => {
    await kernel.separate(networks('host'));
    using namespace = wire.open(endpoint.netns);
    wired = { ...endpoint, link: { ...endpoint.link, index: await wire.connect(endpoint, namespace) } };
    await wire.furnish(wired, namespace);
    const routes = [MAIN_TABLE, BLUE].flatMap((table) =>
      endpoint.addresses.map((own) => ({ table, prefix: hostPrefix(own), nextHops: [{ device: name }] })),
    );
    expect(await kernel.put(routes)).to.have.property('size', 0);
  });
  afterEach(() => wire.disconnect(wired));

  const found = () => {
    using namespace = wire.open(endpoint.netns);
    const wanted = { endpoint: wired, gateways: GATEWAYS, table: BLUE, mac: wired.mac, mtu: wired.mtu };
    return differences(wanted, wire.inspect(wired, namespace));
  };
  const inside = (...ip: string[]) => run('ip', '-n', one.name, ...ip);

  it('a fresh endpoint is as it should be', () => expect(found()).to.eql([]));

  const BREAKS: Record<string, [() => unknown, readonly RegExp[]]> = {
    'a route in the table of its network': [
      () => run('ip', 'route', 'del', v4, 'table', String(BLUE)),
      [/^the host lacks the route 10\.20\.0\.10 dev s32\w+ table 1001$/],
    ],
    "a route in the host's table": [
      () => run('ip', '-6', 'route', 'del', v6, 'table', 'main'),
      [/^the host lacks the route 2001:db8:20::a dev s32\w+ table 254$/],
    ],
    "the rule that leads to its network's table": [
      () => run('ip', 'rule', 'del', 'priority', '2032'),
      [/^the host lacks the route 10\.20\.0\.10 dev s32\w+ table 1001$/],
    ],
    'the filter element of its source': [
      () => run('nft', `delete element inet slash32 source4 { "${name}" . ${v4} }`),
      [/^nft table inet slash32 lacks source4 \{ "s32\w+" \. 10\.20\.0\.10 : goto net-1001 \}$/],
    ],
    'the filter element of its destination': [
      () => run('nft', `delete element inet slash32 destination6 { ${v6} }`),
      [/lacks destination6 \{ 2001:db8:20::a : goto to-1001 \}$/],
    ],
    'all filters at once': [
      () => run('nft', 'delete table inet slash32'),
      [/source4/, /source6/, /destination4/, /destination6/],
    ],
    'a setting of the host link': [
      () => run('sysctl', '-q', '-w', `net.ipv6.conf.${name}.accept_ra=2`),
      [/^sysctl net\/ipv6\/conf\/s32\w+\/accept_ra is 2, expected 0$/],
    ],
    'reverse path filtering': [
      () => run('sysctl', '-q', '-w', `net.ipv4.conf.${name}.rp_filter=0`),
      [/^sysctl net\/ipv4\/conf\/s32\w+\/rp_filter is 0, expected 1$/],
    ],
    'a gateway': [
      () => run('ip', '-6', 'route', 'del', 'local', 'fe80::1', 'dev', name, 'table', 'local'),
      [/^host link s32\w+ lacks the gateway fe80::1$/],
    ],
    'a neighbour of the host': [
      () => run('ip', 'neigh', 'replace', v4, 'lladdr', '02:00:00:00:00:99', 'dev', name, 'nud', 'permanent'),
      [/has the permanent neighbour 10\.20\.0\.10 at 02:00:00:00:00:99, expected 02:53/],
    ],
    'a neighbour of the container that is only reachable': [
      () => inside('neigh', 'replace', 'fe80::1', 'lladdr', wired.link.mac, 'dev', 'eth0', 'nud', 'reachable'),
      [/^eth0 lacks the permanent neighbour fe80::1$/],
    ],
    'an address of the container': [
      () => inside('-6', 'addr', 'del', `${v6}/128`, 'dev', 'eth0'),
      [/^eth0 lacks address 2001:db8:20::a\/128$/],
    ],
    'the default route of the container': [
      () => inside('route', 'del', 'default'),
      [/^the container lacks the route 0\.0\.0\.0\/0 via 169\.254\.1\.1 dev eth0$/],
    ],
    // Linux forgets every neighbour of a link, permanent ones too, when its address changes (neigh_changeaddr).
    'the MAC address of the container': [
      () => inside('link', 'set', 'eth0', 'address', '02:00:00:00:00:77'),
      [
        /^eth0 has MAC address 02:00:00:00:00:77, expected 02:53/,
        /^eth0 lacks the permanent neighbour 169\.254\.1\.1$/,
        /^eth0 lacks the permanent neighbour fe80::1$/,
      ],
    ],
    'the MTU of the container': [
      () => inside('link', 'set', 'eth0', 'mtu', '1300'),
      [/^eth0 has MTU 1300, expected 1400$/],
    ],
    'the name of the container end': [
      () => {
        inside('link', 'set', 'eth0', 'down');
        inside('link', 'set', 'eth0', 'name', 'eth9');
      },
      [/^eth0 is gone from the container$/],
    ],
  };
  for (const [what, [breakIt, says]] of Object.entries(BREAKS)) {
    it(`names ${what}, and nothing else`, () => {
      breakIt();
      const named = found();
      expect(named, named.join('; ')).to.have.length(says.length);
      for (const [i, pattern] of says.entries()) expect(named[i]).to.match(pattern);
    });
  }

  it('names the host link that is gone, and does not take one of the same name for it', () => {
    run('ip', 'link', 'del', name);
    run('ip', 'link', 'add', name, 'type', 'veth', 'peer', 'name', 'other');
    const named = found();
    run('ip', 'link', 'del', name);
    expect(named).to.include.members([`host link ${name} is gone`, 'eth0 is gone from the container']);
  });

  it('still finds the host link under another name', () => {
    run('ip', 'link', 'set', name, 'down');
    run('ip', 'link', 'set', name, 'name', 's32renamed');
    const named = found();
    expect(named).not.to.include(`host link ${name} is gone`);
    expect(named.join()).to.include('host link s32renamed is down');
  });
});
