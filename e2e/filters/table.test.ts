import { execFile } from 'node:child_process';
import { promisify } from 'node:util';
import { expect } from 'chai';
import { type Filters, openFilters } from '../../src/kernel/filters.js';
import { generation as generationOf, NETLINK_NETFILTER, NetlinkSocket } from '../../src/netlink/index.js';
import { until } from '../lab/until.js';
import { type Container, Lab, networksOf } from './lab.js';
import { nft, run, spaceOf } from './space.js';
import { answers, packetsSent, pings, repliesHeard } from './traffic.js';

const [BLUE, GREEN] = [1001, 1002];
const NETWORKS = networksOf({ blue: BLUE, green: GREEN });
const FOREIGN = `table inet s32-filters-foreign {
  set s { type ipv4_addr; elements = { 203.0.113.1, 203.0.113.2 } }
  chain c { type filter hook forward priority 10; policy accept; ip saddr @s counter drop; }
}
table ip s32-filters-foreign4 { chain c { type nat hook postrouting priority 100; }; }`;

const ours = () => run('nft list table inet slash32');
/** The same whatever the order of chains and elements. */
const sorted = (text: string) =>
  text
    .split(/[\s,]+/)
    .sort()
    .join(' ');
/** Grows by one with each transaction of anybody. */
const generation = () => {
  using socket = new NetlinkSocket(NETLINK_NETFILTER);
  return generationOf(socket);
};
const foreign = () =>
  run('nft -a list table inet s32-filters-foreign') + run('nft -a list table ip s32-filters-foreign4');

/**
 * Pings a thousand times a second; returns how many answers did not come.
 * The kernel's count: ping itself waits for the last answer for no longer than two former ones took.
 */
async function flood(to: string, count: number): Promise<number> {
  const before = repliesHeard('a', to);
  const args = `netns exec ${spaceOf('a')} ping -q -n -i 0.001 -c ${count} -W 0.5 ${to}`.split(' ');
  const { stdout } = await promisify(execFile)('ip', args).catch((error: { stdout: string }) => error);
  expect(stdout).to.include(`${count} packets transmitted`);
  const missing = () => count - (repliesHeard('a', to) - before);
  await until(() => missing() === 0, { what: 'the last answer', timeout: 2000 }).catch(() => {});
  return missing();
}

