/** Route targets that come with a CNI configuration or with a container, on a running fabric of two nodes. */
import { expect } from 'chai';
import type { Container } from '../lab/container.js';
import type { Lab } from '../lab/lab.js';
import type { LabNode } from '../lab/node.js';
import { monitorRoutes } from '../lab/route-monitor.js';
import { type Attached, add, type Call, cni, del } from '../lab/runtime.js';
import { until } from '../lab/until.js';
import { fabricUp, holdings, kernelRoutes } from '../main-job/fabric.js';
import { timeToEnd, UdpFlow } from './flow.js';
import { reconfigure } from './reconfigure.js';
import { slash32 } from './slash32.js';

const TENANTS = (number: string) => `netConfNetworks:
  - { name: tenant-*, import: ["64513:*"], export: ["64513:*"], pools: [10.40.${number}.0/24, "2001:db8:40:${number}::/64"] }
`;
const ALLOWED = 'allowOverride: { import: ["64512:200-299"], export: ["64512:200-299"] }';

/** A container that asks for targets by its arguments. */
const asking = (imports: string, exports: string): Call => ({
  env: { CNI_ARGS: `IgnoreUnknown=1;SLASH32_IMPORT=${imports};SLASH32_EXPORT=${exports}` },
});
const tenant = (name: string, importrt: string, exportrt: string): Call => ({
  network: name,
  conf: { importrt, exportrt },
});

