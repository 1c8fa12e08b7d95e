/** When a peer counts as having said everything: only then may the absence of a path remove a route. */
import { expect } from 'chai';
import { contractSpeaker } from '../../src/gobgp/gobgp.contract.js';
import { address } from '../../src/model/address.js';
import { until } from '../../src/until.fixture.js';
import { daemonIn } from './daemon.js';
import { startFrr, torConfig } from './frr.js';
import { createLab, NEIGHBOUR, NODE } from './lab.js';
import { announceThenAdmit, Listener } from './listener.js';
import { onEachRelease } from './newer.js';

const GRACEFUL = ' bgp graceful-restart';
const TABLE = ['10.99.0.0/24', '2001:db8:99::/64'];

await onEachRelease((binary) => {
  for (const [what, restartTime, lines] of [
    ['is its End-of-RIB, with graceful restart', 60, [GRACEFUL]],
    ['is its End-of-RIB also where only we speak of graceful restart', 60, [' bgp graceful-restart-disable']],
    ['is a silence of some seconds, without graceful restart on both sides', 0, [' bgp graceful-restart-disable']],
  ] as const) {
    it(`the end of what FRR has to say ${what}`, async () => {
      await using lab = await createLab('eor');
      const frr = await startFrr(lab, torConfig({ [NODE.v4]: ['ipv4', 'ipv6'] }, [...lines]));
      const daemon = daemonIn(lab, 'a', binary);
      daemon.start();
      const speaker = contractSpeaker(NODE.v4, NEIGHBOUR.v4, { nextHop6: address(NODE.v6), restartTime });
      await using listener = new Listener(daemon.api, speaker, announceThenAdmit(speaker, []));
      const endOfRib = async () => (await listener.bgp.peers().catch(() => []))[0]?.endOfRib ?? [];
      await until('both families are finished', async () => (await endOfRib()).length === 2);
      expect([...listener.paths.keys()]).to.have.members(TABLE);

      // Once is enough: the way back takes 10 s.
      if (lines[0] !== GRACEFUL) return;
      await frr.vtysh('clear bgp *');
      await until('it is forgotten with the session', async () => (await endOfRib()).length === 0);
      await until('it comes again with the next session', async () => (await endOfRib()).length === 2);
      expect([...listener.paths.keys()]).to.have.members(TABLE);
    });
  }
});
