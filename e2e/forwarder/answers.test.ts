import { spawn } from 'node:child_process';
import { expect } from 'chai';
import fc from 'fast-check';
import { answer, type FakeController, listenAt, say, slamAt } from './fake-controller.js';
import { execute, executeInShell, FORWARDER, MOMENT, Place, printed } from './run-forwarder.js';

const RESULT = '{"cniVersion":"1.0.0","ips":[]}';
const MEBIBYTE = 1024 * 1024;

describe("the controller's answer", function () {
  this.timeout(120_000);
  it('is printed as it is, and its exit code becomes ours', async () => {
    using place = new Place();
    for (const [document, exitCode] of [
      [RESULT, 0],
      ['{"code":7,"msg":"é"}', 1],
      [' {"a":[{}, -1.5e+3, "\\u00e9\\n", null]}\n', 255],
    ] as const) {
      await using _ = await listenAt(place.socket, say(answer(document, exitCode)));
      expect(await execute(place.verb('ADD'))).to.include({ exitCode, stdout: document, stderr: '' });
    }
  });

  it('may be empty for every verb but ADD', async () => {
    using place = new Place();
    await using _ = await listenAt(place.socket, say(answer('')));
    for (const command of ['DEL', 'CHECK', 'STATUS', 'GC']) {
      expect(await execute(place.verb(command))).to.include({ exitCode: 0, stdout: '' });
    }
    expect(printed(await execute(place.verb('ADD'))).code).to.equal(11);
  });

  it('is printed whole when it comes in pieces and is 1 MiB long', async () => {
    using place = new Place();
    const document = `{"a":"${'x'.repeat(MEBIBYTE - 8)}"}`;
    await using _ = await listenAt(place.socket, (connection) => {
      const bytes = answer(document);
      connection.write(bytes.slice(0, 5));
      setImmediate(() => connection.write(bytes.slice(5, 40), () => connection.end(bytes.slice(40))));
    });
    const outcome = await execute(place.verb('ADD'));
    expect(outcome.exitCode).to.equal(0);
    expect(outcome.stdout === document).to.equal(true);
  });

  it('A1: that never comes, because the controller hung up, is code 11 at once', async () => {
    using place = new Place();
    await using _ = await listenAt(place.socket, (connection) => connection.destroy());
    const refusal = await execute(place.verb('ADD'));
    expect(refusal.exitCode).to.equal(1);
    expect(printed(refusal).code).to.equal(11);
    expect(refusal.milliseconds).to.be.below(MOMENT);
  });

  it('A1: the same when the controller hangs up before it has heard a long request', async () => {
    using place = new Place();
    await using _ = await slamAt(place.socket);
    for (const stdin of ['{}', Buffer.alloc(MEBIBYTE, ' ')]) {
      expect(printed(await execute(place.verb('ADD'), stdin)).code).to.equal(11);
    }
  });

  it('A31: that is late is code 11, for STATUS code 50', async () => {
    using place = new Place();
    await using _ = await listenAt(place.socket, (connection) => connection.write(answer(RESULT).slice(0, -1)));
    for (const [command, code] of [
      ['ADD', 11],
      ['CHECK', 11],
      ['GC', 11],
      ['STATUS', 50],
    ] as const) {
      const refusal = await execute(place.verb(command, { SLASH32_ANSWER_MS: '200' }));
      expect(refusal.exitCode).to.equal(1);
      expect(printed(refusal).code).to.equal(code);
      expect(refusal.milliseconds).to.be.within(190, MOMENT);
    }
  });

  it('A31: is awaited by STATUS for 5 s at most, lest a stopped controller stop the kubelet too', async () => {
    using place = new Place();
    await using _ = await listenAt(place.socket, () => {});
    const refusal = await execute(place.verb('STATUS'));
    expect(printed(refusal).code).to.equal(50);
    expect(refusal.milliseconds).to.be.within(4900, 5000 + MOMENT);
  });

  const broken: Record<string, string | Uint8Array> = {
    'half of the document': answer(RESULT).slice(0, -5),
    'half of the header': 'SLASH32/1 0',
    'a byte more than promised': `${answer(RESULT)}\n`,
    'two documents': answer(RESULT + RESULT),
    'another protocol': answer(RESULT).replace('/1', '/2'),
    'no number for an exit code': answer(RESULT).replace(' 0 ', ' x '),
    'an exit code of 256': answer(RESULT, 256),
    'a negative exit code': answer(RESULT, -1),
    'a length that overflows': 'SLASH32/1 0 18446744073709551617\n{',
    'a header without end': `SLASH32/1 0 ${'0'.repeat(100)}31\n${RESULT}`,
    'a refusal without a reason': answer('', 1),
    'an array': answer('[]'),
    'a string': answer('"x"'),
    'half JSON': answer('{"cniVersion":"1.0.0","ips":['),
    'JSON with a raw newline in a string': answer('{"a":"\n"}'),
    'JSON that is nested 100,000 deep': answer(`{"a":${'['.repeat(100_000)}${']'.repeat(100_000)}}`),
    'a NUL byte': answer('{}\0'),
    'more than 1 MiB': answer(`{"a":"${'x'.repeat(MEBIBYTE)}"}`),
    '64 MiB of noise': Buffer.alloc(64 * MEBIBYTE, 'x'),
  };
  for (const [what, bytes] of Object.entries(broken)) {
    it(`A34: that is ${what} is as if there was none: one error, and no byte of it`, async () => {
      using place = new Place();
      await using _ = await listenAt(place.socket, say(bytes));
      const refusal = await execute(place.verb('ADD'), '{"cniVersion":"0.4.0"}');
      expect(refusal.exitCode).to.equal(1);
      expect(printed(refusal)).to.include({ code: 11, cniVersion: '0.4.0' });
    });
  }
});

