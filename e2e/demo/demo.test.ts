/** The demo, as its user calls it. */
import { existsSync } from 'node:fs';
import { expect } from 'chai';
import { execa } from 'execa';
import { differences, foreignState } from '../lab/foreign-state.js';
import { Lab } from '../lab/lab.js';
import { inRepository } from '../lab/repository.js';
import { labDirectory } from '../lab/state.js';
import { until } from '../lab/until.js';
import { DEMO } from './up.js';

const demo = (verb: string) => execa(process.execPath, [inRepository('dist/e2e/demo.js'), verb], { reject: false });

describe('the demo', () => {
  let isOurs = false;

  before(function () {
    if (Lab.find(DEMO)) this.skip(); // Somebody is looking at it.
    isOurs = true;
  });

  after(async () => {
    if (isOurs) await demo('down');
  });

  it('ends with its containers, the view of the ToR, pings that work and pings that must not', async () => {
    const { stdout, exitCode } = await demo('up');
    expect(exitCode, stdout).to.equal(0);
    for (const name of ['blue-1', 'red-1', 'blue-2', 'red-2']) {
      expect(stdout).to.match(
        new RegExp(`^${name} +node\\d +\\w+ +10\\.[23]0\\.\\d\\.\\d+/32 +2001:db8:\\S+/128 +\\d+\\.\\d$`, 'm'),
      );
    }
    expect(stdout).to.match(/^tor1# show ip route bgp\nB>\* 10\.20\.1\.\d+\/32 .* eth1/m);
    expect(stdout).to.match(/^tor1# show ipv6 route bgp\nB>\* 2001:db8:20:1:/m);
    expect(stdout.match(/^(blue|red)-1 +-> \1-2 +\S+ +ok +[\d.]+ ms$/gm)).to.have.length(4);
    expect(stdout.match(/^blue-\d +-> red-\d +\S+ +no route +as intended/gm)).to.have.length(6);
    expect(stdout).not.to.contain('\u001b');
    expect(stdout).to.match(/the demo took [\d.]+ s; it stays up until: npm run demo:down$/);
  });

  it('asked twice says so and changes nothing', async () => {
    const pid = Lab.find(DEMO)?.node('node1').pid('slash32d');
    const { stdout, exitCode } = await demo('up');
    expect(exitCode).to.equal(0);
    expect(stdout).to.match(/^the demo is up since .*nothing was changed/);
    expect(Lab.find(DEMO)?.node('node1').pid('slash32d')).to.equal(pid).and.to.be.a('number');
  });

  it('is removed to the last trace, and says what it removed', async () => {
    const { stdout } = await demo('down');
    expect(stdout).to.match(/^removed 6 processes and 7 network namespaces with their links:\n {2}s32-demo-tor1 /);
    expect(existsSync(labDirectory(DEMO))).to.equal(false);
    expect((await demo('down')).stdout).to.equal('no demo is up');
  });

  it('that is interrupted removes what it has made, and says so; killed half-way it is none that is up', async () => {
    const endedBy = async (signal: NodeJS.Signals) => {
      const running = execa(process.execPath, [inRepository('dist/e2e/demo.js'), 'up'], { reject: false });
      await until(async () => existsSync('/run/netns/s32-demo-blue-1'), { what: "the demo's third step" });
      running.kill(signal);
      return running;
    };
    const { stdout, exitCode } = await endedBy('SIGINT');
    expect(exitCode, stdout).to.equal(130);
    expect(stdout).to.match(/^interrupted: [\s\S]*^the demo has been taken down again; nothing is left$/m);
    expect(existsSync(labDirectory(DEMO))).to.equal(false);
    await endedBy('SIGKILL');
    expect(Lab.find(DEMO)?.condition).to.equal('wreck');
    expect((await demo('down')).stdout).to.match(/^removed /);
  });

  it('that fails says why, shows the log that matters, and leaves nothing', async () => {
    const before = await foreignState();
    // A namespace of somebody else has the name of one of the demo's containers.
    await execa('ip', ['netns', 'add', 's32-demo-red-1']);
    try {
      const { stdout, exitCode } = await demo('up');
      expect(exitCode).to.equal(1);
      expect(stdout).to.match(/four containers .* failed\n/);
      expect(stdout).to.match(/^-- \/run\/s32-demo\/node1\/log\/slash32d\.log, its end:$/m);
      expect(Lab.find(DEMO)).to.equal(undefined);
    } finally {
      await execa('ip', ['netns', 'delete', 's32-demo-red-1']);
    }
    // Other labs may come and go meanwhile.
    const isOthers = (line: string) => line.startsWith('entry of /run/netns') && !line.includes('s32-demo');
    expect(differences(before, await foreignState()).filter((line) => !isOthers(line))).to.deep.equal([]);
  });
});
