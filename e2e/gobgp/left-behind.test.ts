/**
 * What gobgpd does to a peer's paths by itself: it is in no UPDATE of the peer, and has to be heard all the same
 * (src/gobgp/doubts.ts).
 */
import { expect } from 'chai';
import { contractSpeaker } from '../../src/gobgp/gobgp.contract.js';
import { address } from '../../src/model/address.js';
import { until } from '../../src/until.fixture.js';
import { daemonIn } from './daemon.js';
import { startFrr, torConfig } from './frr.js';
import { createLab, NEIGHBOUR, NODE } from './lab.js';
import { announceThenAdmit, Listener } from './listener.js';
import { onEachRelease } from './newer.js';

const BOTH = ['10.99.0.0/24', '2001:db8:99::/64'];
/** Seconds that gobgpd keeps what a peer has left behind: long enough to see that it is kept. */
const RESTART_TIME = 6;
const TOR = torConfig({ [NODE.v4]: ['ipv4', 'ipv6'] }, [
  ' bgp graceful-restart',
  ` bgp graceful-restart restart-time ${RESTART_TIME}`,
  // FRR says so by itself only where it is told that its routes outlive it.
  ' bgp graceful-restart preserve-fw-state',
]);

await onEachRelease((binary) => {
  it('what a lost peer leaves behind goes, stays, and goes later, as gobgpd decides', async () => {
    await using lab = await createLab('left');
    const frr = await startFrr(lab, TOR);
    const daemon = daemonIn(lab, 'a', binary);
    daemon.start();
    const speaker = contractSpeaker(NODE.v4, NEIGHBOUR.v4, { nextHop6: address(NODE.v6), restartTime: 60 });
    await using listener = new Listener(daemon.api, speaker, announceThenAdmit(speaker, []));
    const state = async () => (await listener.bgp.peers().catch(() => []))[0];
    const heard = () => [...listener.paths.keys()].sort();
    const hasBoth = () => heard().join() === BOTH.join();
    const hasFinished = async () => (await state())?.endOfRib.length === 2;
    const isLost = async () => (await state())?.session !== 'established';
    await until('all is said', async () => (await hasFinished()) && hasBoth());

    await frr.vtysh('clear bgp *');
    await until('a session that ends with a word takes its paths along', () => listener.paths.size === 0);
    await until('the next one brings them again', async () => (await hasFinished()) && hasBoth(), 40);

    await frr.crash();
    await until('the session is lost', isLost);
    expect(heard(), 'kept for a peer that restarts').to.deep.equal(BOTH);
    await frr.comeBack(TOR.replace('  network 10.99.0.0/24\n', ''));
    await until('what it does not repeat is gone', () => heard().join() === BOTH[1], 40);

    await until('it has finished', hasFinished);
    await frr.crash();
    await until('the session is lost again', isLost);
    expect(heard(), 'kept once more').to.deep.equal([BOTH[1]]);
    await until('the restart time is over, and nobody has come', () => listener.paths.size === 0, 40);
  });
});
