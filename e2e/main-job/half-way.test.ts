/** ADD breaks off at each of its steps, once by an error and once by a kill, and nothing is left. */
import { join } from 'node:path';
import { expect } from 'chai';
import type { Container } from '../lab/container.js';
import type { Lab } from '../lab/lab.js';
import { add, cni, del } from '../lab/runtime.js';
import { until } from '../lab/until.js';
import { fabricUp, holdings, kernelRoutes, NOTHING } from './fabric.js';
import { FAULTS, SAYS } from './faults.js';

const FAULTY = join(import.meta.dirname, 'faulty-slash32d.js');

describe('an ADD that breaks off', () => {
  let lab: Lab;
  let container: Container;

  before(async () => {
    lab = await fabricUp('halfway');
    container = await lab.container('node1', 'half');
  });
  after(() => lab?.down());

  /** Replaces the controller by one with this fault, armed once it is ready. */
  async function withFault(mode: 'error' | 'kill', step: string): Promise<void> {
    const node = lab.node('node1');
    if (node.pid('slash32d')) await node.kill('slash32d', 'SIGKILL');
    await node.start('slash32d', { program: [process.execPath, FAULTY], env: { S32_FAULT: `${mode} ${step}` } });
    const pid = node.pid('slash32d')!;
    process.kill(pid, 'SIGUSR2');
    await until(() => node.log('slash32d').includes(`armed ${pid}`), { what: 'the fault to be armed' });
  }

  /** What was announced for a moment is withdrawn: the peer has no route to any container. */
  const nothingAtTor = () =>
    until(
      async () => {
        const [v4, v6] = [
          await kernelRoutes(lab.node('tor1'), 'main', 4),
          await kernelRoutes(lab.node('tor1'), 'main', 6),
        ];
        return ![...v4, ...v6].some((prefix) => /^(10\.20\.|2001:db8:20:)/.test(prefix));
      },
      { what: 'the routes to be gone from the kernel of tor1' },
    );

  for (const step of Object.keys(FAULTS) as (keyof typeof FAULTS)[]) {
    it(`at ${step} by an error names the step and leaves nothing`, async () => {
      await withFault('error', step);
      const { exitCode, json } = await cni('ADD', container);
      expect(exitCode).to.equal(1);
      expect(json.msg).to.match(SAYS[step]);
      expect(json.msg).to.include('injected');
      expect(await holdings(lab.node('node1'))).to.eql(NOTHING);
      expect((await container.attempt(['ip', 'link', 'show', 'eth0'])).code).not.to.equal(0);
      await nothingAtTor();
    });

    it(`at ${step} because the controller is killed leaves nothing once it is back, and the next ADD works`, async () => {
      await withFault('kill', step);
      const { exitCode, json } = await cni('ADD', container, { env: { SLASH32_CONNECT_MS: '200' } });
      expect([exitCode, json.code]).to.eql([1, 11]);
      const node = lab.node('node1');
      await until(() => node.pid('slash32d') === undefined, { what: 'the controller to have died' });
      await node.start('slash32d');
      await until(async () => (await holdings(node)).announced.length === 0, { what: 'the announcements to be gone' });
      expect(await holdings(node)).to.eql(NOTHING);
      await nothingAtTor();
      await add(container);
      await del(container);
      expect(await holdings(node)).to.eql(NOTHING);
    });
  }
});
