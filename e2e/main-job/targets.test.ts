import { readFileSync, writeFileSync } from 'node:fs';
import { expect } from 'chai';
import type { Container } from '../lab/container.js';
import type { Lab } from '../lab/lab.js';
import { monitorRoutes } from '../lab/route-monitor.js';
import { type Attached, add } from '../lab/runtime.js';
import { until } from '../lab/until.js';
import { atNodes, fabricUp, kernelRoutes } from './fabric.js';

describe('route targets', () => {
  let lab: Lab;
  const at: Record<string, Container & Attached> = {};

  async function reconfigure(change: (yaml: string) => string): Promise<void> {
    const file = lab.node('node1').boundFile('/etc/slash32/node.yaml');
    writeFileSync(file, change(readFileSync(file, 'utf8')));
    await lab.node('node1').kill('slash32d', 'SIGHUP');
  }

  before(async () => {
    lab = await fabricUp('targets');
    // The fence of blue opens first, so that targets alone decide.
    await reconfigure((yaml) => yaml.replaceAll(/^ *prefixes: .*\n/gm, ''));
    for (const [node, name, network] of [
      ['node1', 'blue-1', 'blue'],
      ['node2', 'blue-2', 'blue'],
      ['node2', 'red-2', 'red'],
    ] as const) {
      const container = await lab.container(node, name);
      at[name] = Object.assign(container, await add(container, { network }));
    }
    for (const { v4, v6 } of Object.values(at)) for (const address of [v4, v6]) await atNodes(lab, address);
  });
  after(() => lab?.down());

  const everywhere = async (address: string) => {
    const tables = await Promise.all(
      ([1001, 1002, 'main'] as const).map((table) => kernelRoutes(lab.node('node1'), table)),
    );
    return [1001, 1002, 'main'].filter((_, i) => tables[i]!.includes(address));
  };

  it('keep a path without a matching target out of every table of the kernel', async () => {
    expect(await everywhere(at['red-2']!.v4)).to.eql([1002]);
    expect(await everywhere(at['blue-2']!.v4)).to.eql([1001]);
  });

  it('let it in after the import list of a network has changed, and touch nothing else', async () => {
    const monitor = await monitorRoutes(lab.node('node1').namespace);
    await reconfigure((yaml) => yaml.replace(/(name: blue[\s\S]*?import: \[)/, '$1"64512:200", '));
    await until(async () => (await everywhere(at['red-2']!.v4)).length === 2, { what: 'red-2 in the table of blue' });
    expect(await everywhere(at['red-2']!.v4)).to.eql([1001, 1002]);
    const events = await monitor.stop();
    expect(events.filter(({ route }) => !route.includes(at['red-2']!.v4) && !route.includes(at['red-2']!.v6))).to.eql(
      [],
    );
  });

  it('shut it out again when the target is taken away', async () => {
    await reconfigure((yaml) => yaml.replace('"64512:200", ', ''));
    await until(async () => (await everywhere(at['red-2']!.v4)).length === 1, {
      what: 'red-2 to leave the table of blue',
    });
    expect(await everywhere(at['blue-2']!.v4)).to.eql([1001]);
  });

  it('stay as they were when the new configuration is wrong', async () => {
    await reconfigure((yaml) => yaml.replace('64512:100', 'not-a-target'));
    await until(() => /node\.yaml:\d+:\d+/.test(lab.node('node1').log('slash32d')), {
      what: 'the refusal in the log, with its place',
    });
    expect(await everywhere(at['blue-2']!.v4)).to.eql([1001]);
    const late = await lab.container('node1', 'late');
    await add(late);
  });
});
