import { expect } from 'chai';
import type { Container } from '../lab/container.js';
import type { Lab } from '../lab/lab.js';
import { type Attached, add, del } from '../lab/runtime.js';
import { until } from '../lab/until.js';
import { fabricUp } from '../main-job/fabric.js';
import { reconfigure } from './reconfigure.js';

describe('networks whose way out is the host', () => {
  let lab: Lab;
  let blue: Container & Attached;
  let red: Container & Attached;
  const pings = async (from: Container, to: string) => {
    const { code } = await from.attempt(['ping', '-n', '-q', '-c', '2', '-i', '0.2', '-W', '1', to]);
    return code === 0;
  };
  const node = () => lab.node('node1');
  const everyRule = (verb: 'add' | 'del', table: number) =>
    Promise.all(
      ['-4', '-6'].map((family) =>
        node().exec(['ip', family, 'rule', verb, 'priority', '2031', 'fwmark', `${table}/0x1fff`, 'lookup', 'main']),
      ),
    );

  before(async () => {
    lab = await fabricUp('networks-egress');
    await reconfigure(node(), (yaml) => yaml.replaceAll(/^( +)table: (1001|1002)$/gm, '$&\n$1egress: host'));
    const attached = async (name: string) => {
      const container = await lab.container('node1', name);
      return Object.assign(container, await add(container, { network: name }));
    };
    [blue, red] = [await attached('blue'), await attached('red')];
  });
  after(() => lab?.down());

  it('reach what the main table leads to outside of the node', async () => {
    expect(await pings(blue, '192.0.2.0')).to.equal(true);
    expect(await pings(red, '2001:db8:ffff:1::')).to.equal(true);
  });

  it('do not reach each other through the routes of the host to its endpoints', async () => {
    for (const to of [red.v4, red.v6]) expect(await pings(blue, to), to).to.equal(false);
    for (const to of [blue.v4, blue.v6]) expect(await pings(red, to), to).to.equal(false);
  });

  it('would do so through a lookup of main that heeds no group: the twin of the test above', async () => {
    for (const table of [1001, 1002]) await everyRule('add', table);
    for (const to of [red.v4, red.v6]) expect(await pings(blue, to), to).to.equal(true);
    for (const table of [1001, 1002]) await everyRule('del', table);
    expect(await pings(blue, red.v4)).to.equal(false);
  });

  it('find host ends that somebody took out of the group back in it', async () => {
    const group = async () => JSON.parse(await node().exec(['ip', '-j', 'link', 'show', blue.hostLink]))[0].group;
    const ours = await group();
    await node().exec(['ip', 'link', 'set', blue.hostLink, 'group', 'default']);
    await reconfigure(node(), (yaml) => yaml);
    await until(async () => (await group()) === ours, { what: 'the host end back in its group' });
  });

  it('let an endpoint go without opening its address to others meanwhile', async () => {
    const flood = blue.attempt(['ping', '-n', '-q', '-i', '0.002', '-w', '2', red.v4]);
    await del(red, { network: 'red' });
    const { stdout } = await flood;
    expect(stdout).to.match(/ 0 received/);
  });
});
