/** How far ADD waits: for gobgpd's acceptance, or not. */
import { expect } from 'chai';
import type { Lab } from '../lab/lab.js';
import { add, cni, del } from '../lab/runtime.js';
import { until } from '../lab/until.js';
import { announced, atTor, fabricUp, holdings, NOTHING, peersUp } from './fabric.js';

describe('an ADD while gobgpd is away', () => {
  let lab: Lab;

  before(async () => {
    lab = await fabricUp('wait');
  });
  after(() => lab?.down());

  /** It dies with its supervisor. */
  async function gobgpdGoes(): Promise<void> {
    const node = lab.node('node1');
    await node.kill('sidecar', 'SIGKILL');
    await until(() => node.pid('gobgpd') === undefined, { what: 'gobgpd to have died' });
  }
  const gobgpdComesBack = () => lab.node('node1').start('sidecar');

  it('is undone when the announcement does not come in time, and says to try again', async () => {
    const container = await lab.container('node1', 'impatient');
    await gobgpdGoes();
    const { exitCode, json } = await cni('ADD', container, { conf: { waitSeconds: 0.5 } });
    expect([exitCode, json.code]).to.eql([1, 11]);
    expect(json.msg).to.match(/announcement: gobgpd is away/);
    await gobgpdComesBack();
    // Peers come in when everything has been said.
    await peersUp(lab);
    expect(await holdings(lab.node('node1'))).to.eql(NOTHING);
  });

  it('succeeds when gobgpd comes back in time', async () => {
    const container = await lab.container('node1', 'patient');
    await gobgpdGoes();
    const waiting = add(container, { conf: { waitSeconds: 25 } });
    await gobgpdComesBack();
    const { v4 } = await waiting;
    await atTor(lab, v4);
    await del(container);
  });

  it('succeeds at once with "wait": "none", and is announced when gobgpd is back; DEL waits for nobody either', async () => {
    const [first, second] = [await lab.container('node1', 'carefree'), await lab.container('node1', 'gone')];
    await gobgpdGoes();
    const { v4 } = await add(first, { conf: { wait: 'none' } });
    await add(second, { conf: { wait: 'none' } });
    await del(second);
    await gobgpdComesBack();
    await atTor(lab, v4);
    expect(await announced(lab.node('node1'))).to.have.lengthOf(2);
    await del(first);
    expect(await holdings(lab.node('node1'))).to.eql(NOTHING);
  });
});
