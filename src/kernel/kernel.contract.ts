/** What every `Kernel` keeps to: run on the fake without root, and on Linux. */
import { expect } from 'chai';
import { type Address, address, type Prefix, prefix } from '../model/address.js';
import { MAIN_TABLE, type Route, satisfies } from '../model/route.js';
import type { Kernel, KernelEvent } from '../ports.js';

/** A kernel, and the world around it: `uplink` has 192.0.2.1/31 and 2001:db8:ffff::1/127, `s32one` leads to an endpoint. */
export interface KernelWorld {
  readonly kernel: Kernel;
  linkDown(name: 'uplink' | 's32one'): void;
  linkUp(name: 'uplink' | 's32one'): void;
  /** Somebody else removes a route of ours. */
  removeBehindBack(route: Route): void;
  /** Somebody else writes a route of the main table, or without a gateway removes it. */
  routeByOthers(prefix: Prefix, gateway?: Address): void;
  /** Resolves when the condition holds. */
  until(what: string, holds: () => boolean): Promise<void>;
}

const TABLE = 1001;
const tor4 = address('192.0.2.0');
const tor6 = address('2001:db8:ffff::');
const heard4: Route = { table: TABLE, prefix: prefix('10.20.2.10/32'), nextHops: [{ gateway: tor4 }] };
const heard6: Route = { table: TABLE, prefix: prefix('2001:db8:20::10/128'), nextHops: [{ gateway: tor6 }] };
const local4: Route = { table: TABLE, prefix: prefix('10.20.1.10/32'), nextHops: [{ device: 's32one' }] };
const local6: Route = { table: MAIN_TABLE, prefix: prefix('2001:db8:10::10/128'), nextHops: [{ device: 's32one' }] };
const viaV6: Route = { table: TABLE, prefix: prefix('10.20.9.0/24'), nextHops: [{ gateway: tor6, device: 'uplink' }] };
const linkLocal: Route = {
  table: TABLE,
  prefix: prefix('2001:db8:30::/64'),
  nextHops: [{ gateway: address('fe80::99'), device: 'uplink' }],
};
const ecmp4: Route = { ...heard4, nextHops: [{ gateway: tor4 }, { device: 's32one' }] };
const ecmp6: Route = {
  ...heard6,
  nextHops: [{ gateway: tor6 }, { gateway: address('fe80::7'), device: 's32one' }],
};
const everyKind = [heard4, heard6, local4, local6, viaV6, linkLocal];

