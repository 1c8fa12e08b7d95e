/** How far ADD waits: for gobgpd's acceptance, or not. */
import { expect } from 'chai';
import type { Lab } from '../lab/lab.js';
import { announced, atTor, fabricUp, holdings, NOTHING } from './fabric.js';
import { add, cni, del } from './runtime.js';

describe('an ADD while gobgpd is away', () => {
  let lab: Lab;

  before(async function () {
    this.timeout(90_000);
    lab = await fabricUp('wait');
  });
  after(() => lab?.down());
  beforeEach(() => lab.node('node1').kill('sidecar', 'SIGKILL'));
  afterEach(() => lab.node('node1').start('sidecar'));

  it('is undone when the announcement does not come in time, and says to try again', async () => {
    const container = await lab.container('node1', 'impatient');
    const { exitCode, json } = await cni('ADD', container, { conf: { waitSeconds: 0.5 } });
    expect([exitCode, json.code]).to.eql([1, 11]);
    expect(json.msg).to.match(/announcement: gobgpd is away/);
    await lab.node('node1').start('sidecar');
    expect(await holdings(lab.node('node1'))).to.eql(NOTHING);
    await lab.node('node1').kill('sidecar', 'SIGKILL');
  });

  it('succeeds when gobgpd comes back in time', async () => {
    const container = await lab.container('node1', 'patient');
    const waiting = add(container, { conf: { waitSeconds: 20 } });
    await lab.node('node1').start('sidecar');
    const { v4 } = await waiting;
    await atTor(lab, v4);
    await del(container);
    await lab.node('node1').kill('sidecar', 'SIGKILL');
  });

  it('succeeds at once with "wait": "none", and is announced when gobgpd is back', async () => {
    const container = await lab.container('node1', 'carefree');
    const { v4 } = await add(container, { conf: { wait: 'none' } });
    await lab.node('node1').start('sidecar');
    await atTor(lab, v4);
    expect(await announced(lab.node('node1'))).to.include(`${v4}/32`);
    await lab.node('node1').kill('sidecar', 'SIGKILL');
    // DEL waits for nobody either.
    await del(container);
  });

  it('leaves nothing in all of this', async () => {
    await lab.node('node1').start('sidecar');
    expect(await holdings(lab.node('node1'))).to.eql(NOTHING);
    await lab.node('node1').kill('sidecar', 'SIGKILL');
  });
});
