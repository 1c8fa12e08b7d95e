import { expect } from 'chai';
import { address, prefix } from '../model/address.js';
import type { Path } from '../model/path.js';
import type { BgpEvent } from '../ports.js';
import type { Received, WirePath } from './codec.js';
import { type KnownPaths, type TableListener, tableListener } from './watch.js';

const HEARD: WirePath = {
  family: 4,
  base: '10.99.0.0',
  length: 24,
  nextHops: ['192.0.2.2'],
  targets: [],
  asPath: [],
  rank: {},
  neighbour: '192.0.2.2',
  withdrawn: false,
};
const PREFIX = prefix('10.99.0.0/24');
const PATH: Path = {
  prefix: PREFIX,
  nextHop: address('192.0.2.2'),
  targets: [],
  peer: address('192.0.2.2'),
  asPath: [],
};
const NAME = { prefix: PREFIX, peer: PATH.peer };
const OURS = { ...HEARD, neighbour: '' };
const GONE = { ...HEARD, withdrawn: true };
const OTHER = { ...HEARD, neighbour: '192.0.2.9' };
const ODD = { ...HEARD, nextHops: ['nonsense'] };

describe('a watch', () => {
  let events: BgpEvent[];
  let refusals: [number, string][];
  let isReady: boolean;
  let known: KnownPaths;
  let listener: TableListener;
  const stream = () => {
    const refused = (count: number, example: string) => void refusals.push([count, example]);
    listener = tableListener(
      (event) => events.push(event),
      refused,
      () => {
        isReady = true;
      },
      known,
    );
  };
  const change = (...paths: Received[]) => listener.event({ kind: 'table', paths });
  const table = (...paths: Received[]) => listener.table(paths);

  beforeEach(() => {
    [events, refusals, isReady, known] = [[], [], false, new Map()];
    stream();
  });

  it('asks for the table only when its stream is there, so that nothing is missed in between', () => {
    listener.event({ kind: 'other' });
    expect(isReady).to.equal(false);
    listener.event({ kind: 'ready' });
    expect(isReady).to.equal(true);
  });

  it('tells all paths first, also when there are none', () => {
    table();
    expect(events).to.deep.equal([{ kind: 'all-paths', paths: [] }]);
  });

  it('leaves sessions to the stream that lasts, and does not take them for the table', () => {
    listener.event({ kind: 'peer' });
    expect([events, isReady]).to.deep.equal([[], false]);
  });

  it('keeps changes that come before the table, and tells them after it', () => {
    change(GONE);
    change(OTHER);
    expect(events).to.deep.equal([]);
    table(HEARD);
    expect(events).to.deep.equal([
      { kind: 'all-paths', paths: [PATH] },
      { kind: 'paths', heard: [{ ...PATH, peer: OTHER.neighbour }], gone: [NAME] },
    ]);
  });

  it('tells each change after the table, and nothing for a message without one', () => {
    table();
    change(HEARD);
    change();
    change(GONE);
    expect(events.slice(1)).to.deep.equal([
      { kind: 'paths', heard: [PATH], gone: [] },
      { kind: 'paths', heard: [], gone: [NAME] },
    ]);
  });

  it('tells the paths of two peers to one prefix apart', () => {
    table(HEARD, OTHER);
    change(GONE);
    expect(events).to.deep.equal([
      { kind: 'all-paths', paths: [PATH, { ...PATH, peer: OTHER.neighbour }] },
      { kind: 'paths', heard: [], gone: [NAME] },
    ]);
  });

  it('makes no noise about our own announcements', () => {
    table(OURS);
    change(OURS, { ...OURS, withdrawn: true });
    expect(events).to.deep.equal([{ kind: 'all-paths', paths: [] }]);
  });

  it('tells that a path is gone when the table, read anew, lacks it: the word about it fell between two streams', () => {
    table(HEARD);
    stream();
    table(OTHER);
    expect(events.at(-1)).to.deep.equal({ kind: 'paths', heard: [], gone: [NAME] });
  });

  it('tells that a path is gone when an unusable one takes its place, and why it is unusable', () => {
    table(HEARD);
    change(ODD, { unreadable: 'no NLRI' });
    expect(events.at(-1)).to.deep.equal({ kind: 'paths', heard: [], gone: [NAME] });
    expect(refusals).to.have.length(1);
    expect(refusals[0]?.[0]).to.equal(2);
    expect(refusals[0]?.[1]).to.include('nonsense');
  });

  it('takes the last word on a path within one message', () => {
    table(HEARD);
    change(GONE, HEARD, GONE);
    expect(events.at(-1)).to.deep.equal({ kind: 'paths', heard: [], gone: [NAME] });
    change(GONE, HEARD);
    expect(events.at(-1)).to.deep.equal({ kind: 'paths', heard: [PATH], gone: [] });
  });
});
