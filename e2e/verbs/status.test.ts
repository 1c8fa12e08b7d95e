/** STATUS on the real fabric: from memory, with the code and the reason that the runtime can show. */
import { readFileSync, writeFileSync } from 'node:fs';
import { expect } from 'chai';
import type { Container } from '../lab/container.js';
import type { Lab } from '../lab/lab.js';
import type { LabNode } from '../lab/node.js';
import { type Answer, add, cni, del } from '../lab/runtime.js';
import { until } from '../lab/until.js';
import { fabricUp, peersUp } from '../main-job/fabric.js';

const [NO_ADD, CUT_OFF] = [50, 51];

describe('STATUS', () => {
  let lab: Lab;
  let node: LabNode;
  let some: Container;

  before(async () => {
    lab = await fabricUp('verbs-status');
    node = lab.node('node1');
    some = await lab.container('node1', 'some');
    await ready();
  });
  after(() => lab?.down());

  const status = (network = 'blue', conf: object = {}): Promise<Answer> =>
    cni('STATUS', some, { network, conf: { cniVersion: '1.1.0', ...conf } });
  const ready = () => until(async () => (await status()).exitCode === 0, { what: 'STATUS to say yes' });

  /** Waits for a code, and hands on the reason. Every answer on the way must be quick. */
  async function says(code: number, network = 'blue'): Promise<string> {
    return until(
      async () => {
        const { json, milliseconds } = await status(network);
        expect(milliseconds, 'STATUS took too long').to.be.lessThan(1000);
        return json?.code === code ? (json.msg as string) : undefined;
      },
      { what: `STATUS ${code}` },
    );
  }

  it('says yes without a word while all is well, whatever network', async () => {
    for (const network of ['blue', 'red']) {
      const answer = await status(network);
      expect(answer.exitCode, JSON.stringify(answer.json)).to.equal(0);
      expect(answer.json).to.equal(undefined);
    }
  });

  it('is unknown before 1.1.0', async () => {
    expect((await status('blue', { cniVersion: '1.0.0' })).json.code).to.equal(1);
  });

  it('says 50 for a network that this node does not have, and for a wish that is not supported 2', async () => {
    expect((await status('green')).json).to.include({ code: NO_ADD });
    expect((await status('blue', { communities: ['65000:100'] })).json).to.include({ code: 2 });
  });

  it('says 50 when the pool of the network is full, names it, and only for that network', async () => {
    const file = node.boundFile('/etc/slash32/node.yaml');
    const before = readFileSync(file, 'utf8');
    writeFileSync(file, before.replace('10.20.1.0/24', '10.20.1.0/31'));
    const full = [await lab.container('node1', 'full-1'), await lab.container('node1', 'full-2')];
    try {
      await node.kill('slash32d', 'SIGHUP');
      await until(() => node.log('slash32d').includes('configuration reloaded'), { what: 'the new pools' });
      for (const container of full) await add(container);
      expect(await says(NO_ADD)).to.match(/^no free address in 10\.20\.1\.0\/31 of network "blue"/);
      expect((await status('red')).exitCode).to.equal(0);
      await del(full[0]!);
      expect((await status()).exitCode, 'one DEL makes room').to.equal(0);
    } finally {
      writeFileSync(file, before);
      await node.kill('slash32d', 'SIGHUP');
      for (const container of full) await del(container);
    }
    await ready();
  });

  it('asks a delegated IPAM plugin, and does not need our pools then', async () => {
    const ipam = { type: 'host-local', ranges: [[{ subnet: '10.20.1.128/25' }]] };
    expect((await status('blue', { ipam })).exitCode).to.equal(0);
    const { json } = await status('blue', { ipam: { type: 'nobody-has-this' } });
    expect(json.code).to.equal(NO_ADD);
    expect(json.msg).to.match(/^IPAM plugin nobody-has-this: /);
  });

  it('says 51 when the last BGP session is gone, and names the peers', async () => {
    const shut = (no: string) =>
      lab
        .node('tor1')
        .exec([
          'vtysh',
          '-c',
          'configure',
          '-c',
          'router bgp 65000',
          ...neighbours.flatMap((it) => ['-c', `${no}neighbor ${it} shutdown`]),
        ]);
    const neighbours = ['192.0.2.1', '2001:db8:ffff:1::1'];
    await shut('');
    try {
      expect(await says(CUT_OFF)).to.match(/^no BGP session is established \(tor1[:;].* tor1-v6/);
    } finally {
      await shut('no ');
    }
    await ready();
  });

  it('says 50 while gobgpd is away, and 0 again when sidecar and sessions are back', async () => {
    await node.kill('sidecar', 'SIGKILL');
    await until(() => node.pid('gobgpd') === undefined, { what: 'gobgpd to have died with its supervisor' });
    expect(await says(NO_ADD)).to.match(/gobgpd is away/);
    await node.start('sidecar');
    await peersUp(lab);
    await ready();
  });
});
