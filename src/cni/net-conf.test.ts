import { assert } from 'chai';
import { CniError } from './cni-error.js';
import { CONF } from './frame.fixture.js';
import { netConf } from './net-conf.js';

const conf = (changes: object) => netConf(Buffer.from(JSON.stringify({ ...CONF, ...changes })));

function refused(changes: object): CniError {
  try {
    conf(changes);
  } catch (error) {
    assert.instanceOf(error, CniError);
    return error as CniError;
  }
  throw new Error(`${JSON.stringify(changes)} was accepted`);
}

describe('a network configuration', () => {
  it('K12: tolerates keys it does not know', () => {
    const unknown = { capabilities: { portMappings: true }, args: { labels: [] }, 'cni.dev/x': 1, isGateway: true };
    assert.equal(conf(unknown).name, 'blue');
  });

  it('has the conflist name as its network unless it names one', () => {
    assert.equal(conf({}).network, 'blue');
    assert.equal(conf({ network: 'red' }).network, 'red');
    assert.equal(refused({ network: '../x' }).code, 7);
  });

  it('waits for the announcement for five seconds unless it says otherwise', () => {
    assert.include(conf({}), { wait: 'announced', waitSeconds: 5 });
    assert.include(conf({ wait: 'none', waitSeconds: 0.5 }), { wait: 'none', waitSeconds: 0.5 });
    for (const odd of [{ wait: 'forever' }, { waitSeconds: 0 }, { waitSeconds: 30 }, { waitSeconds: '5' }]) {
      assert.equal(refused(odd).code, 7);
    }
  });

  it('reads route targets in every spelling of BaGPipe and its relatives', () => {
    const targets = ['64512:1', '64512:2'];
    const spellings = ['importrt', 'importRT', 'importRTs', 'importrts', 'import_rt', 'Import_RT', 'import'];
    for (const key of spellings) {
      for (const value of ['64512:1,64512:2', '64512:1, 64512:2 ', targets, ['64512:1,64512:2', '64512:2']]) {
        const { importTargets, exportTargets } = conf({ [key]: value });
        assert.deepEqual(importTargets, targets as never);
        assert.isUndefined(exportTargets);
      }
    }
    assert.deepEqual(conf({ exportRTs: targets }).exportTargets, targets as never);
  });

  it('takes rt for both directions, and adds it to what one of them names', () => {
    const { importTargets, exportTargets } = conf({ rt: '64512:1', importrt: '64512:2' });
    assert.deepEqual(importTargets, ['64512:2', '64512:1'] as never);
    assert.deepEqual(exportTargets, ['64512:1'] as never);
  });

  it('refuses a bad target, and two spellings of one key', () => {
    assert.include(refused({ importrt: '64512' }).message, '"64512"');
    assert.equal(refused({ importrt: 5 }).code, 7);
    assert.include(refused({ importrt: '1:1', importRTs: '1:2' }).message, 'two spellings');
  });

  it('takes the MTU as number or numeric string, and 0 as not set', () => {
    assert.equal(conf({ mtu: 9000 }).mtu, 9000);
    assert.equal(conf({ mtu: '1400' }).mtu, 1400);
    assert.isUndefined(conf({ mtu: 0 }).mtu);
    for (const mtu of [-1, 67, 65536, 1.5, '1e3', 'big', true]) assert.equal(refused({ mtu }).code, 7);
  });

  it('T5: names an IPAM plugin by its plain name, or not at all', () => {
    assert.equal(conf({ ipam: { type: 'host-local' } }).ipam, 'host-local');
    for (const absent of [undefined, null, {}, { type: '' }, { type: null }])
      assert.isUndefined(conf({ ipam: absent }).ipam);
    for (const type of ['../x', 'a/b', '.', '-x', 'a b', 'x\0', 5]) assert.equal(refused({ ipam: { type } }).code, 7);
    assert.include(refused({ ipam: { type: 'slash32' } }).message, 'itself');
  });

  it('K14: reads runtimeConfig in either letter case to the same effect', () => {
    const lower = { ips: ['10.20.1.10/24'], mac: '02:00:00:00:00:01', dns: { servers: ['1.1.1.1'], searches: ['a'] } };
    const upper = { IPs: ['10.20.1.10/24'], MAC: '02:00:00:00:00:01', DNS: { Servers: ['1.1.1.1'], Searches: ['a'] } };
    assert.deepEqual({ ...conf({ runtimeConfig: lower }), text: '' }, { ...conf({ RuntimeConfig: upper }), text: '' });
    assert.deepEqual(JSON.parse(JSON.stringify(conf({ runtimeConfig: upper }).dns)), {
      nameservers: ['1.1.1.1'],
      search: ['a'],
    });
  });

  it('K14: refuses a published port by name in either letter case, and lets none at all pass', () => {
    for (const ports of [[{ hostPort: 80 }], [{ HostPort: 80, HostIP: '' }]]) {
      const { code, message, details } = refused({ runtimeConfig: { portMappings: ports } });
      assert.equal(code, 2);
      assert.include(message, 'runtimeConfig.portMappings');
      assert.include(details, 'portmap');
    }
    assert.equal(conf({ runtimeConfig: { portMappings: [], bandwidth: { ingressRate: 0 } } }).name, 'blue');
    assert.equal(refused({ runtimeConfig: { bandwidth: { IngressRate: 1000 } } }).code, 2);
  });

  it('refuses with code 2, key and value, what cannot be done yet', () => {
    const { code, message } = refused({ communities: ['65000:100'] });
    assert.equal(code, 2);
    assert.include(message, 'communities = ["65000:100"]');
    assert.equal(refused({ Communities: ['65000:100'] }).code, 2);
    assert.equal(conf({ communities: [] }).name, 'blue');
  });

  it('refuses DHCP with code 2 and the reason', () => {
    const { code, message, details } = refused({ ipam: { type: 'dhcp' } });
    assert.equal(code, 2);
    assert.match(message, /ipam\.type = "dhcp" is not supported: .* link/);
    assert.include(details, 'pools');
  });

  it('reads ipMasq, which nobody asks for by default', () => {
    assert.equal(conf({ IPMasq: true }).ipMasq, true);
    assert.equal(conf({}).ipMasq, false);
  });

  it('takes null for absent, as Go does', () => {
    const nothing = { ipam: null, dns: null, args: null, runtimeConfig: null, prevResult: null, mtu: null, rt: null };
    assert.deepEqual({ ...conf(nothing), text: '' }, { ...conf({}), text: '' });
  });

  it('names every wrong setting and where it is, but at most three', () => {
    const { message } = refused({ wait: 1, mtu: 'x', runtimeConfig: { ips: ['10.0.0.1', 'x'] }, ipMasq: 'y' });
    assert.include(message, 'wait: ');
    assert.include(message, 'and 1 more');
    assert.include(refused({ runtimeConfig: { ips: ['10.0.0.1', 'x'] } }).message, 'runtimeConfig.ips.1: not an IP');
  });

  it('V5: brings the result of the plugins before it', () => {
    const prevResult = {
      cniVersion: '1.0.0',
      interfaces: [{ name: 'x' }],
      ips: [{ address: '10.0.0.5/24', interface: 0 }],
    };
    const { prevResult: previous } = conf({ prevResult });
    assert.deepEqual(previous?.ips[0]?.address, '10.0.0.5' as never);
    assert.equal(refused({ prevResult: { ips: [{ address: 'x' }] } }).code, 7);
  });
});
