/** The socket against the real kernel: errors, large batches, overflow, events. */
import { expect } from 'chai';
import * as nl from '../../src/netlink/index.js';
import { until } from '../../src/until.fixture.js';
import { inPrivateNamespace, run } from './private-namespace.js';

inPrivateNamespace(import.meta.url, () => {
  let index = 0;
  before(() => {
    run('ip', 'link', 'set', 'lo', 'up');
    run('ip', 'link', 'add', 's32a', 'type', 'veth', 'peer', 'name', 's32b');
    // Without link-local addresses: the kernel tells of each again when duplicate detection is over, one to two seconds later.
    for (const link of ['s32a', 's32b']) run('ip', 'link', 'set', link, 'addrgenmode', 'none', 'up');
    index = nl.indexOfName('s32a')!;
  });

  const routeNumber = (n: number, oif = index): nl.RouteEntry => {
    const destination = Uint8Array.of(10, n >> 16, n >> 8, n);
    return { table: 1001, destination, length: 32, protocol: 32, hops: [{ oif }] };
  };
  const count = (socket: nl.NetlinkSocket) => socket.dump(nl.dumpRoutes({ table: 1001 }), () => 1).length;

  it('names the refused messages of a batch, each with the kernel own sentence, and does all others', () => {
    using socket = new nl.NetlinkSocket(nl.NETLINK_ROUTE);
    const routes = Array.from({ length: 1000 }, (_, n) => routeNumber(n, n === 300 ? 9999 : index));
    const noGateway: nl.RouteEntry = { ...routeNumber(2000), hops: [{ gateway: Uint8Array.of(9, 9, 9, 9) }] };
    const errors = socket.batch([...routes.map(nl.addRoute), nl.addRoute(noGateway), nl.addRoute(routeNumber(5))]);
    expect([...errors].map(([at, { message }]) => [at, message])).to.deep.equal([
      [300, 'No such device'],
      [1000, 'Network is unreachable: Nexthop has invalid gateway'],
      [1001, 'File exists'],
    ]);
    expect(errors.get(1000)).to.include({ code: 'ENETUNREACH', sentence: 'Nexthop has invalid gateway' });
    expect(count(socket)).to.equal(999);
    socket.batch(routes.map(nl.deleteRoute));
    expect(count(socket)).to.equal(0);
  });

  it('throws the refusal of a single request', () => {
    using socket = new nl.NetlinkSocket(nl.NETLINK_ROUTE);
    expect(() => socket.request(nl.deleteRoute(routeNumber(1)))).to.throw(nl.NetlinkError, 'No such process');
    expect(() => socket.request(nl.getLink('s32none'))).to.throw(nl.NetlinkError, 'No such device');
  });

  it('puts fifty thousand routes and lists them', () => {
    using socket = new nl.NetlinkSocket(nl.NETLINK_ROUTE);
    const routes = Array.from({ length: 50_000 }, (_, n) => routeNumber(n));
    expect(socket.batch(routes.map(nl.putRoute))).to.have.property('size', 0);
    const found = socket.dump(nl.dumpRoutes({ table: 1001 }), nl.decodeRoute);
    expect(new Set(found.map(({ destination }) => Buffer.from(destination).toString('hex')))).to.have.property(
      'size',
      50_000,
    );
    expect(socket.batch(routes.map(nl.deleteRoute))).to.have.property('size', 0);
    expect(count(socket)).to.equal(0);
  });

  it('goes through a batch of refusals with the smallest receive buffer there is', () => {
    using socket = new nl.NetlinkSocket(nl.NETLINK_ROUTE, 1);
    const errors = socket.batch(Array.from({ length: 2000 }, (_, n) => nl.addRoute(routeNumber(n, 9999))));
    expect(errors.size).to.equal(2000);
    expect(new Set([...errors.values()].map(({ code }) => code))).to.deep.equal(new Set(['ENODEV']));
  });

  it('counts a message whose answer did not fit into the receive buffer as failed, and waits for nothing', () => {
    using socket = new nl.NetlinkSocket(nl.NETLINK_ROUTE, 1);
    const errors = socket.together(Array.from({ length: 200 }, (_, n) => nl.putRoute(routeNumber(n))));
    expect(errors.size).to.be.within(1, 199);
    expect(new Set([...errors.values()].map(({ code }) => code))).to.deep.equal(new Set(['ENOBUFS']));
    // And it is of use afterwards.
    expect(socket.batch(Array.from({ length: 200 }, (_, n) => nl.deleteRoute(routeNumber(n))))).to.have.property(
      'size',
      0,
    );
  });

  it('sends on another thread while the event loop goes on', async () => {
    using socket = new nl.NetlinkSocket(nl.NETLINK_ROUTE);
    const names = Array.from({ length: 10 }, (_, n) => `g${n}`);
    for (const name of names) run('ip', 'link', 'add', name, 'type', 'veth', 'peer', 'name', `h${name}`);
    // One by one: each waits for the kernel's RCU, some 20 ms.
    const removal = socket.togetherAside(names.map((name) => nl.deleteLink(nl.indexOfName(name)!)));
    const turn = new Promise((resolve) => setImmediate(() => resolve('a turn')));
    expect(await Promise.race([removal, turn])).to.equal('a turn');
    expect(await removal).to.have.property('size', 0);
    expect(names.map(nl.indexOfName)).to.eql(names.map(() => undefined));
    expect((await socket.togetherAside([nl.deleteGroup(88)])).get(0)?.code).to.equal('ENODEV');
  });

  describe('listening', () => {
    const listening = async (
      subscription: Partial<nl.Subscription>,
      work: (seen: readonly number[], lost: () => number) => Promise<void>,
    ) => {
      const [seen, stop] = [[] as number[], new AbortController()];
      let lost = 0;
      const all = { groups: Object.values(nl.Group), ignorePorts: [], routeProtocol: 32, ...subscription };
      nl.listen(all, { hear: ({ type }) => seen.push(type), lost: () => lost++ }, stop.signal);
      try {
        await work(seen, () => lost);
      } finally {
        stop.abort();
      }
    };

    it('hears links, addresses, routes of one protocol and rules', async () => {
      await listening({}, async (seen) => {
        run('ip', 'link', 'set', 's32b', 'alias', 'x');
        run('ip', 'addr', 'add', '192.0.2.1/31', 'dev', 's32a');
        run('ip', '-6', 'addr', 'add', '2001:db8::1/127', 'dev', 's32a', 'nodad');
        run('ip', 'route', 'add', '10.1.0.0/16', 'dev', 's32a', 'proto', '33');
        run('ip', 'route', 'add', '10.2.0.0/16', 'dev', 's32a', 'proto', '32');
        run('ip', '-6', 'route', 'add', '2001:db8:2::/64', 'dev', 's32a', 'proto', '32');
        run('ip', '-6', 'rule', 'add', 'priority', '9', 'lookup', '9');
        run('ip', '-6', 'rule', 'del', 'priority', '9');
        const { RTM_NEWLINK, RTM_NEWADDR, RTM_NEWROUTE, RTM_NEWRULE, RTM_DELRULE } = nl;
        // In no order: the kernel tells of an IPv6 address from a work queue of its own, maybe after all the rest.
        const expected = [RTM_NEWADDR, RTM_NEWADDR, RTM_NEWROUTE, RTM_NEWROUTE, RTM_NEWRULE, RTM_DELRULE];
        const heard = () => seen.filter((type) => type !== RTM_NEWLINK);
        await until('all events', () => heard().length >= expected.length);
        expect(heard().sort()).to.deep.equal(expected.sort());
        expect(seen).to.include(RTM_NEWLINK);
      });
    });

    it('hears messages of one type alone where no other is wanted', async () => {
      await listening({ type: nl.RTM_DELLINK, ignorePorts: [9999, 9998] }, async (seen) => {
        run('ip', 'link', 'add', 's32c', 'type', 'veth', 'peer', 'name', 's32d');
        run('ip', 'link', 'del', 's32c');
        await until('both ends', () => seen.length >= 2);
        expect(seen).to.deep.equal([nl.RTM_DELLINK, nl.RTM_DELLINK]);
      });
    });

    it('does not hear what the named sockets have done', async () => {
      using socket = new nl.NetlinkSocket(nl.NETLINK_ROUTE);
      using another = new nl.NetlinkSocket(nl.NETLINK_ROUTE);
      await listening({ ignorePorts: [9999, socket.port] }, async (seen) => {
        socket.request(nl.putRoute(routeNumber(1)));
        another.request(nl.deleteRoute(routeNumber(1)));
        await until('the other one', () => seen.length > 0);
        expect(seen).to.deep.equal([nl.RTM_DELROUTE]);
      });
    });

    it('says so when events were lost, and hears again afterwards', async () => {
      using socket = new nl.NetlinkSocket(nl.NETLINK_ROUTE);
      await listening({ queue: 4096 }, async (seen, lost) => {
        const routes = Array.from({ length: 5000 }, (_, n) => routeNumber(n));
        expect(socket.batch(routes.map(nl.putRoute))).to.have.property('size', 0);
        await until('lost', () => lost() > 0);
        const heard = seen.length;
        expect(heard).to.be.below(5000);
        socket.request(nl.deleteRoute(routeNumber(1)));
        await until('heard again', () => seen.includes(nl.RTM_DELROUTE));
        socket.batch(routes.map(nl.deleteRoute));
      });
    });
  });
});
