/** Bodies of messages as a kernel 6.18 sent them, recorded once; the commands beside them had made what they tell. */
import { expect } from 'chai';
import { decodeAddress } from './address.js';
import { decodeLink, decodeLinkHead, decodePeer } from './link.js';
import type { Message } from './message.js';
import { decodeNeighbour } from './neighbour.js';
import { decodeRoute } from './route.js';
import { decodeRule } from './rule.js';

const message = (hex: string): Message => ({
  type: 0,
  flags: 0,
  sequence: 1,
  body: Buffer.from(hex.replace(/\s/g, ''), 'hex'),
});
const bytes = (hex: string) => new Uint8Array(Buffer.from(hex, 'hex'));
const router6 = bytes('20010db8000000000000000000000000');

describe('we read what the kernel says of', () => {
  it('ip link add s32a mtu 1400 address 02:53:32:00:00:01 group 77 alias "slash32 blue x eth0" type veth (without statistics)', () => {
    const told = message(`00000100030000004310010000000000090003007333326100000000080004007805000008001b004d000000
        18001400736c617368333220626c756520782065746830000a0001000253320000010000080005000200000010001200
        090001007665746800000000`);
    expect(decodeLinkHead(told)).to.deep.equal({ index: 3, flags: 0x11043, changed: 0 });
    expect(decodePeer(told)).to.deep.equal({ peerIndex: 2, mac: '02:53:32:00:00:01' });
    expect(decodeLink(told)).to.deep.equal({
      index: 3,
      name: 's32a',
      flags: 0x11043,
      changed: 0,
      mtu: 1400,
      mac: '02:53:32:00:00:01',
      alias: 'slash32 blue x eth0',
      group: 77,
      kind: 'veth',
      peerIndex: 2,
      ipv6: false,
    });
  });

  it('ip addr add 192.0.2.1/31, and 2001:db8::1/127 nodad', () => {
    const v4 = `021f80000300000008000100c000020108000200c0000201090003007333326100000000080008008000000014000600ffffffffffff
      ffff6c1706006c170600`;
    expect(decodeAddress(message(v4))).to.deep.equal({
      index: 3,
      ip: bytes('c0000201'),
      length: 31,
      scope: 0,
      flags: 0x80,
    });
    const v6 = `0a7f8200030000001400010020010db800000000000000000000000114000600ffffffffffffffff6c1706006c17060008000800820000
      00`;
    const ip = bytes('20010db8000000000000000000000001');
    expect(decodeAddress(message(v6))).to.deep.equal({ index: 3, ip, length: 127, scope: 0, flags: 0x82 });
  });

  it('ip neigh add 10.20.1.10 lladdr 02:53:32:00:00:0a nud permanent', () => {
    const neighbour = decodeNeighbour(
      message(`020000000300000080000001080001000a14010a0a00020002533200000a0000080004000000000014000300010000000100000001
        00000000000000`),
    );
    expect(neighbour).to.deep.equal({
      index: 3,
      ip: bytes('0a14010a'),
      mac: '02:53:32:00:00:0a',
      state: 0x80,
      flags: 0,
    });
  });

  it('ip route add 10.20.3.0/24 table 1001 proto 32 metric 3232 nexthop via 192.0.2.0 nexthop via inet6 2001:db8::', () => {
    const route = decodeRoute(
      message(`02180000fc2000010000000008000f00e9030000080001000a14030008000600a00c000034000900100000000300000008000500c0
        0002002000000003000000160012000a0020010db80000000000000000000000000000`),
    );
    expect(route).to.deep.equal({
      table: 1001,
      destination: bytes('0a140300'),
      length: 24,
      protocol: 32,
      metric: 3232,
      hops: [
        { gateway: bytes('c0000200'), oif: 3 },
        { gateway: router6, oif: 3 },
      ],
    });
  });

  it('ip route add 10.20.1.10 dev s32a proto 32', () => {
    const route = decodeRoute(message('02200000fe20fd010000000008000f00fe000000080001000a14010a0800040003000000'));
    const rest = { table: 254, length: 32, protocol: 32, metric: 0 };
    expect(route).to.deep.equal({ ...rest, destination: bytes('0a14010a'), hops: [{ oif: 3 }] });
  });

  it('ip route add blackhole 10.66.0.0/16 proto 32: it leads nowhere', () => {
    const route = decodeRoute(message('02100000fe2000060000000008000f00fe000000080001000a420000'));
    expect(route.hops).to.deep.equal([]);
  });

  it('ip -6 route add 2001:db8:4::/64 proto 32 nexthop via 2001:db8:: nexthop via fe80::9', () => {
    const route = decodeRoute(
      message(`0a400000fe2000010000000008000f00fe0000001400010020010db800040000000000000000000008000600000400003c000900
        1c000000030000001400050020010db80000000000000000000000001c0000000300000014000500fe8000000000000000000000000000
        0924000c000000000000000000000000000000000000000000000000000000000000000000050014000000`),
    );
    expect(route.metric).to.equal(1024);
    expect(route.hops).to.deep.equal([
      { gateway: router6, oif: 3 },
      { gateway: bytes('fe800000000000000000000000000009'), oif: 3 },
    ]);
  });

  it('ip rule add priority 2032 fwmark 1001/0x3fff lookup 1001 protocol 32', () => {
    const rule = decodeRule(
      message(`02000000fc0000010000000008000f00e903000008000e00ffffffff050015002000000008000600f007000008000a00e903000008
        001000ff3f0000`),
    );
    expect(rule).to.deep.equal({
      family: 2,
      priority: 2032,
      mark: 1001,
      mask: 0x3fff,
      action: 1,
      table: 1001,
      protocol: 32,
    });
  });
});
