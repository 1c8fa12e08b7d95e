/** SIGHUP: what changed is changed, and a session that did not is not touched. Its witness is how long it has been up. */
import { readFileSync, writeFileSync } from 'node:fs';
import { expect } from 'chai';
import type { Lab } from '../lab/lab.js';
import type { LabNode } from '../lab/node.js';
import { until } from '../lab/until.js';
import { reconfigure } from '../networks/reconfigure.js';
import { established, peersLab, sessions, status } from './fabric.js';

describe('a reload', () => {
  let lab: Lab;
  let node: LabNode;
  let original: string;

  before(async function () {
    this.timeout(120_000);
    lab = await peersLab('reload');
    node = lab.node('node2');
    original = readFileSync(file(), 'utf8');
  });
  afterEach(async () => {
    await reconfigure(node, () => original);
    await established(node, 2);
  });
  after(() => lab?.down());

  const file = () => node.boundFile('/etc/slash32/node.yaml');
  const since = async (address: string) => (await sessions(node)).find((session) => session.address === address)?.since;
  const [V4, V6] = ['192.0.2.2', '2001:db8:ffff:2::'];

  it('starts the session anew that has other settings, adds and removes, and touches no other', async () => {
    const [four, six] = [await since(V4), await since(V6)];
    await reconfigure(node, (yaml) =>
      yaml
        .replace('hold: 12s, keepalive: 4s', 'hold: 15s, keepalive: 5s')
        .replace('  peers:\n', '  peers:\n    - { name: quiet, address: 203.0.113.9, asn: 65010 }\n'),
    );
    await until(async () => ((await since(V6)) ?? 0) > (six ?? 0), {
      what: 'another session over IPv6',
      timeout: 40_000,
    });
    expect((await sessions(node)).map(({ address }) => address)).to.have.members([V4, V6, '203.0.113.9']);
    await reconfigure(node, () => original);
    await until(async () => (await sessions(node)).length === 2, { what: 'the peer to be gone' });
    expect(await since(V4)).to.equal(four);
  });

  it('with a mistake changes nothing, and says where the mistake is', async () => {
    const before = await sessions(node);
    writeFileSync(
      file(),
      original.replace('ttlSecurity: 1, localAddress', 'ttlSecurity: 1, multihop: 3, localAddress'),
    );
    await node.kill('slash32d', 'SIGHUP');
    await until(
      () => /node\.yaml:6:\d+: bgp\.peers\.0\.ttlSecurity: sends with a TTL of 255/.test(node.log('slash32d')),
      {
        what: 'the complaint',
      },
    );
    expect(await sessions(node)).to.deep.equal(before);
    expect((await status(node)).code).to.equal(0);
  });

  it('says what only a restart of gobgpd changes, and that restart brings it', async () => {
    const listens = async () => (await node.exec(['ss', '-Hltn'])).includes(':1790 ');
    await reconfigure(node, (yaml) => yaml.replace('  asn: 4200000002\n', '  asn: 4200000002\n  listenPort: 1790\n'));
    const seen = await until(async () => ((await status(node)).troubles.length > 0 ? await status(node) : undefined), {
      what: 'the trouble to be told',
    });
    expect(seen.code).to.equal(3);
    expect(seen.troubles[0]).to.match(/^configured is listenPort 1790, and gobgpd runs with 179: restart gobgpd/);
    expect(await listens()).to.equal(false);
    await node.kill('gobgpd', 'SIGKILL');
    await until(listens, { what: 'gobgpd on its new port' });
    await until(async () => (await status(node)).troubles.length === 0, { what: 'the trouble to be over' });
    await reconfigure(node, () => original);
    await node.kill('gobgpd', 'SIGKILL');
  });
});
