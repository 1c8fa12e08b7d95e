/** What a ToR does with the next hops we give it: the proof is its kernel, not its BGP table. */
import { expect } from 'chai';
import { contractSpeaker } from '../../src/gobgp/gobgp.contract.js';
import { address, prefix } from '../../src/model/address.js';
import type { Speaker } from '../../src/model/peer.js';
import { routeTarget } from '../../src/model/route-target.js';
import { until } from '../../src/until.fixture.js';
import { daemonIn } from './daemon.js';
import { type Frr, startFrr, torConfig } from './frr.js';
import { createLab, type Lab, NEIGHBOUR, NODE } from './lab.js';
import { announceThenAdmit, Listener } from './listener.js';
import { onEachRelease } from './newer.js';

const WANTED = ['10.20.1.10/32', '2001:db8:20::a/128'].map((text) => ({
  prefix: prefix(text),
  targets: [routeTarget('64512:100')],
}));
const base = contractSpeaker(NODE.v4, NEIGHBOUR.v4);
const [tor] = base.peers as [Speaker['peers'][number]];

await onEachRelease((binary) => {
  it('an IPv6 announcement reaches the kernel of a ToR over one IPv4 session for both families, with the IPv6 next hop of the node', () =>
    withTor(binary, { [NODE.v4]: ['ipv4', 'ipv6'] }, { ...base, nextHop6: address(NODE.v6) }, async (frr, listener) => {
      await until('both are in its kernel', async () => (await frr.kernelRoutes()).length === 2);
      expect(await frr.kernelRoutes()).to.have.members(['10.20.1.10', '2001:db8:20::a']);
      await until('its paths are heard', () => listener.paths.size === 2);
      expect(listener.paths.get('10.99.0.0/24')?.nextHop).to.equal(NEIGHBOUR.v4);
      expect(listener.paths.get('2001:db8:99::/64')?.nextHop).to.equal(NEIGHBOUR.v6);
    }));

  it('an IPv6 announcement reaches the kernel of a ToR over a session for each family, with the next hop of each session', () => {
    const peers = [
      { ...tor, families: [4] as const },
      { ...tor, name: 'tor1-v6', address: address(NEIGHBOUR.v6), families: [6] as const },
    ];
    return withTor(binary, { [NODE.v4]: ['ipv4'], [NODE.v6]: ['ipv6'] }, { ...base, peers }, async (frr) => {
      await until('both are in its kernel', async () => (await frr.kernelRoutes()).length === 2);
      expect(await frr.vtysh('show bgp ipv6 unicast 2001:db8:20::a/128')).to.include(`${NODE.v6} from ${NODE.v6}`);
    });
  });

  it('an IPv6 announcement does not reach the kernel of a ToR, as long as an IPv4 session is left to find an IPv6 next hop by itself', () =>
    withTor(binary, { [NODE.v4]: ['ipv4', 'ipv6'] }, base, async (frr, listener) => {
      await until('the IPv4 route is in its kernel', async () => (await frr.kernelRoutes()).includes('10.20.1.10'));
      await until('FRR has the IPv6 path', async () =>
        (await frr.vtysh('show bgp ipv6 unicast')).includes('2001:db8:20::a/128'),
      );
      expect(await frr.vtysh('show bgp ipv6 unicast 2001:db8:20::a/128')).to.include('::ffff:c633:6401');
      expect(await frr.kernelRoutes()).to.deep.equal(['10.20.1.10']);
      expect(listener.warnings.join()).to.include('198.51.100.2 cannot use our IPv6 announcements');
    }));
});

async function withTor(
  binary: string,
  neighbours: Parameters<typeof torConfig>[0],
  speaker: Speaker,
  test: (frr: Frr, listener: Listener) => Promise<void>,
): Promise<void> {
  await using lab: Lab = await createLab('next-hop');
  const frr = await startFrr(lab, torConfig(neighbours));
  const daemon = daemonIn(lab, 'a', binary);
  daemon.start();
  await using listener = new Listener(daemon.api, speaker, announceThenAdmit(speaker, WANTED));
  await listener.established(speaker.peers.length);
  await test(frr, listener);
}
