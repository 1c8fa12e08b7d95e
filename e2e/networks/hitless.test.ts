/** Changes of route targets under live traffic: who may go on talking notices nothing, who may not any more stops at once. */
import { expect } from 'chai';
import type { Container } from '../lab/container.js';
import type { Lab } from '../lab/lab.js';
import { type Attached, add } from '../lab/runtime.js';
import { until } from '../lab/until.js';
import { fabricUp, kernelRoutes } from '../main-job/fabric.js';
import { type Counted, TcpFlow, timeToEnd, UdpFlow } from './flow.js';
import { reconfigure } from './reconfigure.js';

type Member = Container & Attached;

describe('a change of route targets under 1,000 packets a second each way', () => {
  let lab: Lab;
  const at: Record<string, Member> = {};
  const node = (name: string) => lab.node(name);

  before(async () => {
    lab = await fabricUp('targets-hitless');
    for (const name of ['node1', 'node2'])
      await reconfigure(node(name), (yaml) => yaml.replaceAll(/^ *prefixes: .*\n/gm, ''));
    for (const [where, network, name] of [
      ['node1', 'blue', 'blue-1'],
      ['node2', 'blue', 'blue-2'],
      ['node2', 'red', 'red-2'],
      ['node1', 'blue', 'near-1'],
    ] as const) {
      const container = await lab.container(where, name);
      at[name] = Object.assign(container, await add(container, { network }));
    }
    for (const family of [4, 6] as const) {
      const [near, far] = [
        family === 4 ? at['blue-1']!.v4 : at['blue-1']!.v6,
        family === 4 ? at['blue-2']!.v4 : at['blue-2']!.v6,
      ];
      await inTable('node1', 1001, far);
      await inTable('node2', 1001, near);
    }
  });
  after(() => lab?.down());

  async function inTable(where: string, table: number, address: string, present = true): Promise<void> {
    const isThere = async () =>
      (await kernelRoutes(node(where), table, address.includes(':') ? 6 : 4)).includes(address);
    await until(async () => (await isThere()) === present, {
      what: `${address} to be ${present ? 'in' : 'gone from'} table ${table} of ${where}`,
    });
  }

  /** The route targets that the ToR has with an address. */
  async function atTor(address: string): Promise<string> {
    const family = address.includes(':') ? 'ipv6' : 'ipv4';
    return node('tor1').vtysh(`show bgp ${family} unicast ${address}`);
  }
  const announcedWith = (address: string, target: string, present = true) =>
    until(async () => (await atTor(address)).includes(`RT:${target}`) === present, {
      what: `${address} to be announced ${present ? 'with' : 'without'} ${target}`,
    });

  /** Flows that must lose nothing while something happens: between nodes, and between two containers of one node. */
  async function unhurt(what: () => Promise<void>): Promise<void> {
    const pairs = [
      ['blue-1', 'blue-2'],
      ['blue-1', 'near-1'],
    ] as const;
    const flows = pairs.flatMap(([a, b]) => ([4, 6] as const).map((family) => new UdpFlow(at[a]!, at[b]!, family)));
    await new Promise((resolve) => setTimeout(resolve, 200));
    await what();
    const counted = await Promise.all(flows.map((flow) => flow.stop()));
    tell(counted);
    expect(counted.map(({ lost }) => lost)).to.eql([0, 0, 0, 0]);
    for (const { rate } of counted) expect(rate).to.be.greaterThan(950);
  }
  const tell = (counted: readonly Counted[]) =>
    console.log(
      `        ${counted.map(({ sent, lost, rate }) => `${lost} of ${sent} lost at ${rate.toFixed(0)}/s`).join(', ')}`,
    );

  const blue = (key: 'import' | 'export', from: string, to: string) => (yaml: string) =>
    yaml.replace(new RegExp(`(name: blue[\\s\\S]*?${key}: \\[)${from}\\]`), `$1${to}]`);
  const everywhere = async (change: (yaml: string) => string) => {
    for (const name of ['node1', 'node2']) await reconfigure(node(name), change);
  };

  it('hitless: another import target is in force, and a flow that was allowed before and after loses no packet', async () => {
    await unhurt(async () => {
      await everywhere(blue('import', '"64512:100"', '"64512:100", "64512:200"'));
      await inTable('node1', 1001, at['red-2']!.v4);
      await inTable('node1', 1001, at['red-2']!.v6);
      await everywhere(blue('import', '"64512:100", "64512:200"', '"64512:100"'));
      await inTable('node1', 1001, at['red-2']!.v4, false);
    });
  });

  it('hitless: another export target is announced to the ToR, and a flow that was allowed before and after loses no packet', async () => {
    await unhurt(async () => {
      await everywhere(blue('export', '"64512:100"', '"64512:100", "64512:101"'));
      for (const name of ['blue-1', 'blue-2'])
        for (const address of [at[name]!.v4, at[name]!.v6]) await announcedWith(address, '64512:101');
    });
  });

  it('hitless: every target of a network is replaced, step by step, and a flow within it loses no packet', async () => {
    await unhurt(async () => {
      await everywhere(blue('import', '"64512:100"', '"64512:100", "64512:101"'));
      await everywhere(blue('export', '"64512:100", "64512:101"', '"64512:101"'));
      for (const name of ['blue-1', 'blue-2'])
        for (const address of [at[name]!.v4, at[name]!.v6]) await announcedWith(address, '64512:100', false);
      // The ToR has it before the other node does; only then nobody needs the old target.
      await everywhere(blue('import', '"64512:100", "64512:101"', '"64512:101"'));
    });
    await everywhere((yaml) => yaml.replaceAll('64512:101', '64512:100'));
    await inTable('node1', 1001, at['blue-2']!.v4);
    await inTable('node2', 1001, at['blue-1']!.v4);
  });

  describe('that takes a permission back', () => {
    const both = '"64512:100", "64512:200"';
    before(async () => {
      const red = (yaml: string) => yaml.replace('import: ["64512:200"]', `import: [${both}]`);
      await everywhere((yaml) => red(blue('import', '"64512:100"', both)(yaml)));
      for (const address of [at['red-2']!.v4, at['red-2']!.v6]) await inTable('node1', 1001, address);
      for (const address of [at['blue-1']!.v4, at['blue-1']!.v6]) await inTable('node2', 1002, address);
    });

    const cases: Record<string, { node: string; revoke: (yaml: string) => string; grant: (yaml: string) => string }> = {
      'the import of the one': {
        node: 'node1',
        revoke: blue('import', both, '"64512:100"'),
        grant: blue('import', '"64512:100"', both),
      },
      'the import of the other': {
        node: 'node2',
        revoke: (yaml) => yaml.replace(/(name: red[\s\S]*?import: \[)[^\]]*\]/, '$1"64512:200"]'),
        grant: (yaml) => yaml.replace(/(name: red[\s\S]*?import: \[)[^\]]*\]/, `$1${both}]`),
      },
      'the export of the other, heard through BGP': {
        node: 'node2',
        revoke: (yaml) => yaml.replace(/(name: red[\s\S]*?export: \[)[^\]]*\]/, '$1"64512:900"]'),
        grant: (yaml) => yaml.replace(/(name: red[\s\S]*?export: \[)[^\]]*\]/, '$1"64512:200"]'),
      },
    };
    for (const [what, { node: where, revoke, grant }] of Object.entries(cases)) {
      it(`revoked within a second: ${what} ends TCP and UDP flows that stand, and hurts no other`, async () => {
        const talk = async () => [
          await TcpFlow.open(at['blue-1']!, at['red-2']!, 4),
          await TcpFlow.open(at['red-2']!, at['blue-1']!, 6),
        ];
        const tcp = await until(() => talk().catch(() => undefined), { what: 'blue-1 and red-2 to talk' });
        const udp = ([4, 6] as const).map((family) => new UdpFlow(at['blue-1']!, at['red-2']!, family));
        const flows = [...tcp, ...udp];
        const goesOn = new UdpFlow(at['blue-1']!, at['blue-2']!, 4);
        const took = await timeToEnd(flows, () => reconfigure(node(where), revoke));
        for (const flow of tcp) flow.stop();
        await Promise.all(udp.map((flow) => flow.stop()));
        const others = await goesOn.stop();
        tell([others]);
        expect(took).to.be.lessThan(1000);
        expect(others.lost).to.equal(0);
        await reconfigure(node(where), grant);
      });
    }
  });
});
