import { rmSync, writeFileSync } from 'node:fs';
import { expect } from 'chai';
import type { Lab } from '../lab/lab.js';
import type { LabNode } from '../lab/node.js';
import { add, del } from '../lab/runtime.js';
import { until } from '../lab/until.js';
import { fabricUp } from '../main-job/fabric.js';
import { type LeakOracle, leakOracle } from './leak-oracle.js';

describe('the leak oracle', () => {
  let lab: Lab;
  let node: LabNode;
  let oracle: LeakOracle;

  before(async function () {
    this.timeout(90_000);
    lab = await fabricUp('clients-oracle');
    node = lab.node('node1');
    oracle = await leakOracle(lab, 'node1');
  });
  after(() => lab?.down());

  it('is content with an empty node, with a live container, and after its DEL', async () => {
    await oracle.noLeaks();
    const container = await lab.container('node1', 'alive');
    const { v4, v6 } = await add(container);
    await oracle.noLeaks([{ id: container.name, addresses: [v4, v6] }]);
    await del(container);
    await oracle.noLeaks();
  });

  it('misses a container that is said to live, at every witness', async () => {
    const missing = await oracle.leaks([{ id: 'never', addresses: ['10.20.1.9'] }]);
    expect(missing).to.have.members([
      'host link missing: never eth0',
      'route missing: 10.20.1.9 in table main',
      'route missing: 10.20.1.9 in table 1001',
      'nft element missing: source4 link of never eth0 . 10.20.1.9',
      'nft element missing: destination4 10.20.1.9',
      'record missing: never eth0: 10.20.1.9',
      'announcement at gobgpd missing: 10.20.1.9/32',
      'path at the ToR missing: 10.20.1.9/32',
      "route in the ToR's kernel missing: 10.20.1.9",
    ]);
  });

  describe('with the controller stopped, so that nobody tidies up,', () => {
    before(() => node.kill('slash32d', 'SIGSTOP'));
    after(() => node.kill('slash32d', 'SIGCONT'));

    const map = ['element', 'inet', 'slash32', 'destination4'];
    const rule = ['fwmark', '0x3eb/0x1fff', 'lookup', '1003', 'priority', '2032', 'protocol', '32'];
    const torRoute = ['10.20.1.253', 'via', '192.0.2.1', 'proto', 'bgp'];
    const onNode =
      (...argv: string[]) =>
      () =>
        node.exec(argv);
    const atTor =
      (...argv: string[]) =>
      () =>
        lab.node('tor1').exec(argv);
    const file = (name: string) => `${node.directory}/slash32/${name}`;

    const PLANTS: [what: string, plant: () => unknown, remove: () => unknown, reports: string[]][] = [
      [
        'a veth with our alias',
        async () => {
          await node.exec(['ip', 'link', 'add', 'planted', 'type', 'veth', 'peer', 'planted-peer']);
          await node.exec(['ip', 'link', 'set', 'planted', 'alias', 'slash32 blue lost-container eth0']);
        },
        onNode('ip', 'link', 'delete', 'planted'),
        ['host link too many: lost-container eth0'],
      ],
      [
        'a route of protocol 32',
        onNode('ip', 'route', 'add', '10.20.1.250', 'dev', 'lo', 'table', '1001', 'proto', '32'),
        onNode('ip', 'route', 'delete', '10.20.1.250', 'dev', 'lo', 'table', '1001', 'proto', '32'),
        ['route too many: 10.20.1.250 in table 1001'],
      ],
      [
        'a rule',
        onNode('ip', 'rule', 'add', ...rule),
        onNode('ip', 'rule', 'delete', ...rule),
        ['rule too many: IPv4 2032:\tfrom all fwmark 0x3eb/0x1fff lookup 1003 proto 32'],
      ],
      [
        'an nft element',
        onNode('nft', 'add', ...map, '{ 10.20.1.251 : goto to-1001 }'),
        onNode('nft', 'delete', ...map, '{ 10.20.1.251 : goto to-1001 }'),
        ['nft element too many: destination4 10.20.1.251'],
      ],
      [
        'a record',
        () =>
          writeFileSync(
            file('endpoints/planted.json'),
            '{"containerId":"x","ifname":"eth0","addresses":["10.20.1.8"]}',
          ),
        () => rmSync(file('endpoints/planted.json')),
        ['record too many: x eth0: 10.20.1.8'],
      ],
      [
        'a tombstone',
        () => writeFileSync(file('tombstones/00000000000000000001-1'), ''),
        () => rmSync(file('tombstones/00000000000000000001-1')),
        ['tombstone too many: 00000000000000000001-1'],
      ],
      [
        'an announcement',
        () => node.gobgp('global', 'rib', 'add', '10.20.1.252/32'),
        () => node.gobgp('global', 'rib', 'del', '10.20.1.252/32'),
        [
          'announcement at gobgpd too many: 10.20.1.252/32',
          'path at the ToR too many: 10.20.1.252/32',
          "route in the ToR's kernel too many: 10.20.1.252",
        ],
      ],
      [
        "a route in the ToR's kernel",
        atTor('ip', 'route', 'add', ...torRoute),
        atTor('ip', 'route', 'delete', ...torRoute),
        ["route in the ToR's kernel too many: 10.20.1.253"],
      ],
    ];

    for (const [what, plant, remove, reports] of PLANTS) {
      it(`reports ${what} by name, and is content when it is gone`, async () => {
        await plant();
        try {
          await until(async () => (await oracle.leaks([])).length >= reports.length, { what: `a report of ${what}` });
          expect(await oracle.leaks([])).to.have.members(reports);
        } finally {
          await remove();
        }
        await oracle.noLeaks();
      });
    }
  });
});
