/** A gobgpd that hangs, and one that a former controller has left with old settings. */
import { expect } from 'chai';
import { contractSpeaker } from '../../src/gobgp/gobgp.contract.js';
import { address, prefix } from '../../src/model/address.js';
import { routeTarget } from '../../src/model/route-target.js';
import { until } from '../../src/until.fixture.js';
import { daemonIn } from './daemon.js';
import { startFrr, torConfig } from './frr.js';
import { createLab, NEIGHBOUR, NODE } from './lab.js';
import { announceThenAdmit, Listener } from './listener.js';
import { onEachRelease } from './newer.js';

const WANTED = [{ prefix: prefix('2001:db8:20::a/128'), targets: [routeTarget('64512:100')] }];
const speaker = contractSpeaker(NODE.v4, NEIGHBOUR.v4, { nextHop6: address(NODE.v6) });

await onEachRelease((binary) => {
  it('loses the connection when it hangs, fails what is asked meanwhile, and is connected again when it goes on', async () => {
    await using lab = await createLab('hang');
    const daemon = daemonIn(lab, 'a', binary);
    daemon.start();
    await using listener = new Listener(daemon.api, speaker, async () => {});
    await listener.next('all-paths');
    await daemon.signal('SIGSTOP');
    const failures = listener.bgp.announce(WANTED);
    await listener.next('disconnected');
    expect((await failures).size).to.equal(1);
    expect((await listener.bgp.announce(WANTED)).get(WANTED[0] as never)?.message).to.include('no sign of life');
    await daemon.signal('SIGCONT');
    await listener.next('connected');
    expect(listener.events.findLast((event) => event.kind === 'connected')).to.deep.include({ fresh: false });
  });

  it('says again with the present next hop what stands with a former one', async () => {
    await using lab = await createLab('outdated');
    const frr = await startFrr(lab, torConfig({ [NODE.v4]: ['ipv4', 'ipv6'] }));
    const daemon = daemonIn(lab, 'a', binary);
    daemon.start();
    const former = { ...speaker, nextHop6: address('2001:db8::99') };
    const first = new Listener(daemon.api, former, announceThenAdmit(former, WANTED));
    const nextHop = async () => frr.vtysh('show bgp ipv6 unicast 2001:db8:20::a/128');
    await until('FRR has the former next hop', async () => (await nextHop()).includes('2001:db8::99'));
    await first[Symbol.asyncDispose]();
    await using second = new Listener(daemon.api, speaker, async () => {});
    await second.next('connected');
    await until('FRR has the present one', async () => (await nextHop()).includes(`${NODE.v6} from`));
    expect(second.events.find((event) => event.kind === 'connected')?.announced).to.deep.equal(WANTED);
  });
});