describe('targets that come with an attachment', () => {
  let lab: Lab;
  const at: Record<string, Container & Attached> = {};

  before(async () => {
    lab = await fabricUp('targets-own');
    for (const number of ['1', '2'])
      await reconfigure(
        lab.node(`node${number}`),
        (yaml) =>
          `${yaml.replaceAll(/^ *prefixes: .*\n/gm, '').replace('- name: blue', `- name: blue\n    ${ALLOWED}`)}${TENANTS(number)}`,
      );
    await attached('red-2', 'node2', { network: 'red' });
    await attached('blue-2', 'node2');
  });
  after(() => lab?.down());

  async function attached(name: string, node: string, call: Call = {}): Promise<Container & Attached> {
    const container = await lab.container(node, name);
    return (at[name] = Object.assign(container, await add(container, call)));
  }

  async function reaches(from: string, to: string): Promise<boolean> {
    const pings = [at[to]!.v4, at[to]!.v6].map((address) =>
      at[from]!.attempt(['ping', '-n', '-q', '-c', '1', '-W', '0.5', address]),
    );
    const codes = (await Promise.all(pings)).map(({ code }) => code);
    expect(new Set(codes).size, `${from} to ${to}: the same by IPv4 and IPv6`).to.equal(1);
    return codes[0] === 0;
  }
  const untilReaches = (from: string, to: string) =>
    until(() => reaches(from, to).catch(() => false), { what: `${from} to reach ${to}` });

  /** Rules, filter chains and tables of networks on a node, without the routes to endpoints in the main table. */
  async function networksOf(node: LabNode) {
    const rules = await node.exec(['ip', 'rule']);
    const chains = await node.exec(['nft', 'list', 'chains', 'inet']);
    const tables = [...rules.matchAll(/lookup (\d+)/g)].map(([, table]) => Number(table)).sort();
    return { tables, chains: [...chains.matchAll(/chain net-(\d+)/g)].map(([, table]) => Number(table)).sort() };
  }

  it('define a network where the node allows it: own table, rule and filters, and it reaches who shares its targets', async () => {
    await attached('tenant-a1', 'node1', tenant('tenant-a', '64513:1', '64513:1'));
    await attached('tenant-a2', 'node2', tenant('tenant-a', '64513:1', '64513:1'));
    await attached('tenant-b2', 'node2', tenant('tenant-b', '64513:2', '64513:2'));
    await untilReaches('tenant-a1', 'tenant-a2');
    for (const other of ['tenant-b2', 'blue-2', 'red-2'])
      expect(await reaches('tenant-a1', other), other).to.equal(false);
    const { tables, chains } = await networksOf(lab.node('node1'));
    expect(tables.length).to.equal(3);
    expect(chains).to.eql(tables);
    expect(await networksOf(lab.node('node2'))).to.have.nested.property('tables.length', 4);
  });

  it('are one network for all who ask for the same, whatever the order', async () => {
    await attached('twin-1', 'node1', tenant('tenant-a', '64513:1', '64513:1'));
    const before = await networksOf(lab.node('node1'));
    await attached('both-1', 'node1', tenant('tenant-a', '64513:1,64513:2', '64513:1'));
    await attached('both-2', 'node1', {
      network: 'tenant-a',
      conf: { importRT: ['64513:2', '64513:1'], exportRT: '64513:1' },
    });
    expect((await networksOf(lab.node('node1'))).tables.length).to.equal(before.tables.length + 1);
    expect(await reaches('tenant-a1', 'twin-1')).to.equal(true);
    for (const name of ['twin-1', 'both-1', 'both-2']) await del(at[name]!, { network: 'tenant-a' });
    expect(await networksOf(lab.node('node1'))).to.eql(before);
  });

  it('belong to one container where its network allows it, by CNI_ARGS or args.cni, in either direction', async () => {
    await attached('plain-1', 'node1');
    await attached('over-1', 'node1', asking('64512:200,64512:100', '64512:200'));
    await untilReaches('over-1', 'red-2');
    expect(await reaches('over-1', 'blue-2'), 'hears blue, but is not heard by it').to.equal(false);
    expect(await reaches('over-1', 'plain-1'), 'nor by blue on its own node').to.equal(false);
    expect(await reaches('plain-1', 'red-2')).to.equal(false);
    const conf = { args: { cni: { SLASH32_EXPORT: ['64512:100', '64512:200'] } } };
    await attached('export-1', 'node1', { conf });
    await untilReaches('export-1', 'blue-2');
    expect(await reaches('export-1', 'plain-1')).to.equal(true);
    expect(await reaches('export-1', 'red-2'), 'is heard by red, but does not hear it').to.equal(false);
  });

  it('are shown by endpoints and explain, and CHECK asks for them', async () => {
    const over = await attached('shown-1', 'node1', asking('64512:200,64512:100', '64512:200'));
    const endpoints = JSON.parse(await slash32(lab.node('node1'), 'endpoints', '-o', 'json'));
    const shown = endpoints.find((one: { containerId: string }) => one.containerId === 'shown-1');
    expect(shown.network).to.match(/^blue~[0-9a-f]{16}$/);
    expect(shown.targets).to.equal('import 64512:200 64512:100, export 64512:200');
    const explained = await slash32(lab.node('node1'), 'explain', over.v4);
    expect(explained).to.match(/targets\s+of its own, not those of blue: import 64512:200 64512:100, export 64512:200/);
    const check = () =>
      cni('CHECK', over, { ...asking('64512:200,64512:100', '64512:200'), conf: { prevResult: over.result } });
    expect((await check()).json).to.equal(undefined);
    await lab.node('node1').gobgp('global', 'rib', 'del', `${over.v4}/32`);
    expect((await check()).json?.msg).to.include(`does not announce ${over.v4}/32 with 64512:200`);
    // Not of over-1: at some time within half a minute an audit announces it again.
    await del(over);
  });

  it('are refused with the reason and a remedy where the node does not allow them, and nothing is left', async () => {
    const before = await holdings(lab.node('node1'));
    const container = await lab.container('node1', 'refused');
    const cases: [Call, RegExp][] = [
      [{ network: 'red', ...asking('64512:200', '') }, /containers of network "red" may not name targets of their own/],
      [{ network: 'red', conf: { args: { cni: { SLASH32_IMPORT: '64512:100' } } } }, /containers of network "red"/],
      [asking('64512:300', ''), /may not import 64512:300.*"allowOverride" adds 64512:200-299/],
      [{ conf: { importrt: '64512:200' } }, /may not import 64512:200.*"allowTargets" adds nothing/],
      [tenant('tenant-c', '64512:100', '64513:3'), /may not import 64512:100.*"allowTargets" adds 64513:\*/],
      [{ network: 'tenant-c' }, /defined by its CNI configuration alone, which names no targets/],
      [{ network: 'green', conf: { importrt: '64513:1' } }, /"green" is not configured on this node/],
    ];
    for (const [call, reason] of cases) {
      const { exitCode, json } = await cni('ADD', container, call);
      expect(exitCode, JSON.stringify(json)).to.equal(1);
      expect(json.code).to.equal(7);
      expect(json.msg).to.match(reason);
      expect(json.details.length).to.be.greaterThan(20);
    }
    expect(await holdings(lab.node('node1'))).to.eql(before);
  });

  it('survive a killed controller: same tables, no route touched', async () => {
    const node = lab.node('node1');
    const before = await networksOf(node);
    const monitor = await monitorRoutes(node.namespace);
    await node.kill('slash32d', 'SIGKILL');
    await node.start('slash32d');
    const late = await attached('late-1', 'node1', asking('64512:200,64512:100', '64512:200'));
    const events = await monitor.stop();
    const isLate = (route: string) => [late.v4, late.v6, late.hostLink].some((word) => route.includes(word));
    expect(events.filter(({ route, deleted }) => deleted || !isLate(route))).to.eql([]);
    expect(await networksOf(node)).to.eql(before);
    await untilReaches('late-1', 'red-2');
    expect(await reaches('over-1', 'red-2')).to.equal(true);
    expect(await reaches('tenant-a1', 'tenant-a2')).to.equal(true);
    await del(late);
  });

  it('end within a second when the node does not allow them any more, for those that are attached', async () => {
    const node = lab.node('node1');
    expect(await kernelRoutes(node, 'main')).to.include(at['over-1']!.v4);
    const flow = new UdpFlow(at['over-1']!, at['red-2']!, 4);
    const took = await timeToEnd([flow], () => reconfigure(node, (yaml) => yaml.replace(ALLOWED, '')));
    await flow.stop();
    expect(took).to.be.lessThan(1000);
    expect(await reaches('over-1', 'red-2')).to.equal(false);
    expect(await reaches('tenant-a1', 'tenant-a2')).to.equal(true);
    await reconfigure(node, (yaml) => yaml.replace('- name: blue\n', `- name: blue\n    ${ALLOWED}\n`));
    await untilReaches('over-1', 'red-2');
  });

  it('go with the last who asked for them: tables, rules and filters', async () => {
    for (const name of ['over-1', 'export-1', 'plain-1']) await del(at[name]!);
    await del(at['tenant-a1']!, { network: 'tenant-a' });
    await until(async () => (await networksOf(lab.node('node1'))).tables.length === 2, { what: 'two networks only' });
    expect(await networksOf(lab.node('node1'))).to.eql({ tables: [1001, 1002], chains: [1001, 1002] });
    expect((await holdings(lab.node('node1'))).routes).to.eql([]);
  });
});
