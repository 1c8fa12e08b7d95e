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

  before(async () => {
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
    // The witness counts whole seconds.
    await until(() => Date.now() / 1000 > (six ?? 0) + 1, { what: 'the next second' });
    await reconfigure(node, (yaml) =>
      yaml
        .replace('hold: 12s, keepalive: 4s', 'hold: 15s, keepalive: 5s')
        .replace('  peers:\n', '  peers:\n    - { name: quiet, address: 203.0.113.9, asn: 65010 }\n'),
    );
    await until(async () => ((await since(V6)) ?? 0) > (six ?? 0), {
      what: 'another session over IPv6',
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
    await until(async () => (await status(node)).code === 0, { what: 'status to find nothing wrong' });
  });

  it('says what only a restart of gobgpd changes, and that restart brings it', async () => {
    const listens = async () => (await node.exec(['ss', '-Hltn'])).includes(':1790 ');
    await reconfigure(node, (yaml) => yaml.replace('  asn: 4200000002\n', '  asn: 4200000002\n  listenPort: 1790\n'));
    const troubled = async () => [await status(node)].find(({ troubles }) => troubles.length > 0);
    const seen = await until(troubled, { what: 'the trouble to be told' });
    expect(seen.code).to.equal(3);
    expect(seen.troubles[0]).to.match(/^configured is listenPort 1790, and gobgpd runs with 179: restart gobgpd/);
    expect(await listens()).to.equal(false);
    await node.kill('gobgpd', 'SIGKILL');
    await until(listens, { what: 'gobgpd on its new port' });
    await until(async () => (await status(node)).troubles.length === 0, { what: 'the trouble to be over' });
    await reconfigure(node, () => original);
    await node.kill('gobgpd', 'SIGKILL');
  });

  it('with a limit of paths lets gobgpd end the session of who sends more, and opens it again later', async () => {
    const say = (...lines: string[]) =>
      lab
        .node('tor1')
        .exec([
          ...['vtysh', '-c', 'configure terminal', '-c', 'router bgp 65000', '-c', 'no bgp network import-check'],
          ...['address-family ipv4 unicast', ...lines].flatMap((line) => ['-c', line]),
        ]);
    await say(...[1, 2, 3].map((i) => `network 10.77.0.${i}/32`));
    await reconfigure(node, (yaml) => yaml.replace('{ name: tor1, ', '{ name: tor1, maxPrefixes: 2, '));
    const view = async () => (await status(node)).peers.find((peer: { name: string }) => peer.name === 'tor1');
    await until(async () => (await view()).overLimit, { what: 'the session to be ended' });
    await until(async () => (await view()).reason === OVER_LIMIT, { what: 'the reason' });
    expect((await sessions(node)).filter((session) => session.established).map(({ address }) => address)).to.eql([V6]);
    await say('no network 10.77.0.3/32');
    await established(node, 2);
  });
});

const OVER_LIMIT = 'sent more than 2 paths of a family: session ended, opened again after 15 s';
