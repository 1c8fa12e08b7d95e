/** A peer that kills gobgpd, really: 3.10 panics at a message of unknown type. The others must not suffer for it. */
import { fileURLToPath } from 'node:url';
import { expect } from 'chai';
import { execa } from 'execa';
import type { Lab } from '../lab/lab.js';
import { monitorRoutes } from '../lab/route-monitor.js';
import { add } from '../lab/runtime.js';
import { until } from '../lab/until.js';
import { atTor } from '../main-job/fabric.js';
import { reconfigure } from '../networks/reconfigure.js';
import { established, peersLab, sessions, status } from './fabric.js';

const POISON = fileURLToPath(new URL('poison-peer.js', import.meta.url));
const WORDS = /^left out for \d+ min more, because gobgpd breaks down with it \(exit code 2: panic: .*SIGHUP/;

describe('a peer that kills gobgpd again and again', () => {
  let lab: Lab;

  before(async () => {
    lab = await peersLab('poison');
  });
  after(() => lab?.down());

  it('is left out, with reason and remedy, and no route of the others changes', async () => {
    const node = lab.node('node2');
    const container = await lab.container('node2', 'blue-2');
    const { v4 } = await add(container);
    await atTor(lab, v4);
    const monitor = await monitorRoutes(lab.node('tor1').namespace);
    await reconfigure(node, (yaml) =>
      yaml.replace('  peers:\n', '  peers:\n    - { name: poison, address: 203.0.113.5, asn: 65013, passive: true }\n'),
    );
    const { namespace } = lab.node('twin');
    const argv = ['netns', 'exec', namespace, process.execPath, POISON, '203.0.113.5', '203.0.113.1', '65013'];
    const poison = execa('ip', argv, { reject: false });
    try {
      const reasonOf = async (name: string) =>
        (await status(node)).peers.find((peer: { name: string }) => peer.name === name).reason as string | undefined;
      await until(async () => WORDS.test((await reasonOf('poison')) ?? ''), {
        what: 'the poison to be left out',
        timeout: 200_000,
      });
      await established(node, 2);
      const pid = node.pid('gobgpd');
      const before = await sessions(node);
      // It still knocks at the door three times a second, and is not let in.
      await new Promise((resolve) => setTimeout(resolve, 3_000));
      expect(node.pid('gobgpd')).to.equal(pid);
      expect(await sessions(node)).to.deep.equal(before);
      expect(before.map(({ address }) => address)).to.have.members(['192.0.2.2', '2001:db8:ffff:2::']);
      const gone = (await monitor.stop()).filter(({ deleted, route }) => deleted && route.includes(v4));
      expect(gone).to.deep.equal([]);
    } finally {
      poison.kill('SIGKILL');
      await poison;
    }
  });
});
