import { expect } from 'chai';
import { address, prefix } from '../model/address.js';
import type { Path } from '../model/path.js';
import type { BgpEvent } from '../ports.js';
import type { Received, WireEvent, WirePath } from './codec.js';
import { tableListener } from './watch.js';

const HEARD: WirePath = {
  family: 4,
  base: '10.99.0.0',
  length: 24,
  nextHops: ['192.0.2.2'],
  targets: [],
  asPath: [],
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
const OURS = { ...HEARD, neighbour: '' };
const GONE = { ...HEARD, withdrawn: true };
const ODD = { ...HEARD, nextHops: ['nonsense'] };

describe('a watch', () => {
  let events: BgpEvent[];
  let refusals: [number, string][];
  let firsts: number;
  let listen: (event: WireEvent) => void;
  const table = (...paths: Received[]) => listen({ kind: 'table', paths });

  beforeEach(() => {
    [events, refusals, firsts] = [[], [], 0];
    const refused = (count: number, example: string) => void refusals.push([count, example]);
    listen = tableListener(
      (event) => events.push(event),
      refused,
      () => firsts++,
    );
  });

  it('tells all paths first, also when there are none', () => {
    table();
    expect(events).to.deep.equal([{ kind: 'all-paths', paths: [] }]);
    expect(firsts).to.equal(1);
  });

  it("tells peers' changes also before the table, and does not take them for it", () => {
    listen({ kind: 'peer' });
    listen({ kind: 'other' });
    expect(events).to.deep.equal([{ kind: 'peers-changed' }]);
    expect(firsts).to.equal(0);
  });

  it('tells each change after the table, and nothing for a message without one', () => {
    table();
    table(HEARD);
    table();
    table(GONE);
    expect(events.slice(1)).to.deep.equal([
      { kind: 'paths', best: [PATH], gone: [] },
      { kind: 'paths', best: [], gone: [{ prefix: PREFIX }] },
    ]);
  });

  it('makes no noise about our own announcements', () => {
    table(OURS);
    table(OURS, { ...OURS, withdrawn: true });
    expect(events).to.deep.equal([{ kind: 'all-paths', paths: [] }]);
  });

  it('tells that a path is gone when our own announcement takes its place', () => {
    table(HEARD);
    table(OURS);
    expect(events.at(-1)).to.deep.equal({ kind: 'paths', best: [], gone: [{ prefix: PREFIX }] });
  });

  it('tells that a path is gone when an unusable one takes its place, and why it is unusable', () => {
    table(HEARD);
    table(ODD, { unreadable: 'no NLRI' });
    expect(events.at(-1)).to.deep.equal({ kind: 'paths', best: [], gone: [{ prefix: PREFIX }] });
    expect(refusals).to.have.length(1);
    expect(refusals[0]?.[0]).to.equal(2);
    expect(refusals[0]?.[1]).to.include('nonsense');
  });

  it('takes the last word on a prefix within one message', () => {
    table(HEARD);
    table(GONE, HEARD, GONE);
    expect(events.at(-1)).to.deep.equal({ kind: 'paths', best: [], gone: [{ prefix: PREFIX }] });
    table(GONE, HEARD);
    expect(events.at(-1)).to.deep.equal({ kind: 'paths', best: [PATH], gone: [] });
  });
});
