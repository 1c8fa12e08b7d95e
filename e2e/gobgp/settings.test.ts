/** What each gobgpd makes of the settings of peers and listen ranges. The neighbour that comes by a range is FRR. */
import { expect } from 'chai';
import { contractSpeaker } from '../../src/gobgp/gobgp.contract.js';
import { Gobgp } from '../../src/gobgp/gobgp.js';
import { listPeers, peerChanges, wirePeers } from '../../src/gobgp/peers.js';
import { openSession } from '../../src/gobgp/session.js';
import { address } from '../../src/model/address.js';
import type { ListenRange, Peer, Speaker } from '../../src/model/peer.js';
import { until } from '../../src/until.fixture.js';
import { daemonIn } from './daemon.js';
import { startFrr, torConfig } from './frr.js';
import { createLab, type Lab, NEIGHBOUR, NODE, RANGE } from './lab.js';
import { onEachRelease } from './newer.js';

const BASE = contractSpeaker(NODE.v4, NEIGHBOUR.v4, { nextHop6: address(NODE.v6) });
/** Nobody is at these addresses. */
const SETTINGS: Record<string, Partial<Peer>> = {
  'TTL security': { ttlSecurity: 2 },
  'an address of ours': { localAddress: address(NODE.v4) },
  timers: { timers: { hold: 30, keepalive: 10, connectRetry: 7 } },
  'a limit of paths': { maxPrefixes: 100 },
  'a password': { password: 'secret' },
  multihop: { multihop: 3 },
  'to wait': { passive: true },
  'a long-lived restart': { longLivedRestart: 3600 },
};

await onEachRelease((binary) => {
  let lab: Lab;
  let bgp: Gobgp;
  let api = '';
  const ended = new AbortController();

  before(async function () {
    this.timeout(60_000);
    lab = await createLab('settings');
    const daemon = daemonIn(lab, 'a', binary);
    api = daemon.api;
    daemon.start();
    bgp = new Gobgp({ api });
    await new Promise<void>((resolve, reject) => {
      const hear = ({ kind }: { kind: string }) => kind === 'connected' && resolve();
      bgp.run(() => BASE, hear, ended.signal).catch(reject);
    });
  });
  after(async () => {
    ended.abort();
    await lab?.[Symbol.asyncDispose]();
  });

  it('lists every setting of a peer as it was given, so that to admit it again touches no session', async () => {
    const [peer] = BASE.peers as [Peer];
    const peers = Object.entries(SETTINGS).map(([name, over], i): Peer => {
      return { ...peer, name: name.replaceAll(' ', '-'), address: address(`192.0.2.${i + 1}`), ...over };
    });
    const speaker = { ...BASE, peers };
    await bgp.admitPeers(speaker, false);
    using session = await openSession(api);
    const listed = await listPeers(session);
    expect(listed).to.have.length(peers.length);
    expect(peerChanges(wirePeers(speaker, false), listed)).to.deep.equal({ remove: [], add: [] });
    await bgp.admitPeers({ ...BASE, peers: [] }, false);
    expect(await bgp.peers()).to.deep.equal([]);
  });

  it('lets a peer in by a range, leaves it alone when the range stays, and ends it with the range', async () => {
    const speaker = (...ranges: ListenRange[]): Speaker => ({ ...BASE, peers: [], ranges });
    await bgp.admitPeers(speaker(RANGE), false);
    await startFrr(lab, torConfig({ [NODE.v4]: ['ipv4'] }));
    const up = async () => (await bgp.peers()).find(({ session }) => session === 'established');
    await until('the session', async () => (await up()) !== undefined);
    const first = await up();
    expect(first).to.deep.include({ address: NEIGHBOUR.v4, cameByRange: true });
    await bgp.admitPeers(speaker({ ...RANGE, untagged: [] }), false);
    expect((await up())?.since).to.equal(first?.since);
    await bgp.admitPeers(speaker({ ...RANGE, timers: { hold: 30, keepalive: 10, connectRetry: 5 } }), false);
    await until('another session', async () => ((await up())?.since ?? 0) > (first?.since ?? 0));
    await bgp.admitPeers(speaker(), false);
    expect(await bgp.peers()).to.deep.equal([]);
  });
});
