/** What a neighbour notices of the ends of a sidecar: nothing, unless we mean to say goodbye. */
import { fileURLToPath } from 'node:url';
import { expect } from 'chai';
import { contractSpeaker } from '../../src/gobgp/gobgp.contract.js';
import { address, prefix } from '../../src/model/address.js';
import { routeTarget } from '../../src/model/route-target.js';
import { until } from '../../src/until.fixture.js';
import { type Frr, startFrr, torConfig } from '../gobgp/frr.js';
import { createLab, type Lab, NEIGHBOUR, NODE, type Running } from '../gobgp/lab.js';
import { announceThenAdmit, Listener } from '../gobgp/listener.js';
import { onEachRelease } from '../gobgp/newer.js';
import { monitorRoutes, type RouteEvent } from '../lab/route-monitor.js';

const MAIN = fileURLToPath(new URL('main.js', import.meta.url));
const WANTED = ['10.20.1.10/32', '2001:db8:20::a/128'].map((text) => ({
  prefix: prefix(text),
  targets: [routeTarget('64512:100')],
}));

await onEachRelease((binary) => {
  const options = ['--gobgpd', binary];

  it('leaves an FRR neighbour with our routes when the sidecar is stopped, for whoever starts it again', () =>
    withSidecar(options, async ({ frr, sidecar, start, listener, changes }) => {
      await end(sidecar, 'SIGTERM');
      await sessionLost(frr);
      start();
      await listener.next('connected');
      await listener.established();
      expect(await changes()).to.deep.equal([]);
    }));

  it('leaves an FRR neighbour with our routes when the sidecar is killed, and gobgpd with it', () =>
    withSidecar(options, async ({ frr, sidecar, start, listener, changes }) => {
      await end(sidecar, 'SIGKILL');
      await sessionLost(frr);
      start();
      await listener.next('connected');
      await listener.established();
      expect(await changes()).to.deep.equal([]);
    }));

  it('makes an FRR neighbour drop our routes at once when the sidecar is stopped with --withdraw-on-stop', () =>
    withSidecar([...options, '--withdraw-on-stop'], async ({ frr, sidecar, changes }) => {
      await end(sidecar, 'SIGTERM');
      await until('they are gone', async () => (await frr.kernelRoutes()).length === 0);
      expect((await changes()).filter(({ deleted }) => deleted)).to.have.length(WANTED.length);
    }));
});

interface Scene {
  readonly frr: Frr;
  readonly sidecar: Running;
  readonly listener: Listener;
  start(): Running;
  changes(): Promise<readonly RouteEvent[]>;
}

async function withSidecar(options: string[], test: (scene: Scene) => Promise<void>): Promise<void> {
  await using lab: Lab = await createLab('goodbye');
  const frr = await startFrr(lab, torConfig({ [NODE.v4]: ['ipv4', 'ipv6'] }, [' bgp graceful-restart']));
  const api = `unix://${lab.directory}/api/gobgpd.sock`;
  const start = () => lab.start('a', process.execPath, MAIN, '--api', api, ...options);
  const sidecar = start();
  const speaker = contractSpeaker(NODE.v4, NEIGHBOUR.v4, { nextHop6: address(NODE.v6) });
  await using listener = new Listener(api, speaker, announceThenAdmit(speaker, WANTED));
  await until('both routes are there', async () => (await frr.kernelRoutes()).length === WANTED.length);
  await using monitor = await monitorRoutes(lab.namespace('b'));
  await test({ frr, sidecar, listener, start, changes: monitor.stop });
}

async function end(sidecar: Running, signal: 'SIGTERM' | 'SIGKILL'): Promise<void> {
  sidecar.kill(signal);
  await sidecar;
}

function sessionLost(frr: Frr): Promise<void> {
  return until('FRR has lost the session', async () => {
    const summary = JSON.parse(await frr.vtysh('show bgp ipv4 unicast summary json'));
    return summary.peers[NODE.v4].state !== 'Established';
  });
}
