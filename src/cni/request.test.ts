import { assert } from 'chai';
import { CniError } from './cni-error.js';
import { CONF, frameOf, verb } from './frame.fixture.js';
import { type AddRequest, type DelRequest, type GcRequest, parseRequest } from './request.js';

function failure(work: () => unknown): CniError {
  try {
    work();
  } catch (error) {
    assert.instanceOf(error, CniError);
    return error as CniError;
  }
  throw new Error('it succeeded');
}
const refused = (...asked: Parameters<typeof verb>) => failure(() => parseRequest(verb(...asked)));
const withStdin = (stdin: string | Uint8Array) =>
  frameOf(
    { CNI_COMMAND: 'ADD', CNI_CONTAINERID: 'c1', CNI_NETNS: '/run/netns/c1', CNI_IFNAME: 'eth0', CNI_PATH: '/bin' },
    stdin,
  );

describe('a request', () => {
  it('is an ADD with everything the runtime said', () => {
    const request = parseRequest(verb('ADD', { env: { CNI_ARGS: 'K8S_POD_NAME=p;IgnoreUnknown=1;FOO=1' } }));
    assert.deepInclude(request, {
      verb: 'ADD',
      containerId: 'c1',
      ifname: 'eth0',
      netns: '/run/netns/c1',
      path: ['/opt/cni/bin', '/usr/lib/cni'],
      argsText: 'K8S_POD_NAME=p;IgnoreUnknown=1;FOO=1',
    });
    assert.equal((request as AddRequest).conf.network, 'blue');
  });

  it('K2: of an unknown or lower-case command is refused with code 4 and the command', () => {
    for (const command of ['FOO', 'add', 'constructor', '__proto__']) {
      const { code, message } = failure(() => parseRequest(verb(command)));
      assert.equal(code, 4);
      assert.include(message, `"${command}"`);
    }
    assert.include(refused('', {}).message, 'CNI_COMMAND is missing');
  });

  it('K3: names all missing variables in one error with code 4', () => {
    const { code, message } = failure(() => parseRequest(frameOf({ CNI_COMMAND: 'ADD', CNI_NETNS: '' }, CONF)));
    assert.equal(code, 4);
    assert.equal(message, 'ADD needs CNI_CONTAINERID, CNI_NETNS, CNI_IFNAME, CNI_PATH in the environment');
  });

  it('K3: demands of each verb exactly what the specification demands', () => {
    const needs = (command: string) =>
      /needs (.*) in/.exec(failure(() => parseRequest(frameOf({ CNI_COMMAND: command }, CONF))).message)?.[1];
    assert.equal(needs('CHECK'), 'CNI_CONTAINERID, CNI_NETNS, CNI_IFNAME, CNI_PATH');
    assert.equal(needs('DEL'), 'CNI_CONTAINERID, CNI_IFNAME, CNI_PATH');
    assert.equal(needs('GC'), 'CNI_PATH');
    assert.equal(needs('STATUS'), 'CNI_PATH');
  });

  it('K4: with an odd container id is refused with code 4, and one of 300 characters is not', () => {
    for (const id of ['../x', '-a', '.a', 'a b', 'a/b', 'é', 'a\nb', 'a\n']) {
      const { code, message } = refused('ADD', { env: { CNI_CONTAINERID: id } });
      assert.equal(code, 4);
      assert.include(message, 'CNI_CONTAINERID');
      assert.notInclude(message, '\n');
    }
    const long = 'a'.repeat(300);
    assert.equal((parseRequest(verb('ADD', { env: { CNI_CONTAINERID: long } })) as AddRequest).containerId, long);
  });

  it('K5: with an interface name the kernel would refuse, or that leads astray, is refused with code 4', () => {
    const odd = [
      '.',
      '..',
      'a/b',
      'a:b',
      'a b',
      'a\tb',
      'a\n',
      'x'.repeat(16),
      'é'.repeat(8),
      'lo',
      'eth%d',
      'a\u0085',
    ];
    for (const ifname of odd) {
      const { code, message } = refused('ADD', { env: { CNI_IFNAME: ifname } });
      assert.equal(code, 4, ifname);
      assert.include(message, 'CNI_IFNAME');
    }
  });

  it('K5: counts an interface name in bytes and keeps the legal odd ones', () => {
    for (const ifname of ['é', '-eth0', 'x'.repeat(15), `é${'x'.repeat(13)}`, '";flush']) {
      assert.equal((parseRequest(verb('ADD', { env: { CNI_IFNAME: ifname } })) as AddRequest).ifname, ifname);
    }
  });

  it('K6: with an empty, malformed or non-object stdin is refused with code 6, and never quotes it', () => {
    for (const stdin of ['', ' \n', '{"secret', '{"password":"hunter2"', '[]', '"hunter2"', '5', '{"a":1}{"b":2}']) {
      const { code, message, details } = failure(() => parseRequest(withStdin(stdin)));
      assert.equal(code, 6, stdin);
      assert.notMatch(`${message} ${details}`, /hunter2|secret/);
    }
  });

  it('K7: with null or a bad name is refused with code 7', () => {
    const bad = ['null', '{}', '{"name":""}', '{"name":"a/b"}', '{"name":".."}', '{"name":5}', '{"name":null}'];
    for (const stdin of bad) assert.equal(failure(() => parseRequest(withStdin(stdin))).code, 7, stdin);
  });

  it('K8: with invalid UTF-8, or nested 100,000 deep, is refused with code 6 without overflowing the stack', () => {
    const utf8 = Buffer.concat([Buffer.from('{"name":"'), Buffer.from([0xff, 0xfe]), Buffer.from('"}')]);
    assert.equal(failure(() => parseRequest(withStdin(utf8))).code, 6);
    for (const [open, close] of [['[', ']'] as const, ['{"a":', '}'] as const]) {
      const deep = `{"name":"blue","x":${open.repeat(100_000)}1${close.repeat(100_000)}}`;
      assert.equal(failure(() => parseRequest(withStdin(deep))).code, 6);
    }
    const brackets = JSON.stringify({ ...CONF, text: `\\"${'['.repeat(5000)}` });
    assert.equal((parseRequest(withStdin(brackets)) as AddRequest).conf.name, 'blue');
  });

  it('K8: takes the last of duplicate keys, as Go does, also when their letter case differs', () => {
    const duplicate = '{"name":"red","name":"green","Name":"blue"}';
    assert.equal((parseRequest(withStdin(duplicate)) as AddRequest).conf.name, 'blue');
  });

  it('K8: is not changed by a key named __proto__, and changes nobody else with it', () => {
    const stdin = '{"name":"blue","__proto__":{"mtu":9000,"polluted":1},"ipam":{"__proto__":{"type":"evil"}}}';
    const { conf } = parseRequest(withStdin(stdin)) as AddRequest;
    assert.isUndefined(conf.mtu);
    assert.isUndefined(conf.ipam);
    assert.isUndefined(({} as { polluted?: number }).polluted);
  });

  it('K9: of more than 1 MiB is refused with code 5', () => {
    const pad = (bytes: number) =>
      JSON.stringify({ ...CONF, pad: '' }).replace('"pad":"', `"pad":"${'x'.repeat(bytes)}`);
    assert.equal(failure(() => parseRequest(withStdin(pad(1024 * 1024)))).code, 5);
    assert.equal((parseRequest(withStdin(pad(1024 * 1024 - 100))) as AddRequest).conf.name, 'blue');
  });

  it('K11: without a cniVersion means 0.1.0; a number is code 6, and a version unknown to us code 1 with the list', () => {
    const version = (cniVersion: unknown) => parseRequest(withStdin(JSON.stringify({ name: 'blue', cniVersion })));
    assert.equal((version(undefined) as AddRequest).conf.cniVersion, '0.1.0');
    assert.equal(failure(() => version(1)).code, 6);
    for (const unknown of ['9.9.9', '1.0', 'x.y']) {
      const { code, details } = failure(() => version(unknown));
      assert.equal(code, 1);
      assert.include(details, '0.1.0, 0.2.0, 0.3.0, 0.3.1, 0.4.0, 1.0.0, 1.1.0');
    }
  });

  it('K13: with a malformed pair, a bad value or an unknown key in CNI_ARGS is refused with code 4', () => {
    for (const args of ['a', 'IP', 'a=b=c', '=x', 'a=1;', 'IP=10.0.0.300', 'IP=010.0.0.1', 'MAC=x', 'FOO=1']) {
      assert.equal(refused('ADD', { env: { CNI_ARGS: args } }).code, 4, args);
    }
    assert.include(refused('ADD', { env: { CNI_ARGS: 'FOO=1;IgnoreUnknown=0' } }).message, '"FOO"');
    assert.equal(refused('ADD', { env: { CNI_ARGS: 'FOO=1;IgnoreUnknown=maybe' } }).code, 4);
  });

  it('K13: means the same whatever the order of CNI_ARGS', () => {
    const pairs = ['IgnoreUnknown=1', 'K8S_POD_NAME=p', 'IP=10.20.1.10/24,2001:db8::a', 'MAC=02-00-5E-10-00-0A', 'X=1'];
    for (const order of [pairs, pairs.toReversed()]) {
      const { args } = parseRequest(verb('ADD', { env: { CNI_ARGS: order.join(';') } })) as AddRequest;
      assert.deepEqual(args.ips, ['10.20.1.10', '2001:db8::a'] as never);
      assert.equal(args.mac, '02:00:5e:10:00:0a');
    }
  });

  it('has the targets of one container, in CNI_ARGS and in args.cni; an empty value asks for nothing', () => {
    const env = { CNI_ARGS: 'SLASH32_IMPORT=64512:1,64512:2;SLASH32_EXPORT=' };
    const { args } = parseRequest(verb('ADD', { env })) as AddRequest;
    assert.deepEqual(args.importTargets, ['64512:1', '64512:2'] as never);
    assert.isUndefined(args.exportTargets);
    const conf = { ...CONF, args: { cni: { slash32_import: '64512:3', SLASH32_EXPORT: [] } } };
    const { argsCni } = (parseRequest(withStdin(JSON.stringify(conf))) as AddRequest).conf;
    assert.deepEqual(argsCni.importTargets, ['64512:3'] as never);
    assert.deepEqual(argsCni.exportTargets, []);
  });

  it('of an ADD needs an absolute namespace path', () => {
    assert.equal(refused('ADD', { env: { CNI_NETNS: 'netns' } }).code, 4);
  });

  it('keeps only the absolute directories of CNI_PATH', () => {
    const { path } = parseRequest(verb('ADD', { env: { CNI_PATH: '/a:b:::../c:/d' } })) as AddRequest;
    assert.deepEqual(path, ['/a', '/d']);
  });

  it('V9: of a DEL is understood with an empty namespace, a corrupt prevResult and settings that no ADD would pass', () => {
    const conf = { prevResult: 'junk', ipMasq: true, mtu: 'x', wait: 1, ipam: { type: '../x' }, runtimeConfig: 7 };
    const env = { CNI_NETNS: '', CNI_ARGS: 'junk' };
    const request = parseRequest(verb('DEL', { conf, env })) as DelRequest;
    assert.isUndefined(request.netns);
    assert.isUndefined(request.conf.ipam);
    assert.equal(parseRequest(verb('DEL', { env: { CNI_NETNS: undefined } })).verb, 'DEL');
  });

  it('V13: of a CHECK is refused below 0.4.0 with code 1, and without prevResult with code 7', () => {
    const prevResult = { ips: [{ address: '10.20.1.10/32' }] };
    assert.equal(refused('CHECK', { conf: { cniVersion: '0.3.1', prevResult } }).code, 1);
    assert.equal(refused('CHECK', { conf: { cniVersion: '0.3.1' } }).code, 1);
    assert.equal(refused('CHECK').code, 7);
    assert.equal(refused('CHECK', { conf: { prevResult: { ips: 5 } } }).code, 7);
    assert.equal(parseRequest(verb('CHECK', { conf: { prevResult } })).verb, 'CHECK');
  });

  it('V15, V16: of STATUS and GC is refused below 1.1.0 with code 1', () => {
    for (const command of ['STATUS', 'GC']) {
      assert.equal(refused(command).code, 1);
      assert.equal(parseRequest(verb(command, { conf: { cniVersion: '1.1.0' } })).verb, command);
    }
  });

  it('V16: of a GC tells "nothing is valid" from "nothing was said", under both names of the list', () => {
    const gc = (conf: object) =>
      (parseRequest(verb('GC', { conf: { cniVersion: '1.1.0', ...conf } })) as GcRequest).valid;
    assert.isUndefined(gc({}));
    for (const key of ['cni.dev/valid-attachments', 'cni.dev/attachments']) {
      assert.deepEqual(gc({ [key]: null }), []);
      assert.deepEqual(gc({ [key]: [] }), []);
      assert.deepEqual(gc({ [key]: [{ containerID: 'c1', ifname: 'eth0' }] }), [{ containerId: 'c1', ifname: 'eth0' }]);
      for (const junk of [5, [5], [{ containerID: 'c1' }]]) {
        assert.equal(refused('GC', { conf: { cniVersion: '1.1.0', [key]: junk } }).code, 7);
      }
    }
  });

  it('V17: of VERSION needs no variables but the command, and says the version it was asked in', () => {
    const version = (stdin: string) => parseRequest(frameOf({ CNI_COMMAND: 'VERSION', CNI_IFNAME: 'dummy' }, stdin));
    assert.deepEqual(version('{"cniVersion":"0.4.0"}'), { verb: 'VERSION', cniVersion: '0.4.0' });
    for (const stdin of ['', '{}', 'junk', '{"cniVersion":5}', '[]']) {
      assert.deepEqual(version(stdin), { verb: 'VERSION', cniVersion: '1.1.0' });
    }
  });
});
