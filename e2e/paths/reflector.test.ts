/** One AS: a node in the role of a route reflector passes on what its clients say, and its kernel and theirs route it. */
import { fileURLToPath } from 'node:url';
import { expect } from 'chai';
import type { Container } from '../lab/container.js';
import { Lab } from '../lab/lab.js';
import { isAnswered, startPinging } from '../lab/ping.js';
import { monitorRoutes } from '../lab/route-monitor.js';
import { type Attached, add, del } from '../lab/runtime.js';
import { until } from '../lab/until.js';
import { kernelRoutes } from '../main-job/fabric.js';
import { waysTo } from './dual-tor.js';

const TOPOLOGY = fileURLToPath(new URL('../../../e2e/paths/reflector.clab.yml', import.meta.url));

describe('a route reflector', () => {
  let lab: Lab;
  const at: Record<string, Container & Attached> = {};

  before(async () => {
    lab = await Lab.forTests(TOPOLOGY, { name: 'paths-reflector' });
    for (const [node, name, network] of [
      ['node2', 'blue-2', 'blue'],
      ['node3', 'blue-3', 'blue'],
      ['node2', 'red-2', 'red'],
    ] as const) {
      const container = await lab.container(node, name);
      at[name] = Object.assign(container, await add(container, { network }));
    }
  });
  after(() => lab?.down());

  const has = (node: string, address: string, table: number, present = true) =>
    until(async () => (await kernelRoutes(lab.node(node), table)).includes(address) === present, {
      what: `${address} to be ${present ? 'in' : 'gone from'} table ${table} of ${node}`,
    });

  it('passes on what one client says to the other, with its targets and its own next hop', async () => {
    await has('node3', at['blue-2']!.v4, 1001);
    await has('node2', at['blue-3']!.v4, 1001);
    await has('node3', at['red-2']!.v4, 1002);
    expect(await waysTo(lab.node('node3'), at['blue-2']!.v4)).to.eql(['192.0.2.2']);
    expect(await kernelRoutes(lab.node('node3'), 1001)).to.not.include(at['red-2']!.v4);
    await until(() => isAnswered(at['blue-2']!, at['blue-3']!.v4), {
      what: 'the clients to reach each other',
    });
  });

  it('passes the local preference on that a client has said', async () => {
    const text = await lab.node('node3').gobgp('global', 'rib', `${at['blue-2']!.v4}/32`);
    expect(text).to.match(/LocalPref: 200/);
    expect(text).to.match(/Originator: 192\.0\.2\.2/);
  });

  it('loses its gobgpd without its clients noticing: what it reflects is said again, and only then End-of-RIB', async () => {
    const node = lab.node('node1');
    const before = node.pid('gobgpd');
    const monitors = await Promise.all(['node2', 'node3'].map((name) => monitorRoutes(lab.node(name).namespace)));
    const flow = startPinging(at['blue-2']!.namespace, at['blue-3']!.v4);
    await node.kill('gobgpd', 'SIGKILL');
    await until(() => ![undefined, before].includes(node.pid('gobgpd')), { what: 'another gobgpd' });
    for (const name of ['node2', 'node3']) {
      const fresh = async () => {
        const rib = JSON.parse((await lab.node(name).gobgp('-j', 'global', 'rib')) || '{}') as Record<
          string,
          { stale?: boolean }[]
        >;
        const other = name === 'node2' ? 'blue-3' : 'blue-2';
        const paths = rib[`${at[other]!.v4}/32`] ?? [];
        return paths.length > 0 && paths.every(({ stale }) => !stale);
      };
      await until(fresh, { what: `${name} to have heard everything again`, timeout: 60_000 });
    }
    // A wrong order shows when End-of-RIB has come and what is reflected has not.
    await new Promise((resolve) => setTimeout(resolve, 3_000));
    const { lost, sent } = await flow.stop();
    for (const monitor of monitors) expect(await monitor.stop()).to.eql([]);
    expect(lost, `of ${sent}`).to.equal(0);
  });

  it('passes on that it is gone', async () => {
    const { v4 } = at['red-2']!;
    await del(at['red-2']!, { network: 'red' });
    await has('node3', v4, 1002, false);
  });
});