describe('stdout', function () {
  this.timeout(120_000);
  it('A30: that is closed, full, or not read makes the exit code say so', async () => {
    using place = new Place();
    await using _ = await listenAt(place.socket, say(answer(`{"a":"${'x'.repeat(MEBIBYTE / 2)}"}`)));
    const environment = place.verb('ADD', { SLASH32_STDOUT_MS: '400' });
    for (const stdout of ['>&-', '>/dev/full', `| sleep 2; exit \${PIPESTATUS[0]}`]) {
      const lost = await executeInShell(`"$FORWARDER" </dev/null ${stdout}`, environment);
      expect(lost.exitCode, stdout).to.equal(1);
    }
  });

  it('A30: whose reader has gone makes the exit code say so, and no signal kills us', async () => {
    using place = new Place();
    const plugin = spawn(FORWARDER, { env: place.verb('ADD', { SLASH32_CONNECT_MS: '10000' }) });
    plugin.stdout.destroy();
    plugin.stdin.end('{}');
    const ended = new Promise((resolve) => plugin.once('exit', (exitCode, signal) => resolve([exitCode, signal])));
    await using _ = await listenAt(place.socket, say(answer(RESULT)));
    expect(await ended).to.deep.equal([1, null]);
  });

  it('holds exactly one JSON object whatever a controller says', async () => {
    using place = new Place();
    let bytes: Uint8Array = Buffer.of();
    await using _ = await listenAt(place.socket, (connection) => connection.end(bytes));
    const noise = fc.oneof(
      fc.uint8Array({ maxLength: 300 }),
      fc.string().map((body) => Buffer.from(answer(body))),
      fc.string().map((text) => Buffer.from(`SLASH32/1 ${text}`)),
    );
    const holds = fc.asyncProperty(noise, async (said) => {
      bytes = said;
      const outcome = await execute(place.verb('ADD'));
      expect(printed(outcome)).to.be.an('object');
    });
    await fc.assert(holds, { numRuns: 200 });
  });

  it('takes for JSON what JSON.parse takes for an object, and nothing else', async () => {
    using place = new Place();
    let document = '';
    await using controller: FakeController = await listenAt(place.socket, (connection) =>
      connection.end(answer(document)),
    );
    const objects = fc.dictionary(fc.string(), fc.jsonValue({ maxDepth: 4 })).map((value) => JSON.stringify(value));
    const damage = fc.tuple(fc.nat(), fc.nat({ max: 2 }), fc.constantFrom(...'{}[]",:\\0-.eEu1 tn\n\0'));
    const damaged = fc.tuple(objects, fc.array(damage, { maxLength: 2 })).map(([text, hits]) =>
      hits.reduce((now, [at, gone, put]) => {
        const where = at % now.length;
        return `${now.slice(0, where)}${put}${now.slice(where + gone)}`;
      }, text),
    );
    const agrees = fc.asyncProperty(damaged, async (text) => {
      document = Buffer.from(text).toString();
      const { exitCode, stdout } = await execute(place.verb('ADD'));
      expect([exitCode, stdout === document]).to.deep.equal(isObject(document) ? [0, true] : [1, false]);
    });
    await fc.assert(agrees, { numRuns: 400 });
    expect(controller.heard.length).to.be.at.least(400);
  });
});

function isObject(text: string): boolean {
  try {
    const value: unknown = JSON.parse(text);
    return typeof value === 'object' && value !== null && !Array.isArray(value);
  } catch {
    return false;
  }
}
