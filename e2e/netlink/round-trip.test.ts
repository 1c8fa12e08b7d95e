/** What we write is what the kernel has: read back by us, and by `ip -json` as an independent witness. */
import { expect } from 'chai';
import * as nl from '../../src/netlink/index.js';
import { inPrivateNamespace, ipJson, namespaceForSuite, run } from './private-namespace.js';

const v4 = (text: string) => Uint8Array.from(text.split('.'), Number);
const v6 = (hex: string) => new Uint8Array(Buffer.from(hex, 'hex'));
const router6 = v6('20010db8000000000000000000000000');

inPrivateNamespace(import.meta.url, () => {
  const other = namespaceForSuite('other');
  let socket: nl.NetlinkSocket;
  let index = 0;

  before(() => {
    socket = new nl.NetlinkSocket(nl.NETLINK_ROUTE);
    run('ip', 'link', 'set', 'lo', 'up');
    using namespace = nl.openNamespace(other.path);
    const end = (name: string, last: string) => ({ name, mac: `02:53:32:00:00:0${last}`, mtu: 1400 });
    socket.request(nl.createVeth(end('s32a', '1'), end('s32b', '2'), namespace.fd));
    index = nl.indexOfName('s32a')!;
    run('ip', '-n', other.name, 'link', 'set', 's32b', 'up');
  });
  after(() => socket.close());

  it('a veth pair has its names, addresses and MTU on both ends, each in its namespace', () => {
    const [ours] = ipJson('link', 'show', 's32a');
    expect([ours.address, ours.mtu, ours.linkinfo.info_kind]).to.deep.equal(['02:53:32:00:00:01', 1400, 'veth']);
    const [theirs] = ipJson('-n', other.name, 'link', 'show', 's32b');
    expect([theirs.address, theirs.mtu, theirs.link_index]).to.deep.equal(['02:53:32:00:00:02', 1400, index]);
  });

  it('link settings arrive, and come back in a dump', () => {
    const settings = { alias: 'slash32 blue x eth0', group: 77, mtu: 1380, up: true };
    socket.request(nl.setLink(index, { ...settings, ipv4: [[nl.Ipv4Conf.rpFilter, 2]], addressGeneration: 1 }));
    const [shown] = ipJson('link', 'show', 's32a');
    expect([shown.ifalias, shown.group, shown.mtu]).to.deep.equal(['slash32 blue x eth0', '77', 1380]);
    expect(shown.inet6_addr_gen_mode).to.equal('none');
    expect(run('sysctl', '-n', 'net/ipv4/conf/s32a/rp_filter').trim()).to.equal('2');
    const [found] = socket.dump(nl.dumpLinks('veth'), nl.decodeLink);
    expect(found).to.include({ index, name: 's32a', alias: settings.alias, group: 77, mtu: 1380, kind: 'veth' });
    expect(found!.flags & nl.IFF_UP).to.equal(nl.IFF_UP);
    expect(socket.request(nl.getLink('s32a')).map(nl.decodeLink)).to.deep.equal([found]);
  });

  it('addresses and permanent neighbours', () => {
    const addresses = [
      { index, ip: v4('192.0.2.1'), length: 31, scope: nl.Scope.universe },
      { index, ip: v4('169.254.1.1'), length: 32, scope: nl.Scope.link },
      { index, ip: v6('20010db8000000000000000000000001'), length: 127, flags: nl.IFA_F_NODAD },
    ];
    const mac = '02:53:32:00:00:0a';
    const ips = [v4('10.20.1.10'), v6('20010db800200000000000000000000a')];
    const puts = ips.map((ip) => nl.putNeighbour({ index, ip, mac }));
    expect(socket.batch([...addresses.map(nl.addAddress), ...puts])).to.have.property('size', 0);
    const shown = ipJson('addr', 'show', 'dev', 's32a')[0].addr_info;
    expect(shown.map((each: Record<string, unknown>) => [each.local, each.prefixlen, each.scope])).to.have.deep.members(
      [
        ['192.0.2.1', 31, 'global'],
        ['169.254.1.1', 32, 'link'],
        ['2001:db8::1', 127, 'global'],
      ],
    );
    const found = socket.dump(nl.dumpAddresses(), nl.decodeAddress).filter((each) => each.index === index);
    expect(found.map(({ ip, length }) => [ip, length])).to.have.deep.members(
      addresses.map(({ ip, length }) => [ip, length]),
    );
    expect(run('ip', 'neigh', 'show', 'nud', 'permanent').match(/lladdr 02:53:32:00:00:0a PERMANENT/g)).to.have.length(
      2,
    );
    const neighbours = socket.dump(nl.dumpNeighbours(), nl.decodeNeighbour).filter((each) => each.mac === mac);
    expect(neighbours.map(({ ip }) => ip)).to.have.deep.members(ips);
    socket.request(nl.deleteAddress(addresses[1]!));
    expect(ipJson('addr', 'show', 'dev', 's32a')[0].addr_info).to.have.length(2);
  });

  it('routes of every form, in small tables and large ones', () => {
    const ours = { protocol: 32, metric: 3232 };
    const gateway = v4('192.0.2.0');
    const linkLocal = v6('fe800000000000000000000000000009');
    const routes: nl.RouteEntry[] = [
      { ...ours, table: 254, destination: v4('10.20.1.10'), length: 32, hops: [{ oif: index }] },
      { ...ours, table: 4_000_000_000, destination: v4('0.0.0.0'), length: 0, hops: [{ gateway, oif: index }] },
      {
        ...ours,
        table: 1001,
        destination: v4('10.20.3.0'),
        length: 24,
        hops: [{ gateway, oif: index }, { oif: index }],
      },
      { ...ours, table: 1001, destination: v4('10.20.4.0'), length: 24, hops: [{ gateway: router6, oif: index }] },
      {
        ...ours,
        table: 1001,
        destination: v4('10.20.5.0'),
        length: 24,
        hops: [
          { gateway: router6, oif: index },
          { gateway: v4('198.51.100.1'), oif: index, onlink: true },
        ],
      },
      {
        ...ours,
        table: 1001,
        destination: v6('20010db8000200000000000000000000'),
        length: 64,
        hops: [{ gateway: router6, oif: index }],
      },
      {
        ...ours,
        table: 254,
        destination: v6('20010db8000400000000000000000000'),
        length: 64,
        hops: [
          { gateway: router6, oif: index },
          { gateway: linkLocal, oif: index },
        ],
      },
    ];
    expect(socket.batch(routes.map(nl.putRoute))).to.have.property('size', 0);
    const found = socket.dump(nl.dumpRoutes({ protocol: 32 }), nl.decodeRoute);
    expect(found).to.have.deep.members(routes);
    expect(
      socket.dump(nl.dumpRoutes({ protocol: 32, table: 1001, family: nl.AF_INET }), nl.decodeRoute),
    ).to.have.length(3);
    const text = (version: string) =>
      run('ip', version, 'route', 'show', 'table', 'all', 'proto', '32').replace(/ pref medium/g, '');
    expect(text('-4').trim().split(/\s*\n/)).to.have.members([
      '10.20.1.10 dev s32a scope link metric 3232',
      'default via 192.0.2.0 dev s32a table 4000000000 metric 3232',
      '10.20.3.0/24 table 1001 metric 3232',
      '\tnexthop via 192.0.2.0 dev s32a weight 1',
      '\tnexthop dev s32a weight 1',
      '10.20.4.0/24 via inet6 2001:db8:: dev s32a table 1001 metric 3232',
      '10.20.5.0/24 table 1001 metric 3232',
      '\tnexthop via inet6 2001:db8:: dev s32a weight 1',
      '\tnexthop via 198.51.100.1 dev s32a weight 1 onlink',
    ]);
    expect(text('-6')).to.match(/^2001:db8:2::\/64 via 2001:db8:: dev s32a table 1001 metric 3232/m);
    expect(text('-6').match(/nexthop via \S+ dev s32a/g)).to.deep.equal([
      'nexthop via 2001:db8:: dev s32a',
      'nexthop via fe80::9 dev s32a',
    ]);
    const removals = routes.map(({ table, destination, length, protocol }) =>
      nl.deleteRoute({ table, destination, length, protocol }),
    );
    expect(socket.batch(removals)).to.have.property('size', 0);
    expect(socket.dump(nl.dumpRoutes({ protocol: 32 }), nl.decodeRoute)).to.deep.equal([]);
  });

  it('rules in both IP versions', () => {
    const rules = [nl.AF_INET, nl.AF_INET6].flatMap((family): nl.Rule[] => [
      { family, priority: 2032, mark: 1001, mask: 0x3fff, action: nl.RuleAction.lookup, table: 1001, protocol: 32 },
      { family, priority: 2033, mark: 1001, mask: 0x3fff, action: nl.RuleAction.unreachable, table: 0, protocol: 32 },
    ]);
    expect(socket.batch(rules.map(nl.addRule))).to.have.property('size', 0);
    for (const [family, version] of [
      [nl.AF_INET, '-4'],
      [nl.AF_INET6, '-6'],
    ] as const) {
      const found = socket.dump(nl.dumpRules(family), nl.decodeRule).filter(({ protocol }) => protocol === 32);
      expect(found).to.deep.equal(rules.filter((rule) => rule.family === family));
      expect(
        run('ip', version, 'rule')
          .match(/^203.*/gm)!
          .map((line) => line.replace(/\s+/g, ' ').trim()),
      ).to.deep.equal([
        '2032: from all fwmark 0x3e9/0x3fff lookup 1001 proto 32',
        '2033: from all fwmark 0x3e9/0x3fff unreachable proto 32',
      ]);
    }
    expect(socket.batch(rules.map(nl.deleteRule))).to.have.property('size', 0);
    expect(run('ip', 'rule')).to.not.match(/proto 32/);
  });

  it('a group of links goes at once, and a link alone by its index', () => {
    for (let n = 0; n < 20; n++)
      run('ip', 'link', 'add', `g${n}`, 'group', '88', 'type', 'veth', 'peer', 'name', `h${n}`);
    socket.request(nl.deleteLink(nl.indexOfName('g19')!));
    expect(nl.indexOfName('g19')).to.equal(undefined);
    socket.request(nl.deleteGroup(88));
    expect(socket.dump(nl.dumpLinks('veth'), nl.decodeLink).map(({ name }) => name)).to.deep.equal(['s32a']);
  });
});
