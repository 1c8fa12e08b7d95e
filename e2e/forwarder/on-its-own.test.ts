import { expect } from 'chai';
import { execute, executeInShell, MOMENT, OPEN, Place, printed } from './run-forwarder.js';

const SUPPORTED = ['0.1.0', '0.2.0', '0.3.0', '0.3.1', '0.4.0', '1.0.0', '1.1.0'];

describe('the forwarder on its own', function () {
  this.timeout(90_000);
  it('K1: tells a person what it is when there is no CNI_COMMAND, on stderr only, and exits 0', async () => {
    for (const environment of [{}, { CNI_COMMAND: '' }]) {
      const about = await execute(environment, OPEN);
      expect(about).to.include({ exitCode: 0, stdout: '' });
      expect(about.stderr).to.contain(SUPPORTED.join(', '));
    }
  });

  it('K2: refuses an unknown or lower-case command with code 4 and names it, quoted safely and cut short', async () => {
    for (const command of ['add', 'REPAIR', 'a"b\\c\nd', `é${'x'.repeat(5000)}`]) {
      const refusal = await execute({ CNI_COMMAND: command });
      expect(refusal.exitCode).to.equal(1);
      expect(printed(refusal)).to.include({ code: 4, cniVersion: '1.0.0' });
      expect(printed(refusal).msg).to.contain(command.replace(/[^ -~]/g, '').slice(0, 3));
      expect(printed(refusal).msg).to.have.length.below(100);
    }
  });

  it('V17: answers VERSION in the version of the config, with no controller and no id', async () => {
    const dummy = { CNI_COMMAND: 'VERSION', CNI_NETNS: 'dummy', CNI_IFNAME: 'dummy', CNI_PATH: 'dummy' };
    const version = await execute(dummy, '{"cniVersion":"0.4.0"}');
    expect(version).to.include({ exitCode: 0, stderr: '' });
    expect(printed(version)).to.deep.equal({ cniVersion: '0.4.0', supportedVersions: SUPPORTED });
  });

  it('V17: answers VERSION with an empty, closed or endless stdin', async () => {
    expect(printed(await execute({ CNI_COMMAND: 'VERSION' }, '')).cniVersion).to.equal('1.1.0');
    for (const stdin of ['<&-', '< <(yes)', '</']) {
      const version = await executeInShell(`"$FORWARDER" ${stdin}`, { CNI_COMMAND: 'VERSION' });
      expect(version.exitCode, stdin).to.equal(0);
      expect(printed(version).cniVersion, stdin).to.equal('1.1.0');
    }
  });

  it('V17: waits only briefly for a stdin that VERSION does not close, and uses what came', async () => {
    const silent = await execute({ CNI_COMMAND: 'VERSION' }, OPEN);
    expect(printed(silent).cniVersion).to.equal('1.1.0');
    expect(silent.milliseconds).to.be.within(190, MOMENT);
    const line = `"$FORWARDER" < <(printf '{"cniVersion":"0.3.1"}'; exec sleep 12 2>&-)`;
    const spoken = await executeInShell(line, { CNI_COMMAND: 'VERSION' });
    expect(printed(spoken).cniVersion).to.equal('0.3.1');
    expect(spoken.milliseconds).to.be.below(MOMENT);
  });

  const configs: Record<string, string> = {
    '{"prevResult":{"cniVersion":"0.1.0"},"cniVersion" : "1.0.0"}': '1.0.0',
    '{"cniVersion":"0.3.0","prevResult":{"cniVersion":"1.1.0"}}': '0.3.0',
    '{"name":"cniVersion","a\\"b":"{[","cniVersion":"0.2.0"}': '0.2.0',
    '{"cniVersion":"0.1.0","cniVersion":"0.4.0"}': '0.4.0',
    '{"cniVersion":"9.9.9"': '9.9.9',
    '{"args":[{"cniVersion":"0.1.0"}]}': '1.1.0',
    '{"cniVersion":1.0}': '1.1.0',
    '{"cniVersion":""}': '1.1.0',
    '{"cniVersion":"1.0.0\\u0022"}': '1.1.0',
    '{"cniVersion":"12345678901234567"}': '1.1.0',
    '{"cniVersion":"1.0.0': '1.1.0',
    '{"cniVersion"': '1.1.0',
    ']]}}{"cniVersion":"1.0.0"}': '1.1.0',
    null: '1.1.0',
  };
  for (const [config, version] of Object.entries(configs)) {
    it(`finds version ${version} in ${config}`, async () => {
      expect(printed(await execute({ CNI_COMMAND: 'VERSION' }, config)).cniVersion).to.equal(version);
    });
  }

  it('refuses a socket path that is relative, too long, or a directory, with code 4', async () => {
    using place = new Place();
    for (const path of ['cni.sock', '/run/slash32/', `/${'x'.repeat(107)}`]) {
      for (const command of ['ADD', 'DEL', 'STATUS']) {
        const refusal = await execute(place.verb(command, { SLASH32_SOCKET: path }), '{"cniVersion":"0.4.0"}');
        expect(refusal.exitCode).to.equal(1);
        expect(printed(refusal)).to.include({ code: 4, cniVersion: '0.4.0' });
      }
    }
  });

  it('A30: says by its exit code that nobody could hear it', async () => {
    for (const stdout of ['>&-', '>/dev/full']) {
      const lost = await executeInShell(`"$FORWARDER" ${stdout}`, { CNI_COMMAND: 'VERSION' });
      expect(lost.exitCode, stdout).to.equal(1);
    }
  });
});
