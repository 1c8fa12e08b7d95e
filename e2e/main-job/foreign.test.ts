/** What is not ours stays as it is, even where it looks like ours. */
import { expect } from 'chai';
import type { Lab } from '../lab/lab.js';
import { add, del } from '../lab/runtime.js';
import { fabricUp } from './fabric.js';

describe('what is not ours', () => {
  let lab: Lab;
  const run = (...argv: string[]) => lab.node('node1').exec(argv);

  before(async () => {
    lab = await fabricUp('foreign');
    // A link with our prefix, routes in our table and of our prefix, a rule of our priority, a table of its own.
    await run('ip', 'link', 'add', 's32foreign', 'type', 'bridge');
    await run('ip', 'link', 'set', 's32foreign', 'up');
    await run('ip', 'route', 'add', '10.20.1.1/32', 'dev', 's32foreign', 'metric', '7');
    await run('ip', 'route', 'add', '198.51.100.0/24', 'via', '192.0.2.0', 'table', '1001', 'proto', 'static');
    await run('ip', '-6', 'route', 'add', '2001:db8:20:1::1/128', 'dev', 's32foreign', 'metric', '7');
    await run('ip', 'rule', 'add', 'prio', '2032', 'from', '198.51.100.0/24', 'lookup', 'main');
    await run('nft', 'add', 'table', 'inet', 'foreign');
    await run('nft', 'add', 'chain', 'inet', 'foreign', 'input', '{ type filter hook input priority 0; }');
  });
  after(() => lab?.down());

  /** Everything of the node that is not ours, as text. */
  async function everything(): Promise<string> {
    const [links, ...routes] = await Promise.all([
      run('ip', '-o', 'link', 'show', 'dev', 's32foreign'),
      run('ip', 'route', 'show', 'table', 'all'),
      run('ip', '-6', 'route', 'show', 'table', 'all'),
      run('ip', 'rule'),
      run('ip', '-6', 'rule'),
      run('nft', 'list', 'table', 'inet', 'foreign'),
    ]);
    const foreign = routes
      .join('\n')
      .split('\n')
      .filter((line) => !/proto 32|dev s32[0-9a-f]{12}/.test(line));
    return [links, ...foreign].join('\n');
  }

  it('is the same after ADD, DEL, a restart and a flush of what is ours', async () => {
    const before = await everything();
    const container = await lab.container('node1', 'guest');
    await add(container);
    expect(await everything()).to.equal(before);
    await lab.node('node1').restart('slash32d', 'SIGKILL');
    await run('nft', 'delete', 'table', 'inet', 'slash32');
    await lab.node('node1').kill('slash32d', 'SIGHUP');
    await del(container);
    expect(await everything()).to.equal(before);
  });

  it('includes a host link that has the very name an endpoint would get: ADD says so, and leaves it', async () => {
    const container = await lab.container('node1', 'namesake');
    const { hostLink } = await add(container);
    await del(container);
    await run('ip', 'link', 'add', hostLink, 'type', 'bridge');
    await expectRefused(() => add(container), hostLink);
    expect(await run('ip', '-d', 'link', 'show', hostLink)).to.match(/bridge/);
  });

  async function expectRefused(work: () => Promise<unknown>, says: string): Promise<void> {
    const refused = await work().then(
      () => undefined,
      (error: Error) => error.message,
    );
    expect(refused).to.include(says);
  }
});
