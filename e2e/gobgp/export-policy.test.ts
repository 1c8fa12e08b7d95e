/** What a peer hears of us beyond targets: communities and local preference, and what changes them while sessions stand. */
import { expect } from 'chai';
import { contractSpeaker } from '../../src/gobgp/gobgp.contract.js';
import { address, prefix } from '../../src/model/address.js';
import { largeCommunity, standardCommunity } from '../../src/model/community.js';
import type { Peer } from '../../src/model/peer.js';
import { routeTarget } from '../../src/model/route-target.js';
import { until } from '../../src/until.fixture.js';
import { daemonIn } from './daemon.js';
import { type Frr, startFrr } from './frr.js';
import { createLab, NEIGHBOUR, NODE } from './lab.js';
import { announceThenAdmit, Listener } from './listener.js';
import { onEachRelease } from './newer.js';

const OURS = { prefix: prefix('10.20.1.1/32'), targets: [routeTarget('64512:100')] };
/** A route reflector's place: our own AS, which hears local preference. */
const IBGP = [
  'router bgp 65001',
  ' bgp router-id 198.51.100.2',
  ' bgp graceful-restart',
  ` neighbor ${NODE.v4} remote-as 65001`,
  ` neighbor ${NODE.v4} timers 3 9`,
  ` neighbor ${NODE.v4} timers connect 1`,
  '',
].join('\n');

interface Heard {
  readonly community?: { readonly string: string };
  readonly largeCommunity?: { readonly string: string };
  readonly extendedCommunity?: { readonly string: string };
  readonly locPrf?: number;
}

async function heard(frr: Frr): Promise<Heard | undefined> {
  const { paths } = JSON.parse(await frr.vtysh(`show bgp ipv4 unicast ${OURS.prefix} json`)) as { paths?: Heard[] };
  return paths?.[0];
}

await onEachRelease((binary) => {
  it('a peer hears its communities and local preference, new ones too, on the same session; and who leaves is last', async () => {
    await using lab = await createLab('export');
    const frr = await startFrr(lab, IBGP);
    const daemon = daemonIn(lab, 'a', binary);
    daemon.start();
    const marks: Partial<Peer> = {
      communities: [standardCommunity('65001:7'), standardCommunity('no-export')],
      largeCommunities: [largeCommunity('4200000000:1:2')],
      localPreference: 250,
      longLivedRestart: 3600,
    };
    const speaker = (settings: Partial<Peer>) => {
      const base = contractSpeaker(NODE.v4, NEIGHBOUR.v4, { nextHop6: address(NODE.v6) });
      return {
        ...base,
        peers: base.peers.map((peer) => ({ ...peer, asn: 65001, families: [4 as const], ...settings })),
      };
    };
    await using listener = new Listener(daemon.api, speaker(marks), announceThenAdmit(speaker(marks), [OURS]));
    await until('it is heard', async () => (await heard(frr)) !== undefined);
    expect(await heard(frr)).to.deep.nested.include({
      'community.string': '65001:7 no-export',
      'largeCommunity.string': '4200000000:1:2',
      'extendedCommunity.string': 'RT:64512:100',
      locPrf: 250,
    });

    const losses = async () => (await listener.bgp.peers())[0]?.losses;
    const before = await losses();
    await listener.bgp.admitPeers(
      speaker({ ...marks, communities: [standardCommunity('65001:8')], localPreference: 150 }),
      true,
    );
    await until('the new ones are heard', async () => (await heard(frr))?.community?.string === '65001:8');
    expect((await heard(frr))?.locPrf).to.equal(150);

    await listener.bgp.announce([{ ...OURS, leaving: true }]);
    await until('it leaves', async () => (await heard(frr))?.locPrf === 0);
    expect((await heard(frr))?.community?.string).to.include('graceful-shutdown');
    expect(await listener.bgp.says([OURS.prefix])).to.deep.equal([{ ...OURS, leaving: true }]);

    await listener.bgp.announce([OURS]);
    await listener.bgp.admitPeers(speaker({ longLivedRestart: 3600 }), true);
    await until('nothing is added any more', async () => (await heard(frr))?.community === undefined);
    expect((await heard(frr))?.locPrf ?? 100).to.equal(100);
    expect(await losses()).to.equal(before);
  });
});
