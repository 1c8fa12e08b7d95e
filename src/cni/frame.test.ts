import { assert } from 'chai';
import fc from 'fast-check';
import { answerTo } from './answer.js';
import { CONF, CONTAINER, frameOf } from './frame.fixture.js';
import {
  BadFrame,
  encodeAnswer,
  encodeFrame,
  type Frame,
  frameReader,
  MAX_ENVIRONMENT,
  MAX_STDIN,
  parseFrame,
} from './frame.js';
import { VERSIONS } from './version.js';

const frame = frameOf({ CNI_COMMAND: 'ADD', ...CONTAINER }, CONF);
const plain = ({ environment, stdin }: Frame) => [Buffer.from(environment).toString(), Buffer.from(stdin).toString()];

describe('a frame', () => {
  it('comes out as it went in, in whatever pieces it arrives', () => {
    const bytes = encodeFrame(frame);
    fc.assert(
      fc.property(fc.array(fc.nat(bytes.length)), (cuts) => {
        const reader = frameReader();
        const at = [0, ...cuts.sort((a, b) => a - b), bytes.length];
        const frames = at.slice(1).flatMap((end, i) => reader.push(bytes.subarray(at[i], end)) ?? []);
        assert.deepEqual(plain(frames.at(-1)!), plain(frame));
      }),
    );
  });

  it('may have no environment and no stdin', () => {
    assert.deepEqual(plain(parseFrame(Buffer.from('SLASH32/1 0 0\n'))), ['', '']);
  });

  it('is refused for its header before anything of it is kept', () => {
    const bad = [
      'GET / HTTP/1.1\r\n',
      'SLASH32/2 0 0\n',
      'SLASH32/1 0\n',
      'SLASH32/1 -1 0\n',
      'SLASH32/1 1e3 0\n',
      'SLASH32/1 0 0 \n',
      `SLASH32/1 ${MAX_ENVIRONMENT + 1} 0\n`,
      `SLASH32/1 0 ${MAX_STDIN + 1}\n`,
      'x'.repeat(64),
      `SLASH32/1 ${'0'.repeat(60)}`,
    ];
    for (const text of bad) assert.throws(() => frameReader().push(Buffer.from(text)), BadFrame, undefined, text);
  });

  it('is refused with a byte too many or too few', () => {
    const bytes = encodeFrame(frame);
    assert.throws(() => parseFrame(Buffer.concat([bytes, Buffer.from('x')])), BadFrame, '1 bytes too many');
    assert.throws(() => parseFrame(bytes.subarray(0, -1)), BadFrame, 'it ends after');
  });

  it('A29: of any bytes is a request or a BadFrame', () => {
    const header = fc.tuple(fc.nat(40), fc.nat(40)).map(([a, b]) => `SLASH32/1 ${a} ${b}\n`);
    const bytes = fc
      .tuple(fc.oneof(header, fc.string()), fc.uint8Array())
      .map(([start, rest]) => Buffer.concat([Buffer.from(start), rest]));
    fc.assert(
      fc.property(bytes, (any) => {
        try {
          parseFrame(any);
        } catch (error) {
          assert.instanceOf(error, BadFrame);
        }
      }),
      { numRuns: 2000 },
    );
  });

  it('K4, K5, K13, A29: of any variables and any stdin gets an answer, and never "internal error"', async () => {
    await fc.assert(
      fc.asyncProperty(variables(), stdins(), async (env, stdin) => {
        const { exitCode, document } = await answerTo(
          frameOf(env, stdin),
          async () => ({}),
          new AbortController().signal,
        );
        if (exitCode === 0) return;
        const { cniVersion, code, msg } = document as { cniVersion: string; code: number; msg: string };
        assert.include([1, 2, 4, 5, 6, 7], code, msg);
        assert.include(VERSIONS, cniVersion);
        assert.isBelow(msg.length, 2000);
      }),
      { numRuns: 500 },
    );
  }).timeout(20_000);
});

describe('an answer', () => {
  it('says the exit code and the bytes of its document, or that there is none', () => {
    assert.equal(String(encodeAnswer({ exitCode: 0, document: undefined })), 'SLASH32/1 0 0\n');
    assert.equal(String(encodeAnswer({ exitCode: 1, document: { msg: 'é' } })), 'SLASH32/1 1 13\n{"msg":"é"}\n');
  });
});

function variables() {
  const mostly = (good: string) => fc.oneof({ weight: 5, arbitrary: fc.constant(good) }, fc.string({ unit: 'binary' }));
  const keys = fc.constantFrom('IP', 'MAC', 'IgnoreUnknown', 'K8S_POD_NAME', 'SLASH32_IMPORT', '__proto__');
  const args = fc.array(fc.tuple(keys, fc.string()).map((pair) => pair.join('='))).map((pairs) => pairs.join(';'));
  return fc.record({
    CNI_COMMAND: fc.constantFrom('ADD', 'ADD', 'DEL', 'CHECK', 'STATUS', 'GC', 'VERSION'),
    CNI_CONTAINERID: mostly('c1'),
    CNI_IFNAME: mostly('eth0'),
    CNI_NETNS: mostly('/run/netns/c1'),
    CNI_PATH: mostly('/opt/cni/bin'),
    CNI_ARGS: fc.oneof(fc.constant(''), args),
  });
}

function stdins() {
  const ours = ['wait', 'mtu', 'ipam', 'rt', 'importRT', 'runtimeConfig', 'args', 'prevResult', 'dns', 'network'];
  const odd = fc.dictionary(fc.constantFrom(...ours, 'ipMasq', '__proto__', 'constructor'), fc.jsonValue(), {
    maxKeys: 4,
  });
  const version = fc.constantFrom(...VERSIONS, '9.9.9', 5, null);
  const conf = fc.tuple(odd, version).map(([keys, cniVersion]) => ({ ...CONF, ...keys, cniVersion }));
  return fc.oneof({ weight: 5, arbitrary: conf }, fc.uint8Array(), fc.json());
}
