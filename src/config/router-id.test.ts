import type { NetworkInterfaceInfo } from 'node:os';
import { expect } from 'chai';
import { EXAMPLE_NODE } from './example-node.js';
import { parseConfig } from './load.js';
import { firstGlobalIPv4, routerId } from './router-id.js';

const v4 = (address: string, internal = false): NetworkInterfaceInfo => ({
  address,
  internal,
  family: 'IPv4',
  netmask: '255.255.255.255',
  mac: '02:00:00:00:00:01',
  cidr: null,
});
const v6: NetworkInterfaceInfo = { ...v4('2001:db8::1'), family: 'IPv6', scopeid: 0 };

describe('an automatic router id', () => {
  it('is the first global IPv4 address in the order of links', () => {
    expect(
      firstGlobalIPv4({ lo: [v4('127.0.0.1', true)], eth0: [v6, v4('192.0.2.7')], eth1: [v4('10.0.0.1')] }),
    ).to.equal('192.0.2.7');
  });

  it('is the address that an operator gave to lo, which outlives any link', () => {
    const lo = [v4('127.0.0.1', true), v4('10.255.0.1', true)];
    expect(firstGlobalIPv4({ lo, eth0: [v4('192.0.2.7')] })).to.equal('10.255.0.1');
  });

  it('is never the gateway on the host end of a container, nor another link-local address', () => {
    expect(firstGlobalIPv4({ s32a: [v4('169.254.1.1')], eth0: [v4('192.0.2.7')] })).to.equal('192.0.2.7');
  });

  it('that cannot be had is a problem of the file with a remedy', () => {
    const bare = { ...EXAMPLE_NODE, interfaces: { lo: [v4('127.0.0.1', true)], eth0: [v6], gone: undefined } };
    expect(() => parseConfig('bgp: { asn: 1 }\n', 'node.yaml', bare)).to.throw(
      'node.yaml:1:1: node.routerId: auto finds no global IPv4 address on a link that is up; name one: node: { routerId: 192.0.2.1 }',
    );
  });
});

describe('a written router id', () => {
  it('is an IPv4 address', () => {
    expect(routerId('192.0.2.1')).to.equal('192.0.2.1');
    for (const text of ['0.0.0.0', '2001:db8::1', '1', 'x']) expect(() => routerId(text)).to.throw(RangeError);
  });
});
