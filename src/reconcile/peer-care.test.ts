import { expect } from 'chai';
import { address, prefix } from '../model/address.js';
import { EXAMPLE_PEER } from '../model/example-peer.js';
import type { Greeting, Peer, PeerState, Speaker } from '../model/peer.js';
import { PeerCare } from './peer-care.js';
import { HandClock, Stage } from './stories/stage.js';

const PEER: Peer = { ...EXAMPLE_PEER, maxPrefixes: 10 };
const STATE: PeerState = { address: PEER.address, asn: 65000, session: 'active', endOfRib: [] };

describe('a session that does not stand', () => {
  let clock: HandClock;
  let greetings: number;
  let answer: Greeting;
  let reopened: number[];
  let told: string[];
  let care: PeerCare;
  let speaker: Speaker;

  beforeEach(() => {
    clock = new HandClock();
    [greetings, answer, reopened, told] = [0, { kind: 'refused' }, [], []];
    const greet = async () => {
      greetings++;
      return answer;
    };
    const stage = new Stage();
    speaker = { ...stage.speaker(), peers: [PEER] };
    const reopen = async () => void reopened.push(clock.now() / 1000);
    const bgp = Object.assign(stage.bgp, { reopen });
    care = new PeerCare(bgp, greet, clock, (peer, reason) => told.push(`${peer.name} ${reason}`));
  });

  /** Lets time go by, as gobgpd goes on telling of the session what `state` says. */
  async function pass(seconds: number, state: () => Partial<PeerState>): Promise<void> {
    for (const end = clock.now() + seconds * 1000; clock.now() < end; ) {
      care.hear([PEER], speaker, [{ ...STATE, ...state() }]);
      while (clock.step(250));
      await new Promise((resolve) => setImmediate(resolve));
    }
  }

  it('is looked into ever more rarely, and its reason is told once', async () => {
    await pass(3600, () => ({}));
    expect(greetings).to.be.within(10, 20);
    expect(told).to.have.length(1);
    expect(care.reason(PEER.address)).to.match(/^refuses TCP on port 179/);
  });

  it('is told of again when the reason is another one, and no more once it stands', async () => {
    await pass(15, () => ({}));
    answer = { kind: 'silent' };
    await pass(60, () => ({}));
    expect(told).to.have.length(2);
    await pass(1, () => ({ session: 'established' }));
    expect(care.reason(PEER.address)).to.equal(undefined);
    const before = greetings;
    await pass(600, () => ({ session: 'established' }));
    expect(greetings).to.equal(before);
  });

  it('is not looked into while it is only coming up', async () => {
    await pass(8, () => ({}));
    await pass(60, () => ({ session: 'established' }));
    expect(greetings).to.equal(0);
  });

  it('after too many paths is opened again after 15 s when it had stood well in between', async () => {
    for (let i = 0; i < 3; i++) {
      const before = reopened.length;
      await pass(30, () =>
        reopened.length > before ? { session: 'established' } : { session: 'idle', overLimit: true },
      );
      expect(reopened).to.have.length(before + 1);
      await pass(700, () => ({ session: 'established' }));
    }
    expect(new Set(told)).to.deep.equal(
      new Set(['tor1 sent more than 10 paths of a family: session ended, opened again after 15 s']),
    );
  });

  it('after too many paths is opened after 15, 30, 60 s and so on while it never stands well', async () => {
    const delays: number[] = [];
    for (let i = 0; i < 8; i++) {
      await pass(1, () => ({ session: 'established' }));
      const [before, began] = [reopened.length, clock.now() / 1000];
      while (reopened.length === before) await pass(1, () => ({ session: 'idle', overLimit: true }));
      delays.push(Math.round(reopened.at(-1)! - began));
    }
    expect(delays).to.deep.equal([15, 30, 60, 120, 240, 480, 900, 900]);
    expect(greetings).to.equal(0);
  });

  it('is not looked into while the peer may be keeping our routes, since gobgpd or the session has ended', async () => {
    for (const end of [() => care.endAll(speaker), () => {}]) {
      const before = greetings;
      await pass(5, () => ({ session: 'established' }));
      end();
      await pass(speaker.restartTime, () => ({}));
      expect(greetings).to.equal(before);
      await pass(15, () => ({}));
      expect(greetings).to.equal(before + 1);
      await pass(60, () => ({ session: 'established' }));
    }
  });

  it('is looked into as soon as any other when it came up and the peer sent no UPDATE in it: such a peer keeps nothing', async () => {
    await pass(5, () => ({ updates: 7 }));
    await pass(9, () => ({ session: 'established', updates: 7 }));
    await pass(12, () => ({ updates: 7 }));
    expect(greetings).to.equal(1);
    await pass(40, () => ({ session: 'established', updates: 8 }));
    const before = greetings;
    await pass(speaker.restartTime - 10, () => ({ updates: 8 }));
    expect(greetings).to.equal(before);
  });

  it('is not looked into when this controller has come after another, until the restart time is over', async () => {
    const greet = async () => {
      greetings++;
      return answer;
    };
    care = new PeerCare(new Stage().bgp, greet, clock, () => {}, speaker.restartTime);
    await pass(speaker.restartTime, () => ({}));
    expect(greetings).to.equal(0);
    await pass(15, () => ({}));
    expect(greetings).to.equal(1);
  });

  it('that the peer ended over its limit has that reason at once, and is not looked into, since it would not say more', async () => {
    await pass(5, () => ({ session: 'established' }));
    const goodbye = { code: 6, subcode: 1, limit: 500 };
    await pass(1, () => ({ goodbye }));
    expect(care.reason(PEER.address)).to.match(
      /^ended the session because it takes no more than 500 prefixes .*raise its/,
    );
    await pass(3600, () => ({ goodbye }));
    expect([greetings, told.length]).to.deep.equal([0, 1]);
    await pass(60, () => ({ session: 'established' }));
    expect(care.reason(PEER.address)).to.equal(undefined);
  });

  it('that the peer ended otherwise is looked into later: what it says then is newer', async () => {
    await pass(5, () => ({ session: 'established' }));
    const goodbye = { code: 6, subcode: 2 };
    await pass(1, () => ({ goodbye }));
    expect(care.reason(PEER.address)).to.match(/shut down there/);
    await pass(speaker.restartTime + 30, () => ({ goodbye }));
    expect(greetings).to.be.greaterThan(0);
    expect(care.reason(PEER.address)).to.match(/refuses TCP on port 179/);
    await pass(3600, () => ({ goodbye }));
    expect(told, 'the old reason does not come back with every look').to.have.length(2);
  });

  it("of a peer that came by a range is nobody's business, but one that sent too much is let in again, and has a reason", async () => {
    const came = { ...STATE, address: address('198.51.100.7'), cameByRange: true };
    const range = { ...PEER, name: 'tors', prefix: prefix('198.51.100.0/24'), maxPrefixes: 2 };
    const ranged = { ...speaker, peers: [], ranges: [range] };
    const hear = async (seconds: number, state: Partial<PeerState>) => {
      for (const end = clock.now() + seconds * 1000; clock.now() < end; ) {
        care.hear([], ranged, [{ ...came, ...state }]);
        while (clock.step(250));
      }
    };
    await hear(100, { session: 'active' });
    expect(care.reason(came.address)).to.equal(undefined);
    await hear(14, { session: 'idle', overLimit: true });
    expect(care.reason(came.address)).to.match(
      /^sent more than 2 paths of a family: session ended, opened again after 15 s/,
    );
    expect(reopened).to.deep.equal([]);
    await hear(3, { session: 'idle', overLimit: true });
    expect(reopened).to.have.length(1);
    await hear(60, { session: 'established', overLimit: false });
    expect(care.reason(came.address)).to.equal(undefined);
    expect(greetings).to.equal(0);
  });

  it('is looked into at once when it has come up and gone again twice: then nothing is kept', async () => {
    await pass(5, () => ({ session: 'established' }));
    await pass(5, () => ({}));
    await pass(5, () => ({ session: 'established' }));
    expect(greetings).to.equal(0);
    await pass(2, () => ({}));
    expect(greetings).to.equal(1);
  });
});
