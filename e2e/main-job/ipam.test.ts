/** Addresses from somebody else's IPAM plugin: Debian's host-local, executed as a delegate. */
import { existsSync, mkdtempSync, readdirSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect } from 'chai';
import type { Container } from '../lab/container.js';
import type { Lab } from '../lab/lab.js';
import { add, cni, del } from '../lab/runtime.js';
import { atTor, fabricUp, holdings, NOTHING } from './fabric.js';

describe('an ADD with a delegated IPAM plugin', () => {
  const dataDir = mkdtempSync(join(tmpdir(), 's32-host-local-'));
  const ranges = [[{ subnet: '10.20.1.128/30' }], [{ subnet: '2001:db8:20:1:8000::/126' }]];
  const conf = { ipam: { type: 'host-local', dataDir, ranges } };
  let lab: Lab;
  let container: Container;

  before(async function () {
    this.timeout(90_000);
    lab = await fabricUp('ipam');
    container = await lab.container('node1', 'delegated');
  });
  after(async () => {
    rmSync(dataDir, { recursive: true, force: true });
    await lab?.down();
  });

  /** What host-local holds: a file per address, beside its own bookkeeping. */
  const reserved = () =>
    existsSync(join(dataDir, 'blue'))
      ? readdirSync(join(dataDir, 'blue')).filter((name) => /^\d+\.|::/.test(name))
      : [];

  it('gives the endpoint the host bits of its answer, as a /32 and a /128 of our own', async () => {
    const { v4, v6, result } = await add(container, { conf });
    expect([v4, v6]).to.eql(['10.20.1.130', '2001:db8:20:1:8000::2']);
    expect(result.ips[0].address).to.equal('10.20.1.130/32');
    await atTor(lab, v4);
    await atTor(lab, v6);
    expect(reserved()).to.have.lengthOf(2);
  });

  it('gives the address back with DEL, also after the controller was killed in between', async () => {
    await lab.node('node1').kill('slash32d', 'SIGKILL');
    await lab.node('node1').start('slash32d');
    await del(container, { conf });
    expect(reserved()).to.eql([]);
    expect(await holdings(lab.node('node1'))).to.eql(NOTHING);
  });

  it("passes the plugin's own refusal on, and leaves nothing", async () => {
    const other = await lab.container('node1', 'one-too-many');
    await add(container, { conf });
    const refused = await cni('ADD', other, { conf });
    expect(refused.exitCode).to.equal(1);
    expect(refused.json.msg).to.match(/no IP addresses available/);
    await del(container, { conf });
    expect(reserved()).to.eql([]);
    expect(await holdings(lab.node('node1'))).to.eql(NOTHING);
  });
});
