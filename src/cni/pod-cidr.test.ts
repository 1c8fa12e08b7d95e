import { assert } from 'chai';
import { prefix } from '../model/address.js';
import type { CniError } from './cni-error.js';
import { refuseWithoutPool, withPodCidrs } from './pod-cidr.js';

const POOLS = ['10.244.1.0/24', '10.9.0.0/16', '2001:db8:244:1::/64'].map(prefix);
const replaced = (conf: object, pools = POOLS) => JSON.parse(withPodCidrs(JSON.stringify(conf), pools));

describe('usePodCidr', () => {
  it("becomes this node's pool of that family, wherever the plugin wants a subnet", () => {
    const ranges = [[{ subnet: 'usePodCidr' }], [{ subnet: 'usePodCidrIPv6', gateway: 'fe80::1' }]];
    assert.deepEqual(replaced({ name: 'n', ipam: { type: 'host-local', ranges } }), {
      name: 'n',
      ipam: {
        type: 'host-local',
        ranges: [[{ subnet: '10.244.1.0/24' }], [{ subnet: '2001:db8:244:1::/64', gateway: 'fe80::1' }]],
      },
    });
    assert.equal(replaced({ IPAM: { subnet: 'usePodCidr' } }).IPAM.subnet, '10.244.1.0/24');
  });

  it('is left alone outside of ipam, and a configuration without it stays as it came', () => {
    assert.equal(replaced({ name: 'usePodCidr', ipam: { subnet: 'usePodCidr' } }).name, 'usePodCidr');
    const text = '{ "ipam" : {"subnet": "10.0.0.0/8"} }';
    assert.equal(withPodCidrs(text, POOLS), text);
  });

  it('is refused, with the remedy, where the network has no such pool', () => {
    const left = withPodCidrs(JSON.stringify({ ipam: { subnet: 'usePodCidrIPv6' } }), POOLS.slice(0, 2));
    try {
      refuseWithoutPool(left, 'blue');
      assert.fail('it was accepted');
    } catch (error) {
      const { code, message, details } = error as CniError;
      assert.equal(code, 7);
      assert.equal(message, 'ipam says usePodCidrIPv6, and network "blue" has no IPv6 pool on this node');
      assert.include(details, 'subnetFile');
    }
    refuseWithoutPool(withPodCidrs(JSON.stringify({ ipam: { subnet: 'usePodCidr' } }), POOLS), 'blue');
  });
});
