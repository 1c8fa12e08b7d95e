import { appendFileSync } from 'node:fs';
import { connect, type Socket } from 'node:net';
import { expect } from 'chai';
import { MAX_STDIN } from '../../src/cni/frame.js';
import { scriptedIpam } from '../conformance/ipam.js';
import type { Lab } from '../lab/lab.js';
import type { LabNode } from '../lab/node.js';
import { add, cni, del } from '../lab/runtime.js';
import { until } from '../lab/until.js';
import { atNodes, fabricUp } from '../main-job/fabric.js';
import { type Invariants, type Survivor, watchInvariants } from './invariants.js';

const SECRET = 'correct-horse-battery-staple';

describe('the invariants after a fault', () => {
  let lab: Lab;
  let node: LabNode;
  let invariants: Invariants;
  let survivors: Survivor[];

  before(async function () {
    this.timeout(90_000);
    lab = await fabricUp('clients-invariants');
    node = lab.node('node1');
    const attached = async (name: string, on = 'node1'): Promise<Survivor> => {
      const container = await lab.container(on, name);
      return Object.assign(container, await add(container));
    };
    survivors = [await attached('first'), await attached('second'), await attached('afar', 'node2')];
    for (const { v4, v6 } of survivors) for (const own of [v4, v6]) await atNodes(lab, own);
  });
  beforeEach(async () => {
    invariants = await watchInvariants(lab, 'node1');
  });
  afterEach(() => invariants.end());
  after(() => lab?.down());

  it('hold through ADDs, DELs and a refusal that is told a secret', async () => {
    const guest = await lab.container('node1', 'guest');
    await add(guest);
    const conf = { password: SECRET, args: { labels: [{ key: 'token', value: SECRET }] } };
    const again = await cni('ADD', guest, { conf, env: { CNI_ARGS: `IgnoreUnknown=1;K8S_TOKEN=${SECRET}` } });
    expect(again.exitCode).to.equal(1);
    await del(guest);
    await invariants.hold({ survivors, refused: [guest.name], secrets: [SECRET] });
  });

  /** What is broken once the plant has taken effect; and nothing is when it is gone. */
  async function reports(expected: RegExp, plant: () => unknown, remove: () => unknown): Promise<void> {
    await plant();
    try {
      const seen = async () =>
        (await invariants.broken({ survivors, secrets: [SECRET] })).some((it) => expected.test(it));
      await until(seen, { what: `a report of ${expected}` });
    } finally {
      await remove();
    }
  }

  it('I3: report a survivor that is cut off', async () => {
    const [{ hostLink, v4 }] = survivors as [Survivor, Survivor];
    const filter = ['netdev', 's32planted'];
    const chain = `{ type filter hook ingress device ${hostLink} priority 0; policy drop; }`;
    await reports(
      new RegExp(`^I3: afar does not reach ${v4}$`),
      async () => {
        await node.exec(['nft', 'add', 'table', ...filter]);
        await node.exec(['nft', 'add', 'chain', ...filter, 'planted', chain]);
      },
      () => node.exec(['nft', 'delete', 'table', ...filter]),
    );
    await invariants.hold({ survivors });
  });

  it('I4: report a foreign route, rule and table that came, and one that went', async () => {
    const route = ['198.51.100.0/24', 'via', '192.0.2.0', 'proto', 'static'];
    await reports(
      /^I4: foreign new: 198\.51\.100\.0\/24 via 192\.0\.2\.0/,
      () => node.exec(['ip', 'route', 'add', ...route]),
      () => node.exec(['ip', 'route', 'del', ...route]),
    );
    await reports(
      /^I4: foreign new: table inet s32planted/,
      () => node.exec(['nft', 'add', 'table', 'inet', 's32planted']),
      () => node.exec(['nft', 'delete', 'table', 'inet', 's32planted']),
    );
    await reports(
      /^I4: foreign gone: .*eth1/,
      () => node.exec(['ip', 'link', 'set', 'eth1', 'mtu', '1400']),
      () => node.exec(['ip', 'link', 'set', 'eth1', 'mtu', '1500']),
    );
  });

  it('I5: report a route of a survivor that came and went at the ToR', async () => {
    const [{ v4 }] = survivors as [Survivor, Survivor];
    const flap = ['ip', 'route', 'replace', v4, 'via', '192.0.2.1', 'metric', '7'];
    await reports(
      new RegExp(`^I5: .* at the ToR: deleted ${v4.replaceAll('.', '\\.')} `),
      async () => {
        await lab.node('tor1').exec(flap);
        await lab.node('tor1').exec(['ip', 'route', 'del', v4, 'metric', '7']);
      },
      () => {},
    );
  });

  it('I6: report descriptors, memory and child processes that the controller keeps', async () => {
    const open: Socket[] = [];
    await reports(
      /^I6: \d+ more descriptors socket:/,
      () => open.push(...Array.from({ length: 5 }, () => connect(node.cniSocket))),
      () => open.splice(0).map((socket) => socket.destroy()),
    );
    await invariants.hold({ survivors });
    using ipam = scriptedIpam('while [ ! -e "$RESERVED" ]; do sleep 0.1; done; exit 1', 'true');
    const guest = await lab.container('node1', 'slow');
    const call = { conf: { ipam: { type: ipam.type } }, env: { CNI_PATH: ipam.directory } };
    let adding: Promise<unknown> | undefined;
    await reports(
      /^I6: \d+ more child processes$/,
      () => {
        adding = cni('ADD', guest, call);
      },
      () => {
        ipam.reserve();
        return adding;
      },
    );
    await invariants.hold({ survivors, refused: [guest.name] });
    // A frame that is announced and never comes to its end is held until its connection ends.
    const begun = `SLASH32/1 0 ${MAX_STDIN}\n${' '.repeat(900_000)}`;
    await reports(
      /^I6: \d+ KiB more memory$/,
      () => {
        for (let i = 0; i < 200; i++) {
          const socket = connect(node.cniSocket);
          socket.on('error', () => {});
          socket.write(begun);
          open.push(socket);
        }
      },
      () => open.splice(0).map((socket) => socket.destroy()),
    );
  }).timeout(240_000);

  it('I7: report a refusal without its line, a line without refusal, and a secret in the log', async () => {
    expect(await invariants.broken({ refused: ['nobody'] })).to.include('I7: 0 warnings about nobody, expected 1');
    const log = node.logFile('slash32d');
    const line = { level: 'warn', event: 'cni', verb: 'ADD', containerId: 'planted', message: SECRET };
    await reports(
      /^I7: a secret stands in the log$/,
      () => appendFileSync(log, `${JSON.stringify(line)}\n`),
      () => {},
    );
    expect(await invariants.broken({ refused: [] })).to.include('I7: 1 warnings about planted, expected 0');
  });
});
