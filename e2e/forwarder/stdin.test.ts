import { expect } from 'chai';
import { answer, listenAt, say } from './fake-controller.js';
import { execute, executeInShell, MOMENT, OPEN, Place, printed } from './run-forwarder.js';

const MEBIBYTE = 1024 * 1024;

describe('what the runtime gives to the forwarder', function () {
  this.timeout(90_000);
  it('reaches the controller byte for byte: stdin as it came, and only the CNI_* variables', async () => {
    using place = new Place();
    await using controller = await listenAt(place.socket, say(answer('')));
    const stdin = Buffer.from([...Array(256).keys(), 0, 10, 255]);
    const environment = place.verb('DEL', { CNI_ARGS: 'K=é;A==b', NODE_OPTIONS: '--require x', TRACEPARENT: '1' });
    expect(await execute(environment, stdin)).to.include({ exitCode: 0, stdout: '' });
    const [heard] = controller.heard;
    expect(heard?.stdin).to.deep.equal(stdin);
    expect(heard?.environment).to.deep.equal({
      CNI_COMMAND: 'DEL',
      CNI_CONTAINERID: 'c1',
      CNI_NETNS: '/run/netns/n1',
      CNI_IFNAME: 'eth0',
      CNI_PATH: '/opt/cni/bin',
      CNI_ARGS: 'K=é;A==b',
    });
  });

  it('K9: 1 MiB of stdin is taken, one byte more is refused with code 5 before any controller hears of it', async () => {
    using place = new Place();
    await using controller = await listenAt(place.socket, say(answer('')));
    const config = Buffer.alloc(MEBIBYTE + 1, ' ');
    config.write('{"cniVersion":"0.3.1","secret":"canary"}');
    expect(await execute(place.verb('CHECK'), config.subarray(0, MEBIBYTE))).to.include({ exitCode: 0, stdout: '' });
    const refusal = await execute(place.verb('CHECK'), config);
    expect(refusal.exitCode).to.equal(1);
    expect(printed(refusal)).to.include({ code: 5, cniVersion: '0.3.1' });
    expect(refusal.stdout + refusal.stderr).not.to.contain('canary');
    expect(controller.heard.map(({ stdin }) => stdin.length)).to.deep.equal([MEBIBYTE]);
  });

  it('A28: an endless stdin is refused with code 5 as soon as it is too long', async () => {
    using place = new Place();
    const refusal = await executeInShell('yes | "$FORWARDER"', place.verb('ADD'));
    expect(printed(refusal).code).to.equal(5);
    expect(refusal.milliseconds).to.be.below(MOMENT);
  });

  it('K10: a stdin that never closes is refused with code 5 at the deadline', async () => {
    using place = new Place();
    const refusal = await execute(place.verb('DEL', { SLASH32_STDIN_MS: '300' }), OPEN);
    expect(refusal.exitCode).to.equal(1);
    expect(printed(refusal).code).to.equal(5);
    expect(refusal.milliseconds).to.be.within(290, MOMENT);
  });

  it('K10: a stdin that drips does not move the deadline', async () => {
    using place = new Place();
    const drip = 'while printf " " 2>/dev/null; do sleep 0.05; done | "$FORWARDER"';
    const refusal = await executeInShell(drip, place.verb('ADD', { SLASH32_STDIN_MS: '300' }));
    expect(printed(refusal).code).to.equal(5);
    expect(refusal.milliseconds).to.be.within(290, MOMENT);
  });

  it('a stdin that cannot be read is refused with code 5', async () => {
    using place = new Place();
    for (const stdin of ['<&-', '</']) {
      const refusal = await executeInShell(`"$FORWARDER" ${stdin}`, place.verb('ADD'));
      expect(printed(refusal).code, stdin).to.equal(5);
    }
  });

  it('64 KiB of CNI_* variables are taken, one byte more is refused with code 4', async () => {
    using place = new Place();
    await using controller = await listenAt(place.socket, say(answer('')));
    const without = Object.entries(place.verb('CHECK', { CNI_ARGS: '' })).filter(([name]) => name.startsWith('CNI_'));
    const taken = without.reduce((sum, [name, value]) => sum + name.length + value.length + 2, 0);
    const args = 'x'.repeat(64 * 1024 - taken);
    expect(await execute(place.verb('CHECK', { CNI_ARGS: args }))).to.include({ exitCode: 0, stdout: '' });
    const refusal = await execute(place.verb('CHECK', { CNI_ARGS: `${args}x` }), '{"cniVersion":"0.4.0"}');
    expect(refusal.exitCode).to.equal(1);
    expect(printed(refusal)).to.include({ code: 4, cniVersion: '0.4.0' });
    expect(controller.heard.map(({ environment }) => environment.CNI_ARGS)).to.deep.equal([args]);
  });

  it('of a variable given twice the first counts, for the forwarder and for the controller', async function () {
    if (process.arch !== 'x64') this.skip(); // 59 below is execve there only
    using place = new Place();
    await using controller = await listenAt(place.socket, say(answer('')));
    // No shell and no Node passes a name on twice; perl's execve through a raw system call does.
    const twice = [
      `my @e = ("CNI_COMMAND=CHECK", "SLASH32_SOCKET=$ENV{SLASH32_SOCKET}", "CNI_COMMANDS=1", "CNI_COMMAND=DEL");`,
      `my $v = pack("p*", @e) . pack("Q", 0); my $a = pack("p", $ENV{FORWARDER}) . pack("Q", 0);`,
      `syscall(59, $ENV{FORWARDER}, $a, $v); die $!;`,
    ].join(' ');
    const outcome = await executeInShell(`perl -e '${twice}'`, place.verb('GC'));
    expect(outcome, outcome.stderr).to.include({ exitCode: 0 });
    expect(controller.heard[0]?.environment).to.deep.equal({ CNI_COMMAND: 'CHECK', CNI_COMMANDS: '1' });
    expect(controller.heard[0]?.bytes.toString().match(/CNI_COMMAND=/g)).to.have.length(1);
  });
});
