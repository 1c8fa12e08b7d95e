/** Input made to hurt, at the forwarder and at the socket behind it: an answer in time, and a controller as before. */
import { connect } from 'node:net';
import { expect } from 'chai';
import fc from 'fast-check';
import type { LabNode } from '../lab/node.js';
import { NOTHING } from '../main-job/fabric.js';
import { ENDLESS } from './execute.js';
import { slash32OnLab } from './on-lab.js';
import { type Call, Trial } from './row.js';
import type { Box, Subject } from './subject.js';

describe('hostile input', () => {
  let subject: Subject & { readonly node: LabNode };
  let trial: Trial;
  let box: Box;
  let pid: number | undefined;

  before(async function () {
    this.timeout(90_000);
    subject = await slash32OnLab('conformance-hostile');
    trial = new Trial(subject);
    box = await subject.box();
    pid = subject.node.pid('slash32d');
  });
  after(() => subject?.down());
  afterEach(async () => {
    expect(subject.node.pid('slash32d'), 'the controller').to.equal(pid);
    expect(await subject.holdings()).to.eql(NOTHING);
    const added = await trial.call('ADD', box);
    expect((await trial.call('DEL', box)).exitCode).to.equal(0);
    expect(added.exitCode, JSON.stringify(added.json)).to.equal(0);
  });

  const conf = { cniVersion: '1.0.0', name: 'blue', type: 'slash32' };
  const CORPUS: Readonly<Record<string, readonly [Call, number]>> = {
    'a stdin without an end': [{ stdin: ENDLESS }, 5],
    'a stdin of 1 MiB and a byte': [{ stdin: ' '.repeat(1024 * 1024 + 1) }, 5],
    'a string of almost 1 MiB as name': [{ conf: { name: 'x'.repeat(1_000_000) } }, 7],
    'arrays 500,000 deep': [{ stdin: '['.repeat(500_000) }, 6],
    'objects 101 deep': [{ stdin: `${'{"a":'.repeat(101)}1${'}'.repeat(101)}` }, 6],
    'half a document': [{ stdin: JSON.stringify(conf).slice(0, -3) }, 6],
    'two documents': [{ stdin: JSON.stringify(conf).repeat(2) }, 6],
    'a NUL in the document': [{ stdin: `${JSON.stringify(conf)}\0` }, 6],
    'a byte order mark': [{ stdin: `\ufeff${JSON.stringify(conf)}` }, 6],
    'a lone surrogate as UTF-8': [{ stdin: Buffer.from([0x7b, 0x22, 0xed, 0xa0, 0x80, 0x22, 0x3a, 0x31, 0x7d]) }, 6],
    'a name that leaves its directory': [{ conf: { name: '../../etc' } }, 7],
    '__proto__ as network': [{ conf: { network: '__proto__' } }, 7],
    'constructor as network': [{ conf: { network: 'constructor' } }, 7],
    '__proto__ as command': [{ env: { CNI_COMMAND: '__proto__' } }, 4],
    'toString as command': [{ env: { CNI_COMMAND: 'toString' } }, 4],
    'a path as IPAM plugin': [{ conf: { ipam: { type: '../../../bin/sh' } } }, 7],
    'itself as IPAM plugin': [{ conf: { ipam: { type: 'slash32' } } }, 7],
    'an escape sequence as interface name': [{ env: { CNI_IFNAME: '\u001b[2J' } }, 4],
    'a formatted interface name': [{ env: { CNI_IFNAME: '%s%n' } }, 4],
    'an environment of 70 KB': [{ env: { CNI_ARGS: `IgnoreUnknown=1;X=${'x'.repeat(70_000)}` } }, 4],
    'a namespace that is /dev/zero': [{ env: { CNI_NETNS: '/dev/zero' } }, 4],
    'a namespace that is a user namespace': [{ env: { CNI_NETNS: '/proc/self/ns/user' } }, 4],
    'a namespace that is a pid namespace': [{ env: { CNI_NETNS: '/proc/1/ns/pid' } }, 4],
    'a relative namespace': [{ env: { CNI_NETNS: 'run/netns/x' } }, 4],
    'a requested address that is none': [{ env: { CNI_ARGS: 'IP=10.20.1.999' } }, 4],
    'a requested address of somebody else': [{ env: { CNI_ARGS: 'IP=192.0.2.0' } }, 104],
    'a prevResult that is none': [{ conf: { prevResult: { cniVersion: '1.0.0', ips: 'many' } } }, 7],
    'a negative MTU': [{ conf: { mtu: -1 } }, 7],
  };

  for (const [what, [call, code]] of Object.entries(CORPUS)) {
    it(`such as ${what} is answered with code ${code}`, async () => {
      const outcome = await trial.call('ADD', box, { killAfter: 30_000, ...call });
      expect(outcome.exitCode, 'its exit code').to.equal(1);
      expect(outcome.json?.code, JSON.stringify(outcome.json)).to.equal(code);
      expect(outcome.milliseconds, 'before the deadline of 10 s').to.be.lessThan(9000);
    });
  }

  /** Sends bytes, shuts down, and returns everything that came until the connection was closed. */
  function converse(bytes: Uint8Array): Promise<string> {
    return new Promise((resolve, reject) => {
      let heard = '';
      const socket = connect(subject.node.cniSocket, () => socket.end(bytes));
      socket.setTimeout(30_000, () => {
        reject(new Error('no end within 30 s'));
        socket.destroy();
      });
      socket
        .on('data', (chunk) => (heard += chunk))
        .on('error', () => {})
        .on('close', () => resolve(heard));
    });
  }

  /** An answer is nothing, or one whole frame with a CNI error or nothing in it. */
  function isWhole(answer: string): boolean {
    if (answer === '') return true;
    const [, code, size] = /^SLASH32\/1 (\d+) (\d+)\n/.exec(answer) ?? [];
    const body = answer.slice(answer.indexOf('\n') + 1);
    if (Buffer.byteLength(body) !== Number(size)) return false;
    return code === '0' || typeof JSON.parse(body).code === 'number';
  }

  const frame = (environment: string, stdin: Uint8Array) =>
    Buffer.concat([Buffer.from(`SLASH32/1 ${Buffer.byteLength(environment)} ${stdin.length}\n${environment}`), stdin]);

  it('as random bytes on the socket is answered whole or not at all', async () => {
    await fc.assert(
      fc.asyncProperty(fc.uint8Array({ maxLength: 2000 }), async (bytes) => isWhole(await converse(bytes))),
      { numRuns: 100 },
    );
  });

  it('as frames with random variables and documents is answered whole, and attaches nothing', async () => {
    const variable = fc.constantFrom('CONTAINERID', 'IFNAME', 'ARGS', 'PATH', 'NETNS', '__proto__');
    const text = fc.oneof(fc.string({ unit: 'binary', maxLength: 30 }), fc.constantFrom('eth0', 'a', '/etc', 'IP=1'));
    const request = fc.record({
      verb: fc.constantFrom('ADD', 'DEL', 'CHECK', 'VERSION', 'STATUS'),
      variables: fc.array(fc.tuple(variable, text), { maxLength: 8 }),
      stdin: fc.oneof(
        fc.object({
          key: fc.oneof(
            fc.string(),
            fc.constantFrom(...Object.keys(conf), 'ipam', 'args', 'runtimeConfig', 'prevResult'),
          ),
        }),
        fc.constant(conf),
      ),
    });
    await fc.assert(
      fc.asyncProperty(request, async ({ verb, variables, stdin }) => {
        const environment = [['COMMAND', verb], ...variables].map(([name, value]) => `CNI_${name}=${value}\0`).join('');
        const answer = await converse(frame(environment, Buffer.from(JSON.stringify(stdin))));
        return answer !== '' && isWhole(answer);
      }),
      { numRuns: 150 },
    );
  });
});
