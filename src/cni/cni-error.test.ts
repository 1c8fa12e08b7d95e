import { assert } from 'chai';
import { answerTo, asCniError } from './answer.js';
import { CniError } from './cni-error.js';
import { frameOf, verb } from './frame.fixture.js';

const never = new AbortController().signal;
const failing = (thrown: unknown) => () => Promise.reject(thrown);

describe('an error', () => {
  it('K16: is an object of cniVersion, code, msg and details, in the version asked for', async () => {
    const failure = new CniError(101, 'no free address in pool "blue"', 'add a range');
    const { exitCode, document } = await answerTo(
      verb('ADD', { conf: { cniVersion: '0.4.0' } }),
      failing(failure),
      never,
    );
    assert.equal(exitCode, 1);
    assert.deepEqual(document, {
      cniVersion: '0.4.0',
      code: 101,
      msg: 'no free address in pool "blue"',
      details: 'add a range',
    });
  });

  it('K16: is in the version asked for also when nothing else could be read, and in our newest otherwise', async () => {
    const version = async (stdin: string) => {
      const { document } = await answerTo(frameOf({ CNI_COMMAND: 'FOO' }, stdin), failing(0), never);
      return (document as { cniVersion: string }).cniVersion;
    };
    assert.equal(await version('{"cniVersion":"0.3.1"}'), '0.3.1');
    assert.equal(await version('{"cniVersion":"9.9.9"}'), '1.1.0');
    assert.equal(await version('junk'), '1.1.0');
  });

  it('V12: of a DEL never has the words that a runtime takes for success', async () => {
    const failure = new CniError(105, 'open /x: no such file or directory', 'Plugin Not Found; no such file');
    for (const command of ['DEL', 'ADD']) {
      const { document } = await answerTo(verb(command), failing(failure), never);
      const swallowed = /not found|no such file/i.test(JSON.stringify(document));
      assert.equal(swallowed, command === 'ADD');
    }
  });

  it('that nobody foresaw is code 110, names what happened, and does not quote a configuration', () => {
    const unforeseen = asCniError(new TypeError('x is not a function'));
    assert.equal(unforeseen.code, 110);
    assert.include(unforeseen.message, 'TypeError: x is not a function');
    let syntax: unknown;
    try {
      JSON.parse('{"password":hunter2}');
    } catch (error) {
      syntax = error;
    }
    assert.notInclude(asCniError(syntax).message, 'hunter2');
    assert.equal(asCniError('a text').message, 'internal error: Error: a text');
  });

  it('of a verb that was called off is code 11', () => {
    const left = new AbortController();
    assert.equal(asCniError(new DOMException('', 'AbortError'), left.signal).code, 110);
    left.abort();
    assert.equal(asCniError(left.signal.reason, left.signal).code, 11);
  });

  it('V7: keeps code and words of whoever failed first', () => {
    const own = new CniError(999, 'theirs');
    assert.strictEqual(asCniError(own), own);
  });
});
