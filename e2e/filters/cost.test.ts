import { expect } from 'chai';
import { openFilters } from '../../src/kernel/filters.js';
import { address } from '../../src/model/address.js';
import type { Endpoint } from '../../src/model/endpoint.js';
import { Lab, networksOf } from './lab.js';
import { run } from './space.js';

const BLUE = 1001;
const MANY = 2000;

function endpoint(number: number): Endpoint {
  const [high, low] = [number >> 8, number & 255];
  const hex = number.toString(16).padStart(4, '0');
  return {
    containerId: `c${number}`,
    ifname: 'eth0',
    network: 'blue',
    state: 'attached',
    netns: '/run/netns/none',
    netnsInode: 0,
    link: { name: `s32x${hex}`, index: 0, mac: '02:00:00:00:00:00' },
    mac: `02:53:32:00:${hex.slice(0, 2)}:${hex.slice(2)}`,
    mtu: 1500,
    addresses: [address(`10.1.${high}.${low}`), address(`2001:db8:2::${hex.replace(/^0+/, '') || '1'}`)],
    routes: [],
    since: '2026-01-01T00:00:00Z',
  };
}

/** Median of the milliseconds that `work` takes for each. */
function median<T>(items: readonly T[], work: (item: T) => void): number {
  const times = items.map((item) => {
    const start = performance.now();
    work(item);
    return performance.now() - start;
  });
  return times.sort((a, b) => a - b)[times.length >> 1]!;
}

describe('the cost of the filters', function () {
  this.timeout(180_000);
  let lab: Lab;
  before(() => {
    lab = new Lab();
  });
  after(() => lab[Symbol.dispose]());

  it(`hardly grows from 1 to ${MANY} endpoints`, async () => {
    using filters = openFilters([]);
    await filters.separate(networksOf({ blue: BLUE }));
    const all = Array.from({ length: MANY }, (_, i) => endpoint(i + 1));
    const probe = Array.from({ length: 21 }, (_, i) => endpoint(60_000 + i));
    const admit = (one: Endpoint) => filters.admit(one, BLUE);
    const few = [median(probe, admit), median(probe, filters.expel.bind(filters))] as const;
    for (const one of all) admit(one);
    const many = [median(probe, admit), median(probe, filters.expel.bind(filters))] as const;
    const quiet = median([1, 2, 3], () => expect(filters.changed()).to.equal(false));
    const start = performance.now();
    await filters.separate(networksOf({ blue: BLUE, green: 1002 }));
    const write = performance.now() - start;
    let audit = Number.POSITIVE_INFINITY;
    for (let i = 0; i < 5; i++) {
      run(`nft add table inet s32-filters-foreign${i}`);
      audit = Math.min(
        audit,
        median([i], () => expect(filters.changed()).to.equal(false)),
      );
    }
    const say = (times: readonly [number, number]) =>
      `admit ${times[0].toFixed(2)} ms, expel ${times[1].toFixed(2)} ms`;
    console.log(`      with 1: ${say(few)}; with ${MANY}: ${say(many)}`);
    console.log(
      `      separate ${write.toFixed(0)} ms; changed() ${quiet.toFixed(3)} ms quiet, ${audit.toFixed(1)} ms after a foreign change`,
    );
    expect(many[0]).to.be.lessThan(few[0] + 10);
  });
});
