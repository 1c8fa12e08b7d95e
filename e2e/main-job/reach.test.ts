import { expect } from 'chai';
import type { Container } from '../lab/container.js';
import type { Lab } from '../lab/lab.js';
import { type Attached, add, cni } from '../lab/runtime.js';
import { until } from '../lab/until.js';
import { atNodes, atTor, fabricUp, kernelRoutes } from './fabric.js';

describe('containers on two nodes', () => {
  let lab: Lab;
  const at: Record<string, Container & Attached> = {};

  before(async () => {
    lab = await fabricUp('reach');
    for (const [node, name, network] of [
      ['node1', 'blue-1', 'blue'],
      ['node1', 'red-1', 'red'],
      ['node2', 'blue-2', 'blue'],
      ['node2', 'red-2', 'red'],
    ] as const) {
      const container = await lab.container(node, name);
      at[name] = Object.assign(container, await add(container, { network }));
    }
    for (const { v4, v6 } of Object.values(at)) for (const address of [v4, v6]) await atTor(lab, address);
    for (const { v4, v6 } of Object.values(at)) for (const address of [v4, v6]) await atNodes(lab, address);
  });
  after(() => lab?.down());

  const ping = (from: string, to: string) => at[from]!.attempt(['ping', '-n', '-c', '2', '-i', '0.2', '-W', '2', to]);

  it('reach each other within a network, IPv4 and IPv6, across the ToR', async () => {
    for (const [from, to] of [
      ['blue-1', 'blue-2'],
      ['red-2', 'red-1'],
    ] as const) {
      for (const address of [at[to]!.v4, at[to]!.v6]) {
        const { code, stdout } = await ping(from, address);
        expect(code, `${from} -> ${to} ${address}\n${stdout}`).to.equal(0);
        // Two nodes and a ToR: three hops fewer than the 64 it was sent with.
        expect(stdout).to.match(/ttl=61/);
      }
    }
  });

  it('do not reach another network, and are told so at once', async () => {
    for (const address of [at['red-2']!.v4, at['red-1']!.v4, at['red-2']!.v6]) {
      // Linux tells one sender of one error a second.
      await until(
        async () => {
          const { code, stdout } = await ping('blue-1', address);
          expect(code, stdout).not.to.equal(0);
          return /Unreachable|No route/.test(stdout);
        },
        { what: `blue-1 to be told that there is no route to ${address}` },
      );
    }
  });

  it('are a /32 and a /128 in the kernel of the ToR', async () => {
    for (const { v4, v6 } of Object.values(at)) {
      expect(await kernelRoutes(lab.node('tor1'), 'main')).to.include(v4);
      expect(await kernelRoutes(lab.node('tor1'), 'main', 6)).to.include(v6);
    }
  });

  it('are routes in the table of their own network only', async () => {
    const node1 = lab.node('node1');
    expect(await kernelRoutes(node1, 1001)).to.include.members([at['blue-1']!.v4, at['blue-2']!.v4]);
    expect(await kernelRoutes(node1, 1001)).not.to.include(at['red-2']!.v4);
    expect(await kernelRoutes(node1, 1002, 6)).to.include.members([at['red-1']!.v6, at['red-2']!.v6]);
    expect(await kernelRoutes(node1, 'main')).not.to.include(at['blue-2']!.v4);
  });

  it('carry their own address as /32 and /128, and a default route through the link-local gateway', async () => {
    const container = at['blue-1']!;
    const addresses = JSON.parse(await container.exec(['ip', '-j', 'addr', 'show', 'dev', 'eth0']))[0].addr_info;
    expect(
      addresses
        .filter((one: { scope: string }) => one.scope === 'global')
        .map((one: { local: string; prefixlen: number }) => [one.local, one.prefixlen]),
    ).to.eql([
      [container.v4, 32],
      [container.v6, 128],
    ]);
    expect(JSON.parse(await container.exec(['ip', '-j', 'route', 'show', 'default']))[0]).to.include({
      gateway: '169.254.1.1',
      dev: 'eth0',
    });
    expect(JSON.parse(await container.exec(['ip', '-6', '-j', 'route', 'show', 'default']))[0]).to.include({
      gateway: 'fe80::1',
      dev: 'eth0',
    });
  });

  it('need no ARP and no neighbour discovery: the gateway is a permanent neighbour, on both sides', async () => {
    const neighbours = JSON.parse(await at['blue-1']!.exec(['ip', '-j', 'neigh', 'show'])) as {
      dst: string;
      state: string[];
    }[];
    expect(
      neighbours.filter(({ dst }) => ['169.254.1.1', 'fe80::1'].includes(dst)).map(({ state }) => state[0]),
    ).to.eql(['PERMANENT', 'PERMANENT']);
    const hostSide = JSON.parse(
      await lab.node('node1').exec(['ip', '-j', 'neigh', 'show', 'dev', at['blue-1']!.hostLink]),
    ) as { dst: string; state: string[] }[];
    expect(hostSide.find(({ dst }) => dst === at['blue-1']!.v4)?.state).to.eql(['PERMANENT']);
  });

  it('are reached although no node has a default route', async () => {
    for (const node of ['node1', 'node2']) {
      expect(await lab.node(node).exec(['ip', 'route', 'show', 'default'])).to.equal('');
      expect(await lab.node(node).exec(['ip', '-6', 'route', 'show', 'default'])).to.equal('');
    }
    expect((await ping('blue-2', at['blue-1']!.v4)).code).to.equal(0);
  });

  it('are reached from their own host, for health probes, whatever their network', async () => {
    const { code } = await lab.node('node1').attempt(['ping', '-n', '-c', '1', '-W', '2', at['red-1']!.v4]);
    expect(code).to.equal(0);
  });

  it('get a result that names both ends, and the container end for each address', async () => {
    const { result, v4, v6 } = at['blue-1']!;
    expect(result.interfaces.map((one: { sandbox?: string }) => one.sandbox)).to.eql([undefined, at['blue-1']!.netns]);
    expect(result.ips.map((ip: { address: string; interface: number }) => [ip.address, ip.interface])).to.eql([
      [`${v4}/32`, 1],
      [`${v6}/128`, 1],
    ]);
  });

  it('keep working when the same ADD comes again, which is refused', async () => {
    const again = await cni('ADD', at['blue-1']!);
    expect(again.exitCode).not.to.equal(0);
    expect((await ping('blue-1', at['blue-2']!.v4)).code).to.equal(0);
  });
});
