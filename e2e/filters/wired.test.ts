import { expect } from 'chai';
import { type Filters, openFilters } from '../../src/kernel/filters.js';
import { Host } from '../../src/kernel/host.js';
import { hostLinkName } from '../../src/kernel/link-name.js';
import { NetlinkKernel } from '../../src/kernel/netlink-kernel.js';
import { VethWire } from '../../src/kernel/wire.js';
import { address, hostPrefix, prefix } from '../../src/model/address.js';
import type { Endpoint } from '../../src/model/endpoint.js';
import { MAIN_TABLE } from '../../src/model/route.js';
import { Lab, NODE, networksOf } from './lab.js';
import { spaceOf } from './space.js';
import { answers, echoesHeard, pings } from './traffic.js';

const TABLES: Record<string, number> = { blue: 1001, green: 1002 };

function endpoint(name: string, number: number, network: string): Endpoint {
  const id = { containerId: name, ifname: 'eth0' };
  return {
    ...id,
    network,
    state: 'pending',
    netns: `/run/netns/${spaceOf(name)}`,
    netnsInode: 0,
    link: { name: hostLinkName(id), index: 0, mac: `02:53:32:01:00:0${number}` },
    mac: `02:53:32:02:00:0${number}`,
    mtu: 1500,
    addresses: [address(`10.0.7.${number}`), address(`2001:db8:7::${number}`)],
    routes: [prefix('0.0.0.0/0'), prefix('::/0')],
    since: '2026-01-01T00:00:00Z',
  };
}

describe('filters under endpoints that slash32 itself has wired', function () {
  this.timeout(180_000);
  let lab: Lab;
  let filters: Filters;
  let host: Host;
  let kernel: NetlinkKernel;
  let wire: VethWire;
  const endpoints = [endpoint('x', 1, 'blue'), endpoint('y', 2, 'blue'), endpoint('z', 3, 'green')];

  before(async () => {
    lab = new Lab();
    filters = openFilters([]);
    host = new Host(filters, { v4: address('169.254.1.1'), v6: address('fe80::1') });
    kernel = new NetlinkKernel(host);
    wire = new VethWire(host);
    await kernel.separate(networksOf(TABLES));
    for (const one of endpoints) {
      lab.space(one.containerId);
      const namespace = wire.open(one.netns);
      const index = await wire.connect(one, namespace);
      await wire.furnish({ ...one, link: { ...one.link, index } }, namespace);
      const tables = [MAIN_TABLE, TABLES[one.network]!];
      const routes = tables.flatMap((table) =>
        one.addresses.map((own) => ({ table, prefix: hostPrefix(own), nextHops: [{ device: one.link.name }] })),
      );
      expect((await kernel.put(routes)).size).to.equal(0);
    }
  });

  after(async () => {
    for (const one of endpoints) await wire.disconnect(one);
    host[Symbol.dispose]();
    filters[Symbol.dispose]();
    lab[Symbol.dispose]();
  });

  const allAnswer = (from: string, to: readonly string[]) => to.map((one) => answers(from, one));

  it('pass packets within a network, to the host and its gateways, and from the host', () => {
    expect(allAnswer('x', endpoints[1]!.addresses)).to.deep.equal([true, true]);
    expect(allAnswer('x', [NODE.v4, NODE.v6, '169.254.1.1', 'fe80::1%eth0'])).to.deep.equal([true, true, true, true]);
    expect(allAnswer('node', endpoints[2]!.addresses)).to.deep.equal([true, true]);
  });

  it('pass nothing between networks', () => {
    const before = echoesHeard('z');
    expect(endpoints[2]!.addresses.map((own) => pings('x', own))).to.deep.equal([false, false]);
    expect(echoesHeard('z')).to.equal(before);
  });

  it('are as they should be after all that', () => {
    expect(filters.changed()).to.equal(false);
  });
});
