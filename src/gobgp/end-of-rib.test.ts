import { expect } from 'chai';
import type { ListedPeer, WireTable } from './codec.js';
import { allFinished, finishedPeers, newlyFinished } from './end-of-rib.js';
import { contractSpeaker } from './gobgp.contract.js';
import { wirePeers } from './peers.js';

const [config] = wirePeers(contractSpeaker('192.0.2.1', '192.0.2.2'), false);
const ESTABLISHED = 6;

function peer(table: Partial<WireTable>, session = ESTABLISHED): ListedPeer {
  const whole = { family: 4, received: 0, graceful: true, endOfRib: false, ...table } as const;
  return { ...config, session, tables: [whole] } as unknown as ListedPeer;
}

describe('a peer has finished', () => {
  let now = 0;
  let follow: ReturnType<typeof finishedPeers>;
  const finished = (one: ListedPeer) => [...(follow([one]).get('192.0.2.2') ?? [])];

  beforeEach(() => {
    now = 0;
    follow = finishedPeers(() => now);
  });

  it('when its End-of-RIB has come', () => {
    expect(finished(peer({ endOfRib: false }))).to.deep.equal([]);
    expect(finished(peer({ endOfRib: true }))).to.deep.equal([4]);
  });

  it('not by being silent, when it has promised an End-of-RIB', () => {
    finished(peer({}));
    now = 60_000;
    expect(finished(peer({}))).to.deep.equal([]);
  });

  it('by being silent for five seconds, when it knows no End-of-RIB', () => {
    const count = (at: number, received: number) => {
      now = at;
      return finished(peer({ graceful: false, received }));
    };
    expect(count(0, 0)).to.deep.equal([]);
    expect(count(4_000, 10)).to.deep.equal([]);
    expect(count(8_000, 10)).to.deep.equal([]);
    expect(count(9_000, 10)).to.deep.equal([4]);
  });

  it('and has to say everything again in its next session', () => {
    finished(peer({ graceful: false }));
    now = 5_000;
    expect(finished(peer({ graceful: false }))).to.deep.equal([4]);
    expect(finished(peer({ graceful: false }, 1))).to.deep.equal([]);
    expect(finished(peer({ graceful: false }))).to.deep.equal([]);
  });

  it('is something new only when it had not before', () => {
    const some = new Map([['a', new Set([4] as const)]]);
    const more = new Map([['a', new Set([4, 6] as const)]]);
    expect([newlyFinished(some, more), newlyFinished(more, some), newlyFinished(new Map(), some)]).to.deep.equal([
      true,
      false,
      true,
    ]);
  });

  it('is waited for only while its session is up', () => {
    const none = new Map();
    expect([allFinished([peer({})], none), allFinished([peer({}, 3)], none), allFinished([], none)]).to.deep.equal([
      false,
      true,
      true,
    ]);
  });
});
