/** BFD with FRR's bfdd: a peer that falls silent is lost at once where gobgpd has BFD, and 3.x says that it has none. */
import { expect } from 'chai';
import { contractSpeaker } from '../../src/gobgp/gobgp.contract.js';
import { Gobgp } from '../../src/gobgp/gobgp.js';
import { address } from '../../src/model/address.js';
import type { Speaker } from '../../src/model/peer.js';
import { until } from '../../src/until.fixture.js';
import { daemonIn } from './daemon.js';
import { startFrr, torConfig } from './frr.js';
import { createLab, type Lab, NEIGHBOUR, NODE } from './lab.js';
import { onEachRelease } from './newer.js';

/** As the documentation recommends for hardware; shorter ones cost sessions when a test machine stands still for a moment. */
const BFD = { minTx: 300, minRx: 300, multiplier: 3 };

await onEachRelease((binary, { name }) => {
  const isOld = / 3\./.test(name);
  let lab: Lab;
  let bgp: Gobgp;
  let refusal = '';
  const ended = new AbortController();

  before(async function () {
    this.timeout(90_000);
    lab = await createLab('bfd');
    const daemon = daemonIn(lab, 'a', binary);
    daemon.start();
    bgp = new Gobgp({ api: daemon.api });
    await connected(bgp, speaker(), ended.signal);
    refusal = await bgp.admitPeers(speaker(), false).then(
      () => '',
      (error: Error) => error.message,
    );
    const frr = await startFrr(lab, `${torConfig({ [NODE.v4]: ['ipv4'], [NODE.v6]: ['ipv6'] })}${FAST}`, {
      bfd: true,
    });
    await until('both sessions', async () => (await established()).length === 2);
    if (!isOld) {
      await until('BFD to be up', async () => (await frr.vtysh('show bfd peers')).includes('Status: up'));
    }
  });
  after(async () => {
    ended.abort();
    await lab?.[Symbol.asyncDispose]();
  });

  const established = async () =>
    (await bgp.peers()).filter(({ session }) => session === 'established').map((peer) => peer.address);

  if (isOld) {
    it('has its session without BFD, and the peer, the reason and the remedy are named', () => {
      expect(refusal).to.equal(
        `gobgpd did not change these peers: ${NEIGHBOUR.v4} (speaks without BFD, which gobgpd 3.x does not have: ` +
          'run gobgpd 4.8, or leave bfd out)',
      );
    });
  } else {
    it('loses a peer with BFD that falls silent, while the hold time keeps one without it', async () => {
      expect(refusal).to.equal('');
      await bgp.admitPeers(speaker(), false);
      expect(await established()).to.have.length(2);
      await lab.run(
        'b',
        'nft',
        'add table inet silence; add chain inet silence out { type filter hook output priority 0; policy drop; }',
      );
      const since = performance.now();
      let left: readonly string[] = [];
      await until('the loss', async () => !(left = await established()).includes(address(NEIGHBOUR.v4)));
      const milliseconds = performance.now() - since;
      console.log(`        BFD of 3 x 300 ms: lost after ${Math.round(milliseconds)} ms`);
      // The control: its link is as silent.
      expect(left).to.deep.equal([NEIGHBOUR.v6]);
    });
  }
});

const FAST = `router bgp 65000
 neighbor ${NODE.v4} bfd 3 300 300
exit
`;

/** The IPv4 peer has BFD, the IPv6 one has not. */
function speaker(): Speaker {
  const base = contractSpeaker(NODE.v4, NEIGHBOUR.v4, { nextHop6: address(NODE.v6) });
  const [peer] = base.peers;
  if (!peer) return base;
  return {
    ...base,
    peers: [
      { ...peer, families: [4], bfd: BFD },
      { ...peer, name: 'tor1-v6', address: address(NEIGHBOUR.v6), families: [6] },
    ],
  };
}

function connected(bgp: Gobgp, speaker: Speaker, signal: AbortSignal): Promise<void> {
  return new Promise((resolve, reject) => {
    bgp
      .run(
        () => speaker,
        (event) => event.kind === 'connected' && resolve(),
        signal,
      )
      .catch(reject);
  });
}
