/**
 * Which ToRs slash32 works with: each cell of the table is one test here, on real daemons. The last test prints the table;
 * --write puts it into docs/interop.md.
 */
import { writeFileSync } from 'node:fs';
import { expect } from 'chai';
import { execa } from 'execa';
import type { Container } from '../lab/container.js';
import type { Lab } from '../lab/lab.js';
import { inRepository } from '../lab/repository.js';
import { monitorRoutes } from '../lab/route-monitor.js';
import { type Attached, add } from '../lab/runtime.js';
import { until } from '../lab/until.js';
import { announced, kernelRoutes } from '../main-job/fabric.js';
import { fabricWith, sessionsUp, type TorKind } from './fabric.js';
import { ASPECTS, type Aspect, interopTable, TORS } from './table.js';

const results: Record<TorKind, Partial<Record<Aspect, 'works' | 'FAILS'>>> = { frr: {}, bird: {}, gobgp: {} };

for (const tor of Object.keys(TORS) as TorKind[]) {
  /** A test that is a cell. */
  const cell = (aspect: Aspect, promise: string, test: () => Promise<void>) =>
    it(`${aspect}: ${promise}`, async () => {
      results[tor][aspect] = 'FAILS';
      await test();
      results[tor][aspect] = 'works';
    });

  describe(`${TORS[tor]} as the ToR`, () => {
    let lab: Lab;
    let blue1: Attached;

    before(async function () {
      this.timeout(90_000);
      lab = await fabricWith({ name: `interop-${tor}`, tor });
      blue1 = await attached(lab, 'node1', 'blue-1');
    });
    after(() => lab?.down());

    cell('eBGP IPv4', 'a container of node1 is in the kernel of node2', () => routed(lab, blue1.v4));
    cell('eBGP IPv6', 'a container of node1 is in the kernel of node2', () => routed(lab, blue1.v6));

    cell('targets kept', 'a container is in the table of its network at node2, and in no other', async () => {
      const red = await attached(lab, 'node1', 'red-1', 'red');
      await routed(lab, red.v4, 1002);
      await routed(lab, red.v6, 1002);
      for (const table of [1001, 'main'] as const) {
        expect(await kernelRoutes(lab.node('node2'), table)).to.not.include(red.v4);
        expect(await kernelRoutes(lab.node('node2'), table, 6)).to.not.include(red.v6);
      }
    });

    cell('gobgpd killed: no route changes', 'with SIGKILL, at the ToR and at the other node', () => killed(lab));
  });

  describe(`${TORS[tor]} as the ToR of nodes with 4-byte AS numbers and passwords`, () => {
    let lab: Lab;
    let blue1: Attached;

    before(async function () {
      this.timeout(90_000);
      lab = await fabricWith({ name: `interop-${tor}-as4`, tor, asOffset: 4_200_000_000, password: 'correct-horse' });
      blue1 = await attached(lab, 'node1', 'blue-1');
    });
    after(() => lab?.down());

    cell('4-byte AS', 'AS 4200065001 and 4200065002 hear each other', () => routed(lab, blue1.v4));

    cell('MD5 password', 'every session of both nodes is signed', async () => {
      const sockets = await lab
        .node('node1')
        .exec(['ss', '-tniH', 'state', 'established', '( sport = :179 or dport = :179 )']);
      expect(sockets.match(/\bmd5keys?:/g) ?? [], sockets).to.have.length(2);
      await routed(lab, blue1.v6);
    });
  });
}

describe('the interop table', () => {
  it('has a result in every cell', async () => {
    const versions = {
      frr: await versionOf('/usr/lib/frr/bgpd'),
      bird: await versionOf('bird'),
      gobgp: await versionOf('gobgpd'),
    };
    const table = interopTable(results, versions);
    console.log(table.replace(/^/gm, '      '));
    for (const tor of Object.keys(TORS) as TorKind[]) {
      expect(Object.keys(results[tor])).to.have.members([...ASPECTS]);
    }
    if (process.argv.includes('--write')) writeFileSync(inRepository('docs/interop.md'), page(table));
  });
});

async function attached(lab: Lab, node: string, name: string, network = 'blue'): Promise<Container & Attached> {
  const container = await lab.container(node, name);
  return Object.assign(container, await add(container, { network }));
}

async function routed(lab: Lab, address: string, table = 1001): Promise<void> {
  const family = address.includes(':') ? 6 : 4;
  await until(async () => (await kernelRoutes(lab.node('node2'), table, family)).includes(address), {
    what: `${address} in table ${table} of node2`,
  });
}

/** gobgpd as the ToR writes no kernel routes; then node2 alone is the witness. */
async function killed(lab: Lab): Promise<void> {
  const node = lab.node('node1');
  const before = await announced(node);
  const monitors = await Promise.all(['tor1', 'node2'].map((name) => monitorRoutes(lab.node(name).namespace)));
  const pid = node.pid('gobgpd');
  await node.kill('gobgpd', 'SIGKILL');
  await until(() => node.pid('gobgpd') !== undefined && node.pid('gobgpd') !== pid, { what: 'another gobgpd' });
  await sessionsUp(lab);
  await until(async () => (await announced(node)).length === before.length, { what: 'the announcements to be back' });
  // Until both sides have sent End-of-RIB and a moment beyond: that is when a wrong order shows.
  await new Promise((resolve) => setTimeout(resolve, 3000));
  const events = (await Promise.all(monitors.map((monitor) => monitor.stop()))).flat();
  expect(events.filter(({ deleted }) => deleted)).to.eql([]);
}

async function versionOf(program: string): Promise<string> {
  const { all } = await execa(program, ['--version'], { all: true });
  return /version ([\d.]+)/.exec(all)?.[1] ?? 'unknown';
}

function page(table: string): string {
  return [
    '# ToRs that slash32 works with',
    '',
    'Each cell is a test in `e2e/interop`, on real daemons and the real kernel. The run itself writes this page:',
    '`npx mocha --timeout 90000 dist/e2e/interop/interop.test.js --write`. Each node has gobgpd 3.10.',
    '',
    table,
    '',
    'FRR and BIRD run what `slash32 tor-config` prints, GoBGP runs `gobgp-config/tor.toml`. GoBGP writes no kernel routes, so',
    'there the other node is the only witness of a route change. What `tor-config` prints for EOS, Junos, SR Linux and NX-OS',
    'has never been loaded into a device: there was none to test with.',
    '',
  ].join('\n');
}
