import { assert } from 'chai';
import type { Address } from '../model/address.js';
import { CniError } from './cni-error.js';
import { verb } from './frame.fixture.js';
import { type AddRequest, parseRequest } from './request.js';
import { requestedAddresses } from './requested-addresses.js';
import { requestedMac } from './requested-mac.js';

const add = (conf: object, args = '') => parseRequest(verb('ADD', { conf, env: { CNI_ARGS: args } })) as AddRequest;
const asked = (conf: object, args = '') => requestedAddresses(add(conf, args));
const ips = (...texts: string[]) => texts as Address[];

describe('the requested addresses', () => {
  it('are none when nobody asks', () => {
    assert.deepEqual(asked({}), []);
  });

  it('K15: come from runtimeConfig.ips, then args.cni.ips, then CNI_ARGS, and never from two of them', () => {
    const runtimeConfig = { ips: ['10.20.1.1/24', '2001:db8::1/64'] };
    const args = { cni: { ips: ['10.20.1.2'] } };
    assert.deepEqual(asked({ runtimeConfig, args }, 'IP=10.20.1.3'), ips('10.20.1.1', '2001:db8::1'));
    assert.deepEqual(asked({ args }, 'IP=10.20.1.3'), ips('10.20.1.2'));
    assert.deepEqual(asked({ runtimeConfig: { ips: [] } }, 'IP=10.20.1.3'), ips('10.20.1.3'));
  });

  it('are one per family at most', () => {
    assert.deepEqual(asked({ runtimeConfig: { ips: ['10.20.1.1/24', '10.20.1.1'] } }), ips('10.20.1.1'));
    assert.throws(() => asked({ runtimeConfig: { ips: ['10.20.1.1', '10.20.1.2'] } }), CniError, 'two IPv4 addresses');
  });
});

describe('the requested MAC address', () => {
  it('follows the same precedence', () => {
    const runtimeConfig = { mac: '02:00:00:00:00:01' };
    const args = { cni: { mac: '02:00:00:00:00:02' } };
    assert.equal(requestedMac(add({ runtimeConfig, args }, 'MAC=02:00:00:00:00:03')), '02:00:00:00:00:01');
    assert.equal(requestedMac(add({ args }, 'MAC=02:00:00:00:00:03')), '02:00:00:00:00:02');
    assert.equal(requestedMac(add({}, 'MAC=02:00:00:00:00:03')), '02:00:00:00:00:03');
    assert.isUndefined(requestedMac(add({})));
  });

  it('is one that an interface may have', () => {
    for (const mac of ['01:00:5e:00:00:01', '00:00:00:00:00:00', '02:00:00:00:00', 'ff:ff:ff:ff:ff:ff']) {
      assert.throws(() => add({ runtimeConfig: { mac } }), CniError, 'MAC');
    }
  });
});
