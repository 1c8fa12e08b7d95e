/** gobgp-config/tor.toml is what it says it is: gobgpd in the place of a ToR. */
import type { Lab } from '../lab/lab.js';
import { add } from '../lab/runtime.js';
import { atNodes } from '../main-job/fabric.js';
import { fabricWith } from './fabric.js';

describe('a gobgpd with gobgp-config/tor.toml', () => {
  let lab: Lab;
  before(async () => {
    lab = await fabricWith({ name: 'gobgp', tor: 'gobgp' });
  });
  after(() => lab?.down());

  it('brings a container of one node to the other, in both families', async () => {
    const { v4, v6 } = await add(await lab.container('node1', 'blue-1'));
    await atNodes(lab, v4);
    await atNodes(lab, v6);
  });
});
