/**
 * Everybody to everybody, and again after everything that may happen. What should be is computed from the route targets by
 * plan.ts; what is, by packets.
 */
import { expect } from 'chai';
import { until } from '../lab/until.js';
import { type Fabric, isolationUp, NODES, sessionsUp } from './fabric.js';
import { deviations, matrix } from './matrix.js';
import { PLAN, type Plan, type Targets, tableOf } from './plan.js';

/** The plan with one network changed. */
function withNetwork(name: string, change: Partial<Targets>): Plan {
  const before = PLAN.networks[name] ?? { imports: [], exports: [] };
  return { ...PLAN, networks: { ...PLAN.networks, [name]: { ...before, ...change } } };
}

function without(name: string): Plan {
  const { [name]: _, ...networks } = PLAN.networks;
  return { ...PLAN, networks };
}

describe('the isolation matrix of three nodes, seven networks and the hosts', () => {
  let fabric: Fabric;

  before(async function () {
    this.timeout(120_000);
    fabric = await isolationUp('isolation-matrix');
  });
  after(() => fabric?.down());

  /** At the first try. */
  async function holds(): Promise<void> {
    const wrong = await deviations(fabric, PLAN);
    expect(wrong.length, wrong.slice(0, 20).join(', ')).to.equal(0);
  }

  it('T21 matrix: every pair that should reach does, by UDP, TCP and ping, v4 and v6; no other does', async () => {
    const { open, shut } = await matrix(fabric, PLAN);
    console.log(`      ${open} pairs may, ${shut} may not`);
    expect(open).to.be.greaterThan(80);
    expect(shut).to.be.greaterThan(300);
  });

  it('would be seen to be wrong if the nodes did something else', async () => {
    const wrong = await deviations(fabric, withNetwork('mesh', { imports: ['64512:10'] }), PLAN);
    expect(wrong.length).to.equal(2 * 3 * 3 * 6);
  });

  const CHANGES: Record<string, Plan> = {
    'an import that makes a one-way network heard': withNetwork('mesh', {
      imports: ['64512:10', '64512:40', '192.0.2.1:50'],
    }),
    'an import taken away from the hub': withNetwork('hub', { imports: ['4200000000:20'] }),
    'an export given to the isolated network, and an import': withNetwork('isolated', {
      imports: ['64512:99'],
      exports: ['64512:99'],
    }),
    'the export of the mesh taken away': withNetwork('mesh', { exports: [] }),
    'another target for the extranet': withNetwork('extranet', { exports: ['64512:41'] }),
    'spokes that hear each other': withNetwork('spoke', { imports: ['4200000000:20', '4200000000:21'] }),
    'hosts that import the mesh, which has no way back': { ...PLAN, host: ['64512:10'] },
    'hosts that import nothing': { ...PLAN, host: [] },
    'a network taken away': without('mesh'),
    'a network that nobody uses yet': withNetwork('late', { imports: ['64512:10'], exports: ['64512:10'] }),
  };
  for (const [what, plan] of Object.entries(CHANGES)) {
    it(`matrix: holds after ${what}, and after it is taken back`, async () => {
      await fabric.tell(plan);
      await matrix(fabric, plan);
      await fabric.tell(PLAN);
      await matrix(fabric, PLAN);
    });
  }

  it('matrix: holds while all controllers are dead, and after they are back', async () => {
    for (const node of NODES) await fabric.lab.node(node).kill('slash32d', 'SIGKILL');
    await holds();
    for (const node of NODES) await fabric.lab.node(node).start('slash32d');
    await holds();
  });

  it('matrix: holds while a killed gobgpd comes back, and afterwards', async () => {
    const node = fabric.lab.node('node2');
    const pid = node.pid('gobgpd');
    await node.kill('gobgpd', 'SIGKILL');
    await holds();
    await until(() => node.pid('gobgpd') !== undefined && node.pid('gobgpd') !== pid, { what: 'another gobgpd' });
    await sessionsUp(fabric.lab);
    await holds();
  });

  it('matrix: holds after nft flush ruleset on a node', async () => {
    await fabric.lab.node('node1').exec(['nft', 'flush', 'ruleset']);
    await until(async () => (await fabric.lab.node('node1').exec(['nft', 'list', 'tables'])).includes('slash32'), {
      what: 'the filters to be back',
    });
    await matrix(fabric, PLAN);
  });

  it('matrix: holds after the rules of our networks were deleted on a node', async () => {
    const node = fabric.lab.node('node2');
    const rules = async () => (await node.exec(['ip', 'rule'])).split('\n').filter((line) => /fwmark/.test(line));
    const before = await rules();
    expect(before.length).to.be.greaterThan(7);
    for (const family of ['-4', '-6'])
      for (const priority of ['2032', '2034'])
        await node.exec(['sh', '-c', `while ip ${family} rule del priority ${priority} 2>/dev/null; do :; done`]);
    await until(async () => (await rules()).length === before.length, { what: 'the rules to be back' });
    await matrix(fabric, PLAN);
  });

  it('matrix: holds after the table of a network was flushed on a node', async () => {
    const flush = (family: string) => ['ip', family, 'route', 'flush', 'table', String(tableOf('mesh'))];
    for (const family of ['-4', '-6']) await fabric.lab.node('node1').exec(flush(family));
    await matrix(fabric, PLAN);
  });
}).timeout(180_000);
