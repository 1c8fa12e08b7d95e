import { expect } from 'chai';
import { type Filters, openFilters } from '../../src/kernel/filters.js';
import { frame, quoting } from './frames.js';
import { type Container, GROUP, Lab, NODE, networksOf } from './lab.js';
import { macOf, readLink, run } from './space.js';
import { answers, echoesHeard, icmpHeard, pings, sendFrames } from './traffic.js';

const [BLUE, GREEN, RED, GOLD] = [1001, 1002, 1003, 1004];

/** Both families, because half an isolation is none. */
function reaches(from: Container, to: Container, ask = answers): boolean[] {
  return [ask(from.name, to.v4), ask(from.name, to.v6)];
}

/** How many of two requests, one of each family, get there, whether or not an answer comes back. */
function arriving(from: Container, to: Container): number {
  const before = echoesHeard(to.name);
  reaches(from, to, pings);
  return echoesHeard(to.name) - before;
}

describe('networks on one node', function () {
  this.timeout(180_000);
  let lab: Lab;
  let filters: Filters;
  let [blue, blue2, green]: Container[] = [];

  before(async () => {
    lab = new Lab();
    filters = openFilters([]);
    await filters.separate(networksOf({ blue: BLUE, green: GREEN, red: RED, gold: GOLD }));
    blue = lab.container('a', 'blue');
    blue2 = lab.container('b', 'blue');
    green = lab.container('c', 'green');
    for (const [one, table] of [
      [blue, BLUE],
      [blue2, BLUE],
      [green, GREEN],
    ] as const)
      filters.admit(one.endpoint, table);
    lab.rules(BLUE);
    lab.rules(GREEN);
    lab.routes(BLUE, [blue, blue2]);
    lab.routes(GREEN, [green]);
  });

  after(() => {
    filters[Symbol.dispose]();
    lab[Symbol.dispose]();
  });

  it('let endpoints of the same network reach each other', () => {
    expect(reaches(blue!, blue2!)).to.deep.equal([true, true]);
  });

  it('keep an endpoint of another network out that does not import', () => {
    expect(arriving(blue!, green!)).to.equal(0);
    expect(arriving(green!, blue!)).to.equal(0);
  });

  it('drop a one-way import on the way in, not only on the way back', () => {
    lab.routes(BLUE, [green!]);
    expect(arriving(blue!, green!)).to.equal(0);
    run('nft flush chain inet slash32 forward');
    expect(arriving(blue!, green!), 'without the guard the requests arrive').to.equal(2);
  });

  it('are put right by the next separate', async () => {
    expect(filters.changed()).to.equal(true);
    await filters.separate(networksOf({ blue: BLUE, green: GREEN, red: RED, gold: GOLD }));
    expect(filters.changed()).to.equal(false);
    expect(arriving(blue!, green!)).to.equal(0);
  });

  it('let both ways through when both import', () => {
    lab.routes(GREEN, [blue!]);
    expect(reaches(blue!, green!)).to.deep.equal([true, true]);
    expect(reaches(green!, blue!)).to.deep.equal([true, true]);
    lab.noRoutes(GREEN, [blue!]);
    expect(arriving(blue!, green!)).to.equal(0);
  });

  it('do not let an ICMP error of another network through either, since endpoints are no routers', async () => {
    const errors = () => icmpHeard(green!.name);
    const macs = { fromMac: macOf(blue!.name, 'eth0'), toMac: readLink('s32a') };
    const forged = frame({
      ...macs,
      from: blue!.v4,
      to: green!.v4,
      type: 3,
      code: 3,
      body: quoting(green!.v4, blue!.v4),
    });
    const before = errors();
    sendFrames(blue!.name, 'eth0', [forged]);
    expect(errors()).to.equal(before);
    run('nft flush chain inet slash32 forward');
    sendFrames(blue!.name, 'eth0', [forged]);
    expect(errors(), 'without the guard it arrives').not.to.equal(before);
    await filters.separate(networksOf({ blue: BLUE, green: GREEN, red: RED, gold: GOLD }));
  });

  it('are all open to their own host, both ways', () => {
    for (const own of [green!.v4, green!.v6]) expect(answers('node', own), own).to.equal(true);
    for (const own of [NODE.v4, NODE.v6, '169.254.1.1', 'fe80::1%eth0']) {
      expect(answers(green!.name, own), own).to.equal(true);
    }
  });

  it('cut an endpoint off that was expelled, and one whose network is gone', async () => {
    filters.expel(blue2!.endpoint);
    filters.expel(blue2!.endpoint);
    expect(reaches(blue!, blue2!, pings)).to.deep.equal([false, false]);
    expect(pings(blue2!.name, NODE.v4)).to.equal(false);
    filters.admit(blue2!.endpoint, BLUE);
    expect(reaches(blue!, blue2!)).to.deep.equal([true, true]);
    await filters.separate(networksOf({ green: GREEN }));
    expect(arriving(blue!, blue2!)).to.equal(0);
    await filters.separate(networksOf({ blue: BLUE, green: GREEN, red: RED, gold: GOLD }));
    expect(reaches(blue!, blue2!)).to.deep.equal([true, true]);
  });

  it('stay apart when both go on to the main table, if its routes to endpoints are left out there', () => {
    const red = lab.container('d', 'red');
    const gold = lab.container('e', 'gold');
    filters.admit(red.endpoint, RED);
    filters.admit(gold.endpoint, GOLD);
    for (const [one, table] of [
      [red, RED],
      [gold, GOLD],
    ] as const) {
      lab.rules(table, `lookup main suppress_ifgroup ${GROUP}`);
      lab.routes(table, [one]);
    }
    expect(arriving(red, gold)).to.equal(0);
    expect(answers(red.name, NODE.v4)).to.equal(true);
    for (const table of [RED, GOLD]) {
      for (const family of ['-4', '-6']) run(`ip ${family} rule add fwmark ${table}/0x1fff lookup main pref 999`);
    }
    expect(arriving(red, gold), 'with the plain main table they see each other').to.equal(2);
  });
});
