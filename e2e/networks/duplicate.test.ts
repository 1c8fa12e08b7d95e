/**
 * One address on two nodes: whoever hears of it through BGP names it, and nobody's container is replaced.
 *
 * That it stops being named on the node that stays is not asked for: FRR sends a node its own path back, and gobgpd before
 * the release with osrg/gobgp#3671 refuses that for its loop without forgetting the path that it replaces.
 */
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect } from 'chai';
import type { Container } from '../lab/container.js';
import type { Lab } from '../lab/lab.js';
import { type Attached, add, type Call, del } from '../lab/runtime.js';
import { until } from '../lab/until.js';
import { announced, atTor, fabricUp, kernelRoutes } from '../main-job/fabric.js';
import { slash32 } from './slash32.js';

const TWICE = '10.20.9.7';
const TWICE6 = '2001:db8:20:9::7';

describe('the same address on two nodes', () => {
  let lab: Lab;
  let scratch: string;
  let one: Container & Attached;
  let two: Container & Attached;

  /** host-local of either node, which knows nothing of the other. */
  const fixed = (node: string): Call => {
    const ranges = [
      [{ subnet: '10.20.9.0/24', rangeStart: TWICE, rangeEnd: TWICE }],
      [{ subnet: '2001:db8:20:9::/64', rangeStart: TWICE6, rangeEnd: TWICE6 }],
    ];
    return { conf: { ipam: { type: 'host-local', dataDir: join(scratch, node), ranges } } };
  };
  const attached = async (node: string, name: string) => {
    const container = await lab.container(node, name);
    return Object.assign(container, await add(container, fixed(node)));
  };
  const wayTo = async (node: string, table: string) =>
    JSON.parse(await lab.node(node).exec(['ip', '-j', 'route', 'show', TWICE, 'table', table])) as {
      dev: string;
      gateway?: string;
    }[];

  before(async () => {
    scratch = mkdtempSync(join(tmpdir(), 's32-targets-duplicate-'));
    lab = await fabricUp('targets-duplicate');
    one = await attached('node1', 'one');
    await atTor(lab, TWICE);
    await until(async () => (await kernelRoutes(lab.node('node2'), 1001)).includes(TWICE), {
      what: 'node2 to hear of it',
    });
    two = await attached('node2', 'two');
  });
  after(async () => {
    await lab?.down();
    rmSync(scratch, { recursive: true, force: true });
  });

  /** What all faces of a node say while it hears somebody else announce an address of its own. */
  async function named(node: string, by: string): Promise<void> {
    const sentence = new RegExp(
      `duplicate address: ${TWICE}/32 is an endpoint of this node.*AS ${by} announces it too`,
    );
    // One a family, each of which comes by a session of its own.
    const both = async () => JSON.parse(await slash32(lab.node(node), 'status', '-o', 'json')).duplicates.length === 2;
    await until(both, { what: `${node} to name both duplicates`, timeout: 120_000 });
    expect(await slash32(lab.node(node), 'status')).to.match(sentence);
    expect(await slash32(lab.node(node), 'explain', TWICE)).to.match(new RegExp(`duplicate +${sentence.source}`));
    await until(() => sentence.test(lab.node(node).log('slash32d')), { what: `the log of ${node}` });
  }

  it('is named by the node that hears of it: in status, explain and the log, with the AS of the other', async () => {
    await named('node2', '65001');
  });

  it('never replaces the endpoint of a node: routes in both tables stay the container’s, and it answers its host', async () => {
    for (const [node, container] of [
      ['node1', one],
      ['node2', two],
    ] as const) {
      for (const table of ['main', '1001'])
        expect(await wayTo(node, table), `${node}, table ${table}`).to.have.nested.property(
          '0.dev',
          container.hostLink,
        );
      expect(await announced(lab.node(node))).to.include(`${TWICE}/32`);
      await lab.node(node).exec(['ping', '-n', '-q', '-c', '1', '-W', '2', TWICE]);
      expect(await kernelRoutes(lab.node(node), 1001, 6)).to.include(container.v6);
    }
  });

  it('goes to the one that is left when the other container has gone', async () => {
    await del(one, fixed('node1'));
    await until(async () => (await wayTo('node1', '1001'))[0]?.gateway === '192.0.2.0', {
      what: 'node1 to hear of the other',
    });
    expect(await slash32(lab.node('node1'), 'status')).not.to.match(/duplicate/);
    expect(await wayTo('node1', 'main')).to.eql([]);
  });

  it('is named by the other node when that one comes second, although gobgpd takes the node’s own path for the best', async () => {
    one = await attached('node1', 'one-again');
    await named('node1', '65002');
    expect(await wayTo('node1', '1001')).to.have.nested.property('0.dev', one.hostLink);
  });
});
