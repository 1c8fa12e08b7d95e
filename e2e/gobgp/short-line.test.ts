/** The short way to gobgpd, on which one answer is understood: with every release, and when gobgpd is not as it should be. */
import { expect } from 'chai';
import { isAlive } from '../../src/gobgp/alive.js';
import { wirePath } from '../../src/gobgp/encode.js';
import { contractSpeaker } from '../../src/gobgp/gobgp.contract.js';
import { findAnnounced, openSession, type Session, startBgp } from '../../src/gobgp/session.js';
import { openShortLine, type ShortLine } from '../../src/gobgp/short-line.js';
import { until } from '../../src/gobgp/until.js';
import { type Address, hostPrefix, type Prefix } from '../../src/model/address.js';
import { routeTarget } from '../../src/model/route-target.js';
import { type Daemon, daemonIn } from './daemon.js';
import { createLab, type Lab, NEIGHBOUR, NODE } from './lab.js';
import { onEachRelease } from './newer.js';

const NEXT_HOPS = { 4: '0.0.0.0' as Address, 6: NODE.v6 as Address };
const own = (number: number): Prefix => hostPrefix(`10.20.${number >> 8}.${number & 255}` as Address);

await onEachRelease((binary) => {
  let lab: Lab;
  let daemon: Daemon;
  let session: Session;
  let line: ShortLine;

  before(async () => {
    lab = await createLab('short');
    daemon = daemonIn(lab, 'a', binary);
    daemon.start();
    await until('gobgpd to answer', () => isAlive(daemon.api, 1000));
    session = await openSession(daemon.api);
    await startBgp(session, contractSpeaker(NODE.v4, NEIGHBOUR.v4));
    line = (await openShortLine(daemon.api, session.codec.getBgp.path))!;
  });
  after(async () => {
    line?.[Symbol.dispose]();
    session?.[Symbol.dispose]();
    await lab?.[Symbol.asyncDispose]();
  });

  const say = (prefixes: readonly Prefix[], withdrawn = false) => {
    const { marks, codec } = session;
    const { path, encode } = codec.addPathStream;
    const targets = [routeTarget('64512:1')];
    return line.say(path, encode(prefixes.map((prefix) => wirePath({ prefix, targets }, NEXT_HOPS, marks, withdrawn))));
  };
  const announced = async (prefix: Prefix) => (await findAnnounced(session, [prefix])).length;

  it('says that gobgpd has taken what is in its table then, and has withdrawn what is not', async () => {
    expect(await say([own(1)])).to.equal('taken');
    expect(await announced(own(1))).to.equal(1);
    expect(await say([own(1)], true)).to.equal('taken');
    expect(await announced(own(1))).to.equal(0);
  });

  it('is open for more than fits the first window of HTTP/2, and for many calls at a time', async () => {
    for (let round = 0; round < 20; round++) {
      const calls = Array.from({ length: 40 }, (_, i) => say([own(2 * i), own(2 * i + 1)]));
      expect(new Set(await Promise.all(calls))).to.deep.equal(new Set(['taken']));
    }
    expect(await announced(own(79))).to.equal(1);
  });

  it('does not take a refusal, or what it cannot say, for success', async () => {
    expect(await line.say(session.codec.addPathStream.path, Buffer.from([0xff]))).to.equal('unclear');
    expect(await line.say('/no.Such/Method', Buffer.alloc(0))).to.equal('unclear');
    expect(await say(Array.from({ length: 500 }, (_, i) => own(i)))).to.equal('unclear');
    expect(await say([own(3)])).to.equal('taken');
  });

  it('is late when gobgpd hangs, and unclear when gobgpd is gone, at once and ever after', async () => {
    await daemon.signal('SIGSTOP');
    expect(await say([own(4)])).to.equal('late');
    const waiting = say([own(5)]);
    await daemon.signal('SIGKILL');
    expect(await waiting).to.equal('unclear');
    expect(await say([own(6)])).to.equal('unclear');
  });
});
