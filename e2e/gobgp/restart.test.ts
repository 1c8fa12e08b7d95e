/**
 * gobgpd dies, and nobody notices: the neighbour's kernel is watched while gobgpd is killed and comes back.
 * A detector that cannot detect proves nothing, so the same rig must show the churn when graceful restart is off.
 */
import { expect } from 'chai';
import { contractSpeaker } from '../../src/gobgp/gobgp.contract.js';
import { address, prefix } from '../../src/model/address.js';
import { routeTarget } from '../../src/model/route-target.js';
import { until } from '../../src/until.fixture.js';
import { monitorRoutes, type RouteEvent } from '../lab/route-monitor.js';
import { type Daemon, daemonIn } from './daemon.js';
import { startFrr, torConfig } from './frr.js';
import { createLab, NEIGHBOUR, NODE } from './lab.js';
import { announceThenAdmit, Listener } from './listener.js';
import { onEachRelease, releases } from './newer.js';

const WANTED = [
  ...Array.from({ length: 50 }, (_, i) => `10.20.1.${i + 1}/32`),
  ...Array.from({ length: 50 }, (_, i) => `2001:db8:20::${(i + 1).toString(16)}/128`),
].map(announced);
const MANY = Array.from({ length: 5_000 }, (_, i) => announced(`10.20.${i >> 8}.${i & 255}/32`));

function announced(text: string) {
  return { prefix: prefix(text), targets: [routeTarget('64512:100')] };
}

await onEachRelease((binary) => {
  it('killed with SIGKILL and started again, causes no change in the kernel of an FRR neighbour, three times over', () =>
    killed([binary], 60, [' bgp graceful-restart'], 3, (changes) => expect(changes).to.deep.equal([])));

  it('does cause changes without graceful restart, which proves the detector', () =>
    killed([binary], 0, [' bgp graceful-restart-disable'], 1, (changes) =>
      expect(changes.filter(({ deleted }) => deleted).length).to.be.at.least(WANTED.length),
    ));
});

describe('a gobgpd that announces 5,000 containers', () => {
  it('is killed and started again without a change in the kernel of an FRR neighbour', () =>
    killed(['gobgpd'], 60, [' bgp graceful-restart'], 1, (changes) => expect(changes).to.deep.equal([]), MANY));
});

describe('an upgrade of gobgpd, and the way back', () => {
  it('across all releases and both APIs, under one controller, causes no change in the kernel of an FRR neighbour', async function () {
    const binaries = (await releases()).flatMap(({ binary }) => binary ?? []);
    if (binaries.length < 2) this.skip();
    await killed(binaries, 60, [' bgp graceful-restart'], binaries.length, (changes) =>
      expect(changes).to.deep.equal([]),
    );
  });
});

async function killed(
  /** What is started each time, in turn. */
  binaries: readonly string[],
  restartTime: number,
  lines: string[],
  times: number,
  judge: (changes: readonly RouteEvent[]) => void,
  wanted = WANTED,
): Promise<void> {
  await using lab = await createLab('restart');
  const frr = await startFrr(lab, torConfig({ [NODE.v4]: ['ipv4', 'ipv6'] }, lines));
  // All on the same socket.
  const daemons = binaries.map((binary) => daemonIn(lab, 'a', binary));
  const daemon = (i: number) => daemons[i % daemons.length] as Daemon;
  daemon(0).start();
  const speaker = contractSpeaker(NODE.v4, NEIGHBOUR.v4, { nextHop6: address(NODE.v6), restartTime });
  await using listener = new Listener(daemon(0).api, speaker, announceThenAdmit(speaker, wanted));
  await until('all routes are there', async () => (await frr.kernelRoutes()).length === wanted.length);
  await using monitor = await monitorRoutes(lab.namespace('b'));
  for (let i = 0; i < times; i++) {
    await daemon(i).signal('SIGKILL');
    daemon(i + 1).start();
    await listener.next('connected');
    await listener.established();
    // FRR flushes what is stale when our End-of-RIB comes, so after it.
    await until('nothing is stale', async () => {
      const tables = await frr.vtysh('show bgp ipv4 unicast', 'show bgp ipv6 unicast');
      return tables.includes('10.20.1.1/32') && !/^ ?S[>* ]/m.test(tables);
    });
  }
  await until('all routes are there', async () => (await frr.kernelRoutes()).length === wanted.length);
  judge(await monitor.stop());
}
