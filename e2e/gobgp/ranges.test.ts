/**
 * What each gobgpd makes of a listen range's settings, with FRR as who comes by it; and what is done where it makes nothing of
 * them.
 */
import { expect } from 'chai';
import { contractSpeaker } from '../../src/gobgp/gobgp.contract.js';
import { Gobgp } from '../../src/gobgp/gobgp.js';
import { address } from '../../src/model/address.js';
import type { ListenRange, PeerState, Speaker } from '../../src/model/peer.js';
import { until } from '../../src/until.fixture.js';
import { daemonIn } from './daemon.js';
import { type Frr, startFrr, torConfig } from './frr.js';
import { createLab, type Lab, NEIGHBOUR, NODE, RANGE } from './lab.js';
import { onEachRelease } from './newer.js';

const BASE = contractSpeaker(NODE.v4, NEIGHBOUR.v4, { nextHop6: address(NODE.v6) });

await onEachRelease((binary, { name }) => {
  const is3 = / 3\./.test(name);
  const signs = !/ 3\.1\d\./.test(name);
  let lab: Lab;
  let bgp: Gobgp;
  let frr: Frr;
  const ended = new AbortController();

  before(async function () {
    this.timeout(60_000);
    lab = await createLab('ranges');
    const daemon = daemonIn(lab, 'a', binary);
    daemon.start();
    bgp = new Gobgp({ api: daemon.api });
    await new Promise<void>((resolve, reject) => {
      const hear = ({ kind }: { kind: string }) => kind === 'connected' && resolve();
      bgp.run(() => speaker(), hear, ended.signal).catch(reject);
    });
    frr = await startFrr(lab, torConfig({ [NODE.v4]: ['ipv4'] }), { bfd: true });
  });
  after(async () => {
    ended.abort();
    await lab?.[Symbol.asyncDispose]();
  });

  const speaker = (...ranges: Partial<ListenRange>[]): Speaker => ({
    ...BASE,
    peers: [],
    ranges: ranges.map((over) => ({ ...RANGE, ...over })),
  });
  /** What gobgpd did not take, in words. */
  const admitted = (...ranges: Partial<ListenRange>[]) =>
    bgp.admitPeers(speaker(...ranges), false).then(
      () => '',
      (error: Error) => error.message,
    );
  const state = async (): Promise<PeerState | undefined> => (await bgp.peers())[0];
  const stands = async () => (await state())?.session === 'established';
  const configure = (...lines: string[]) => frr.vtysh('configure terminal', 'router bgp 65000', ...lines);

  it('signs the sessions of a range, or says from which release on', async () => {
    await configure(`neighbor ${NODE.v4} password secret`);
    const refusal = await admitted({ password: 'secret' });
    if (signs) {
      expect(refusal).to.equal('');
      await until('a signed session', stands);
      expect(await lab.run('a', 'ss', '-Htne', 'state', 'established', 'sport', '=', ':179')).to.not.equal('');
      // The same password on one side alone is none: the control.
      await admitted({ password: 'other' });
      await until('the session to be gone', async () => !(await stands()));
      expect(await admitted({ password: 'secret' })).to.equal('');
      await until('it again', stands);
    } else {
      expect(refusal).to.match(/198\.51\.100\.0\/24 \(gobgpd before 3\.21 does not sign sessions of a range/);
      expect(await bgp.peers(), 'nobody comes in unsigned instead').to.eql([]);
    }
    await admitted();
    await configure(`no neighbor ${NODE.v4} password secret`);
  });

  it('ends the session of who sends more paths than the range lets, keeps it out, and lets it in again when told', async () => {
    const more = ['10.99.1.0/24', '10.99.2.0/24'].map((one) => `network ${one}`);
    await configure('address-family ipv4 unicast', ...more);
    expect(await admitted({ maxPrefixes: 2 })).to.equal('');
    await until('the excess', async () => (await state())?.overLimit === true);
    const opened = async () =>
      Number(/Connections established (\d+)/.exec(await frr.vtysh(`show bgp neighbors ${NODE.v4}`))?.[1]);
    const before = await opened();
    await lab.run('a', 'nft', TRIES);
    const tries = async () =>
      Number(/counter packets (\d+)/.exec(await lab.run('a', 'nft', 'list', 'table', 'inet', 'tries'))?.[1]);
    await until('FRR to try again and again', async () => (await tries()) >= 3);
    expect(await opened()).to.equal(before);
    expect(await state()).to.deep.include({ address: NEIGHBOUR.v4, overLimit: true, cameByRange: true });
    // To admit the same again is not to let it in.
    expect(await admitted({ maxPrefixes: 2 })).to.equal('');
    expect(await state()).to.deep.include({ overLimit: true });

    await configure('address-family ipv4 unicast', ...more.map((line) => `no ${line}`));
    await bgp.reopen({ address: address(NEIGHBOUR.v4) } as never);
    await until('the session again', stands);
    await admitted();
    expect(await bgp.peers()).to.eql([]);
  });

  it('hears of a lost peer by BFD, or says that its release has none and lets it in all the same', async () => {
    const refusal = await admitted({ bfd: { minTx: 100, minRx: 100, multiplier: 3 } });
    await configure(`neighbor ${NODE.v4} bfd 3 100 100`);
    if (is3) expect(refusal).to.match(/198\.51\.100\.0\/24 \(speaks without BFD, which gobgpd 3\.x does not have/);
    else expect(refusal).to.equal('');
    await until('the session', stands);
    if (is3) return;
    await until('BFD to be up', async () => (await frr.vtysh('show bfd peers')).includes('Status: up'));
    await lab.run('b', 'nft', SILENCE);
    const since = performance.now();
    await until('the loss', async () => !(await stands()), 5);
    expect(performance.now() - since).to.be.below(3_000);
  });
});

/** Counts who wants a session. */
const TRIES =
  'add table inet tries; add chain inet tries in { type filter hook input priority 0; }; ' +
  'add rule inet tries in tcp dport 179 tcp flags & (syn | ack) == syn counter';
const SILENCE =
  'add table inet silence; add chain inet silence out { type filter hook output priority 0; policy drop; }';