describe('our nft table', function () {
  this.timeout(180_000);
  let lab: Lab;
  let filters: Filters;
  let [one, two, other]: Container[] = [];
  const everybody = () => [one!, two!, other!].map(({ endpoint }) => endpoint);

  before(async () => {
    lab = new Lab();
    filters = openFilters([]);
    await filters.separate(NETWORKS);
    [one, two, other] = [lab.container('a', 'blue'), lab.container('b', 'blue'), lab.container('c', 'green')];
    filters.admit(one.endpoint, BLUE);
    filters.admit(two.endpoint, BLUE);
    filters.admit(other.endpoint, GREEN);
    lab.rules(BLUE);
    lab.rules(GREEN);
    lab.routes(BLUE, [one, two]);
    lab.routes(GREEN, [other]);
    nft(FOREIGN);
  });

  after(() => {
    filters[Symbol.dispose]();
    lab[Symbol.dispose]();
  });

  afterEach('every endpoint is as it should be', () => {
    expect([answers('a', two!.v4), answers('a', two!.v6)]).to.deep.equal([true, true]);
  });

  it('comes back whole after nft flush ruleset, elements included', async () => {
    const before = ours();
    run('nft flush ruleset');
    expect(filters.changed()).to.equal(true);
    await filters.separate(NETWORKS);
    expect(sorted(ours())).to.equal(sorted(before));
    expect(filters.changed()).to.equal(false);
    nft(FOREIGN);
  });

  const damages = {
    'a deleted rule': 'flush chain inet slash32 forward',
    'an added rule': 'insert rule inet slash32 from-endpoint accept',
    'a deleted element': () => `delete element inet slash32 destination4 { ${two!.v4} }`,
    'an emptied map': 'flush map inet slash32 source6',
    'an added element': 'add element inet slash32 source4 { "s32a" . 203.0.113.9 : accept }',
    'another verdict': () => `delete element inet slash32 source4 { "s32a" . ${one!.v4} }
      add element inet slash32 source4 { "s32a" . ${one!.v4} : goto net-${GREEN} }`,
    'a policy that drops': 'chain inet slash32 forward { policy drop; }',
    'a table put to sleep': 'add table inet slash32 { flags dormant; }',
    'a chain of another kind': `delete chain inet slash32 forward
      add chain inet slash32 forward { type filter hook output priority 5; }`,
  };
  for (const [damage, command] of Object.entries(damages)) {
    it(`is repaired after ${damage}`, async () => {
      const before = ours();
      nft(typeof command === 'string' ? command : command());
      expect(ours()).not.to.equal(before);
      expect(filters.changed()).to.equal(true);
      await filters.separate(NETWORKS);
      expect(sorted(ours())).to.equal(sorted(before));
      expect(filters.changed()).to.equal(false);
    });
  }

  it("leaves others' tables byte-identical, handles too", async () => {
    const before = foreign();
    filters.expel(other!.endpoint);
    filters.admit(other!.endpoint, GREEN);
    await filters.separate(networksOf({ blue: BLUE, green: GREEN, red: 1003 }));
    run('nft delete table inet slash32');
    await filters.separate(NETWORKS);
    expect(foreign()).to.equal(before);
  });

  it('is not reported as changed when others change theirs, nor for our own changes', () => {
    filters.expel(other!.endpoint);
    filters.admit(other!.endpoint, GREEN);
    expect(filters.changed()).to.equal(false);
    nft('add element inet s32-filters-foreign s { 203.0.113.3 }');
    expect(filters.changed()).to.equal(false);
    filters.admit(other!.endpoint, GREEN);
    nft('delete element inet s32-filters-foreign s { 203.0.113.3 }');
    filters.admit(other!.endpoint, GREEN);
    nft(`delete element inet slash32 destination4 { ${other!.v4} }`);
    filters.admit(one!.endpoint, BLUE);
    expect(filters.changed(), 'between two changes of ours').to.equal(true);
    return filters.separate(NETWORKS);
  });

  it('is not written again when nothing differs', async () => {
    const before = run('nft -a list table inet slash32');
    await filters.separate(NETWORKS);
    await filters.separate(networksOf({ green: GREEN, blue: BLUE }));
    expect(run('nft -a list table inet slash32')).to.equal(before);
  });

  it('stays in force when the controller ends, and loses what belongs to nobody when it is back', async () => {
    const before = ours();
    filters[Symbol.dispose]();
    expect(ours()).to.equal(before);
    filters = openFilters(everybody().slice(0, 2));
    await filters.separate(NETWORKS);
    expect(ours()).to.include(one!.v4).and.include(two!.v6).and.not.include(other!.v4).and.not.include(other!.v6);
    expect(pings('node', other!.v4), 'the host is not filtered').to.equal(false); // its answer is: it may not send
    filters.admit(other!.endpoint, GREEN);
    expect(sorted(ours())).to.equal(sorted(before));
    expect(answers('node', other!.v4)).to.equal(true);
  });

  it('lets several endpoints go in one transaction, also when elements of one of them are gone already', () => {
    const [before, earlier] = [ours(), generation()];
    filters.expel(one!.endpoint, other!.endpoint);
    expect(generation()).to.equal(earlier + 1);
    expect(ours()).to.include(two!.v4).and.not.include(one!.v4).and.not.include(other!.v6);
    filters.admit(one!.endpoint, BLUE);
    filters.admit(other!.endpoint, GREEN);
    nft(`delete element inet slash32 destination4 { ${one!.v4} }`);
    filters.expel(one!.endpoint, other!.endpoint);
    expect(ours()).to.include(two!.v4).and.not.include(one!.v6).and.not.include(other!.v4);
    filters.admit(one!.endpoint, BLUE);
    filters.admit(other!.endpoint, GREEN);
    expect(sorted(ours())).to.equal(sorted(before));
  });

  it('gives an address to the endpoint that was admitted with it last, and keeps it when the former goes', () => {
    const heir = { ...one!.endpoint, containerId: 'lab-heir', link: { ...one!.endpoint.link, name: 's32heir' } };
    filters.admit(heir, GREEN);
    expect(ours()).to.include(`${one!.v4} : goto to-${GREEN}`).and.not.include(`${one!.v4} : goto to-${BLUE}`);
    filters.expel(one!.endpoint);
    expect(ours()).to.include(`${one!.v4} : goto to-${GREEN}`).and.not.include(`"s32a" . ${one!.v4}`);
    filters.expel(heir);
    expect(ours()).not.to.include(one!.v4);
    filters.admit(one!.endpoint, BLUE);
  });

  it('refuses an endpoint of a network that it does not have, and says what is missing', () => {
    const stranger = { ...one!.endpoint, containerId: 'lab-stranger' };
    expect(() => filters.admit(stranger, 4242)).to.throw(Error, 'net-4242 is not there');
    expect(filters.changed()).to.equal(false);
  });

  it('follows a network that gets another table', async () => {
    lab.rules(1777);
    lab.routes(1777, [one!, two!]);
    await filters.separate(networksOf({ blue: 1777, green: GREEN }));
    expect(ours()).to.include(`${one!.v4} : goto to-1777`).and.not.include('1001');
    expect(answers('a', two!.v4)).to.equal(true);
    await filters.separate(NETWORKS);
    expect(ours()).not.to.include('1777');
  });

  it('loses no packet of a thousand a second while networks come, go and are renumbered', async () => {
    lab.routes(1777, [one!, two!]);
    const missing: number[] = [];
    let changes = 0;
    const flooded = async () => {
      do missing.push(...(await Promise.all([flood(two!.v4, 3000), flood(two!.v6, 3000)])));
      while (changes <= 20);
      return true;
    };
    const over = flooded();
    for (let done = false; !done; changes++) {
      const blue = changes % 2 === 0 ? 1777 : BLUE;
      await filters.separate(networksOf({ blue, green: GREEN, [`red${changes}`]: 2000 + changes }));
      filters.expel(other!.endpoint);
      filters.admit(other!.endpoint, GREEN);
      nft(`flush chain inet s32-filters-foreign c`);
      done = await Promise.race([over, Promise.resolve(false)]);
    }
    expect(new Set(missing), 'answers that are missing').to.deep.equal(new Set([0]));
    expect(changes).to.be.greaterThan(20);
    await filters.separate(NETWORKS);
  });

  it('would be seen to lose packets if it did', async () => {
    const missing = flood(two!.v4, 1000);
    const before = packetsSent('a');
    await until(() => packetsSent('a') > before + 10, { what: 'the flood' });
    run('nft flush map inet slash32 destination4');
    const flushed = packetsSent('a');
    await until(() => packetsSent('a') > flushed + 10, { what: 'pings that nobody may hear' });
    await filters.separate(NETWORKS);
    expect(await missing).to.be.at.least(10);
  });

  it('may be asked for twice at once', async () => {
    await Promise.all([filters.separate(networksOf({ blue: BLUE })), filters.separate(NETWORKS)]);
    expect(filters.changed()).to.equal(false);
    expect(ours()).to.include(`to-${GREEN}`);
  });
});
