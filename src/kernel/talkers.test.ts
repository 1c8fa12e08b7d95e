import { expect } from 'chai';
import { exampleEndpoint } from '../model/example-endpoint.js';
import { Talkers } from './talkers.js';

const MOST = 100;

describe('who talks much', () => {
  const wired = new Map(Array.from({ length: MOST + 2 }, (_, link) => [link + 1, exampleEndpoint()]));
  let told: number[];
  let countedFor: number;
  let counted: number[];
  let on: Set<number>;
  let othersOn: Set<number>;
  let talkers: Talkers;

  beforeEach(() => {
    [told, countedFor, counted, on, othersOn] = [[], 9000, [], new Set(), new Set()];
    talkers = talkersNow();
  });

  function talkersNow(earlier: readonly number[] = []): Talkers {
    const program = {
      succeed: (link: number) => earlier.includes(link) && on.add(link).size > 0,
      look: (link: number) => ({ isOn: on.has(link), meetsOthers: othersOn.has(link) }),
      putAside: async (link: number) => void on.add(link),
      takeAside: async (link: number) => void on.delete(link),
    };
    const places = { countedFor: () => countedFor, countAnew: (_: unknown, link: number) => counted.push(link) };
    return new Talkers(wired, program, places, { nextTalker: () => told.shift() });
  }

  async function look(times = 1): Promise<void> {
    for (let time = 0; time < times; time++) {
      talkers.look();
      await talkers.settled();
    }
  }

  it('gets a program, one at each look', async () => {
    told = [3, 5, 5];
    await look();
    expect([...on]).to.eql([3]);
    await look(2);
    expect([[...on], talkers.count, counted]).to.eql([[3, 5], 2, []]);
  });

  it('is not who took longer for as much, or has gone: the first is counted anew', async () => {
    [told, countedFor] = [[3, 999], 11_000];
    await look();
    expect([[...on], counted]).to.eql([[], [3]]);
  });

  it('gets none where somebody else looks at what comes in, and loses it when that comes later', async () => {
    [told, othersOn] = [[3, 5], new Set([3])];
    await look();
    expect([[...on], counted]).to.eql([[5], [3]]);
    othersOn.add(5);
    await look(2);
    expect([[...on], counted, talkers.count]).to.eql([[], [3, 5], 0]);
  });

  it('is counted anew when somebody has taken the program off', async () => {
    told = [3];
    await look();
    on.clear();
    await look();
    expect([counted, talkers.count]).to.eql([[3], 0]);
  });

  it('is one of a hundred at most; those whom an earlier controller knew count', async () => {
    talkers = talkersNow([...wired.keys()].slice(0, MOST - 1));
    told = [MOST, MOST + 1, MOST + 2];
    await look(3);
    expect([on.size, talkers.count, counted]).to.eql([MOST, MOST, [MOST + 1, MOST + 2]]);
  });
});
