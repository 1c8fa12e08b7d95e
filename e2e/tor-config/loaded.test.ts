/** What tor-config prints is not only text: real daemons load it, and containers are reachable through them. */
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect } from 'chai';
import { execa } from 'execa';
import { startFrr } from '../gobgp/frr.js';
import { createLab } from '../gobgp/lab.js';
import type { Container } from '../lab/container.js';
import type { Lab } from '../lab/lab.js';
import { isAnswered } from '../lab/ping.js';
import { inRepository } from '../lab/repository.js';
import { type Attached, add } from '../lab/runtime.js';
import { until } from '../lab/until.js';
import { atTor, kernelRoutes } from '../main-job/fabric.js';
import { fabricWith, printed } from './fabric.js';

const RANGE = ['--listen', '192.0.2.0/24', '2001:db8:ffff::/48'];

for (const [vendor, options] of [
  ['frr', []],
  ['bird', RANGE],
  ['bird', []],
  ['frr', RANGE],
] as const) {
  const how = options.length > 0 ? 'a range of nodes' : 'a session for each node';
  describe(`a ${vendor} with what tor-config prints for ${how}`, () => {
    let lab: Lab;
    const at: Record<string, Container & Attached> = {};

    before(async () => {
      const name = `${vendor}${options.length > 0 ? '-range' : ''}`;
      lab = await fabricWith({ name, tor: vendor, options, password: 'correct-horse' });
      for (const [node, container] of [
        ['node1', 'blue-1'],
        ['node2', 'blue-2'],
      ] as const) {
        const made = await lab.container(node, container);
        at[container] = Object.assign(made, await add(made));
      }
    });
    after(() => lab?.down());

    it('has the routes of both containers in its kernel, and packets flow in both families', async () => {
      for (const { v4, v6 } of Object.values(at)) {
        await atTor(lab, v4);
        await atTor(lab, v6);
      }
      for (const address of [at['blue-2']!.v4, at['blue-2']!.v6]) {
        await until(() => isAnswered(at['blue-1']!, address), {
          what: `blue-1 to reach ${address}`,
        });
      }
    });

    it('takes host routes of the networks, and nothing shorter or outside', async () => {
      const node = lab.node('node1');
      for (const prefix of ['10.20.0.0/16', '10.20.9.0/24', '10.99.0.1/32', '0.0.0.0/0', '10.20.77.7/32']) {
        await node.gobgp('global', 'rib', 'add', prefix, '-a', 'ipv4');
      }
      // The last one is the control: what was said before it has arrived too.
      await atTor(lab, '10.20.77.7');
      const routes = await kernelRoutes(lab.node('tor1'), 'main');
      for (const refused of ['10.20.0.0/16', '10.20.9.0/24', '10.99.0.1', 'default']) {
        expect(routes).to.not.include(refused);
      }
    });
  });
}

describe('an FRR with nodes that have link-local addresses only', () => {
  it('cannot listen to all of them, in its own words, and takes their links as what is printed says', async () => {
    await using lab = await createLab('linklocal');
    const text = await printed('frr', ['--listen', 'fe80::/10'], [inRepository('e2e/peers/node1.yaml')]);
    const [line = '', group] = /neighbor LINK interface peer-group (\S+)/.exec(text) ?? [];
    const frr = await startFrr(lab, text);
    const configure = (command: string) => frr.vtysh('configure terminal', 'router bgp 65000', command);
    const refused = await configure(`bgp listen range fe80::/10 peer-group ${group}`).catch((error) => error.stdout);
    expect(refused).to.include('Malformed listen range');
    await configure(line.replace('LINK', 'wire'));
    const running = await frr.vtysh('show running-config');
    expect(running).to.include(`neighbor wire interface peer-group ${group}`);
    expect(running).to.include(`neighbor ${group} activate`).and.not.include('fe80');
  });
});

const CHECK = {
  bird: { preface: 'router id 192.0.2.0;\n', argv: (file: string) => ['bird', '-p', '-c', file] },
  frr: { preface: '', argv: (file: string) => ['vtysh', '-C', '-f', file] },
};

for (const [vendor, { preface, argv }] of Object.entries(CHECK)) {
  it(`${argv('FILE').join(' ')} finds no mistake in it, and does find one that is put there`, async () => {
    const directory = mkdtempSync(join(tmpdir(), 's32-torconfig-'));
    try {
      const file = join(directory, 'tor.conf');
      for (const options of [[], RANGE]) {
        const good = preface + (await printed(vendor, options));
        for (const [text, isFine] of [
          [good, true],
          [good.replace(/ timers|hold time/, ' hodl'), false],
        ] as const) {
          writeFileSync(file, text);
          const [program = '', ...words] = argv(file);
          const { exitCode, all } = await execa(program, words, { reject: false, all: true });
          expect(exitCode === 0, `${vendor}: ${all}`).to.equal(isFine);
        }
      }
    } finally {
      rmSync(directory, { recursive: true });
    }
  });
}