/** Defines the contract's tests. `make` is called before each of them, `dispose` after. */
export function kernelContract(make: () => KernelWorld, dispose: () => void): void {
  let world: KernelWorld;
  let kernel: Kernel;
  beforeEach(() => {
    world = make();
    kernel = world.kernel;
  });
  afterEach(() => dispose());

  const holds = async (...wanted: readonly Route[]) => {
    const found = await kernel.routes();
    expect(found.map(name).sort()).to.deep.equal(wanted.map(name).sort());
    for (const route of wanted) {
      const same = found.find((each) => name(each) === name(route))!;
      expect(satisfies(route, same), JSON.stringify({ wanted: route, found: same })).to.equal(true);
    }
  };

  it('has what was put, of every kind', async () => {
    expect(await kernel.put(everyKind)).to.have.property('size', 0);
    await holds(...everyKind);
  });

  it('knows its own addresses, and which way it would go to others', async () => {
    await kernel.put([local4, heard4]);
    const own = (await kernel.addresses())
      .filter(({ device }) => device === 'uplink')
      .map(({ address, subnet }) => [address, subnet]);
    expect(own).to.deep.include.members([
      ['192.0.2.1', '192.0.2.0/31'],
      ['2001:db8:ffff::1', '2001:db8:ffff::/127'],
    ]);
    const nowhere = address('203.0.113.77');
    const ways = await kernel.ways([tor4, tor6, address('192.0.2.1'), address('2001:db8:ffff::1'), nowhere]);
    expect(Object.fromEntries(ways)).to.deep.equal({
      [tor4]: 'on-link',
      [tor6]: 'on-link',
      '192.0.2.1': 'self',
      '2001:db8:ffff::1': 'self',
      [nowhere]: 'none',
    });
  });

  it('counts the way to an endpoint of this node as no link of its own', async () => {
    await kernel.put([{ ...local4, table: MAIN_TABLE }]);
    expect(await kernel.ways([address('10.20.1.10')])).to.deep.equal(new Map([['10.20.1.10', 'none']]));
  });

  it('names the route that leads to what is behind a gateway, whoever wrote it, and tells when one of others changes', async () => {
    const [far4, far6] = [address('203.0.113.9'), address('2001:db8:99::9')];
    const events: KernelEvent[] = [];
    const ended = new AbortController();
    kernel.watch((event) => events.push(event), ended.signal);
    try {
      expect([...(await kernel.ways([far4, far6])).values()]).to.deep.equal(['none', 'none']);
      for (const [around, gateway] of [
        [prefix('203.0.113.0/24'), tor4],
        [prefix('2001:db8:99::/64'), tor6],
      ] as const) {
        world.routeByOthers(around, gateway);
        const isIt = (event: KernelEvent) => event.kind === 'foreign-route' && event.prefix === around;
        await world.until('the route of others to be told', () => events.some(isIt));
      }
      expect([...(await kernel.ways([far4, far6])).values()]).to.deep.equal([
        { by: '203.0.113.0/24', isOurs: false, hops: [{ gateway: tor4 }] },
        { by: '2001:db8:99::/64', isOurs: false, hops: [{ gateway: tor6 }] },
      ]);
      await kernel.put([{ table: MAIN_TABLE, prefix: prefix('203.0.113.8/31'), nextHops: [{ gateway: tor4 }] }]);
      const ours = { by: '203.0.113.8/31', isOurs: true, hops: [{ gateway: tor4 }] };
      expect([...(await kernel.ways([far4])).values()]).to.deep.equal([ours]);
    } finally {
      ended.abort();
      for (const around of ['203.0.113.0/24', '2001:db8:99::/64'].map(prefix)) world.routeByOthers(around);
    }
  });

  it('takes the same route twice', async () => {
    await kernel.put(everyKind);
    expect(await kernel.put(everyKind)).to.have.property('size', 0);
    await holds(...everyKind);
  });

  it('replaces one way by several, and several by one, in both IP versions', async () => {
    await kernel.put([heard4, heard6]);
    expect(await kernel.put([ecmp4, ecmp6])).to.have.property('size', 0);
    await holds(ecmp4, ecmp6);
    expect(await kernel.put([heard4, heard6])).to.have.property('size', 0);
    await holds(heard4, heard6);
  });

  it('replaces a route through a gateway by one out of a device, and back', async () => {
    const direct = [
      { ...heard4, nextHops: local4.nextHops },
      { ...heard6, nextHops: local6.nextHops },
    ];
    for (const routes of [[heard4, heard6], direct, [heard4, heard6]]) {
      expect(await kernel.put(routes)).to.have.property('size', 0);
      await holds(...routes);
    }
  });

  it('replaces a route by a blackhole, in both IP versions, and back', async () => {
    const [hole4, hole6] = [
      { ...heard4, nextHops: [] },
      { ...heard6, nextHops: [] },
    ];
    for (const routes of [
      [heard4, heard6],
      [hole4, hole6],
      [heard4, heard6],
      [hole4, hole6],
    ]) {
      expect(await kernel.put(routes)).to.have.property('size', 0);
      await holds(...routes);
    }
    expect(await kernel.remove([hole4, hole6])).to.have.property('size', 0);
    await holds();
  });

  it('keeps a blackhole when every link goes', async () => {
    const hole = { table: MAIN_TABLE, prefix: prefix('10.20.1.0/24'), nextHops: [] };
    await kernel.put([hole, local4]);
    await listening(async (events) => {
      world.linkDown('s32one');
      await world.until('lost', () => events.some(({ kind }) => kind === 'lost'));
    });
    await holds(hole);
  });

  it('refuses a route that leads nowhere, says which and why, and takes the others', async () => {
    const lost: Route = { ...local4, nextHops: [{ device: 's32none' }] };
    const unreachable: Route = { ...heard4, nextHops: [{ gateway: address('198.51.100.1') }] };
    const failures = await kernel.put([heard6, lost, local6, unreachable]);
    expect([...failures.keys()]).to.have.members([lost, unreachable]);
    expect(failures.get(lost)?.message).to.match(/^10\.20\.1\.10\/32 in table 1001: No such device: "s32none"$/);
    expect(failures.get(unreachable)?.message).to.match(/^10\.20\.2\.10\/32 in table 1001: Network is unreachable/);
    await holds(heard6, local6);
  });

  it('removes what it is told, whatever it leads to, and nothing else', async () => {
    await kernel.put(everyKind);
    expect(await kernel.remove([{ ...heard4, nextHops: [] }, ecmp6, local4])).to.have.property('size', 0);
    await holds(local6, viaV6, linkLocal);
  });

  it('is content when what it is to remove is gone', async () => {
    expect(await kernel.remove(everyKind)).to.have.property('size', 0);
  });

  it('loses the routes on a link that goes down, and says that something was lost', async () => {
    await kernel.put(everyKind);
    await listening(async (events) => {
      world.linkDown('uplink');
      await world.until('lost', () => events.some(({ kind }) => kind === 'lost'));
    });
    await holds(local4, local6);
  });

  it('tells when a link comes up, and then takes what it refused before', async () => {
    world.linkDown('uplink');
    expect(await kernel.put([heard4])).to.have.property('size', 1);
    await listening(async (events) => {
      world.linkUp('uplink');
      await world.until('links-changed', () => events.some(({ kind }) => kind === 'links-changed'));
    });
    expect(await kernel.put([heard4])).to.have.property('size', 0);
  });

  it('tells which route of ours somebody else has removed', async () => {
    await kernel.put([heard4, heard6]);
    await listening(async (events) => {
      world.removeBehindBack(heard6);
      await world.until('route-removed', () => events.some(({ kind }) => kind === 'route-removed'));
      const removed = events.flatMap((event) => (event.kind === 'route-removed' ? [name(event.route)] : []));
      expect(removed).to.deep.equal([name(heard6)]);
    });
  });

  it('says nothing about what it was told to do', async () => {
    await listening(async (events) => {
      await kernel.put(everyKind);
      await kernel.remove([heard6]);
      world.removeBehindBack(heard4);
      await world.until('route-removed', () => events.some(({ kind }) => kind === 'route-removed'));
      expect(events.map(({ kind }) => kind)).to.deep.equal(['route-removed']);
    });
  });

  async function listening(work: (events: readonly KernelEvent[]) => Promise<void>): Promise<void> {
    const [events, stop] = [[] as KernelEvent[], new AbortController()];
    kernel.watch((event) => events.push(event), stop.signal);
    try {
      await work(events);
    } finally {
      stop.abort();
    }
  }
}

function name(route: Route): string {
  return `${route.table} ${route.prefix}`;
}
