/**
 * Golden bytes: what iproute2 6.1 sends for the command in each title, recorded with
 * `strace -e trace=sendmsg -e write=all ip ...`, the sequence number zeroed. Link 3 is the veth the commands name.
 */
import { expect } from 'chai';
import { addAddress, IFA_F_NODAD, Scope } from './address.js';
import { AddressGeneration, createVeth, deleteGroup, deleteLink, setLink } from './link.js';
import { AF_INET, AF_INET6, encode, type Request } from './message.js';
import { putNeighbour } from './neighbour.js';
import { addLocalRoute, addRoute, deleteRoute, putRoute } from './route.js';
import { addRule, RuleAction } from './rule.js';

const v4 = (a: number, b: number, c: number, d: number) => Uint8Array.of(a, b, c, d);
const v6 = (hex: string) => new Uint8Array(Buffer.from(hex, 'hex'));
const mac = '02:53:32:00:00:0a';
const ours = { protocol: 32, metric: 3232 };
const main = { table: 254, ...ours };
const blue = { table: 1001, ...ours };
const local = { table: 255, protocol: 2, hops: [{ oif: 3 }] };
const container = v6('20010db800000000000000000000000a');
const router6 = v6('20010db8000000000000000000000000');

const GOLDEN: Record<string, readonly [Request, string]> = {
  'ip link add s32t0 numtxqueues 1 numrxqueues 1 mtu 1400 address .. type veth peer name eth0 (the same) netns /proc/self/ns/net':
    [
      createVeth(
        { name: 's32t0', mac: '02:53:32:00:00:01', mtu: 1400 },
        { name: 'eth0', mac: '02:53:32:00:00:02', mtu: 1400 },
        4,
      ),
      `ac0000001000050600000000000000000000000000000000000000000000000008001f000100000008002000010000000800040078050000
     0a00010002533200000100000a00030073333274300000005c0012000800010076657468500002004c000100000000000000000000000000
     0000000008001f0001000000080020000100000008000400780500000a000100025332000002000008001c00040000000900030065746830
     00000000`,
    ],
  'ip link set s32t0 up': [
    setLink(3, { up: true }),
    '2000000010000500000000000000000000000000030000000100000001000000',
  ],
  'ip link set s32t0 alias "slash32 blue"': [
    setLink(3, { alias: 'slash32 blue' }),
    '300000001000050000000000000000000000000003000000000000000000000010001400736c617368333220626c7565',
  ],
  'ip link set s32t0 group 5452594': [
    setLink(3, { group: 5452594 }),
    '280000001000050000000000000000000000000003000000000000000000000008001b0032335300',
  ],
  'ip link set s32t0 mtu 1300': [
    setLink(3, { mtu: 1300 }),
    '28000000100005000000000000000000000000000300000000000000000000000800040014050000',
  ],
  'ip link set s32t0 addrgenmode none': [
    setLink(3, { addressGeneration: AddressGeneration.none }),
    '300000001000050000000000000000000000000003000000000000000000000010001a000c000a000500080001000000',
  ],
  'ip link del s32t0': [deleteLink(3), '2000000011000500000000000000000000000000030000000000000000000000'],
  'ip link del group 5452594': [
    deleteGroup(5452594),
    '280000001100050000000000000000000000000000000000000000000000000008001b0032335300',
  ],
  'ip addr add 169.254.1.1/32 dev s32t0 scope link': [
    addAddress({ index: 3, ip: v4(169, 254, 1, 1), length: 32, scope: Scope.link }),
    '28000000140005060000000000000000022000fd0300000008000200a9fe010108000100a9fe0101',
  ],
  'ip addr add fe80::1/64 dev s32t0 nodad': [
    addAddress({ index: 3, ip: v6('fe800000000000000000000000000001'), length: 64, flags: IFA_F_NODAD }),
    `400000001400050600000000000000000a4002000300000014000200fe80000000000000000000000000000114000100fe80000000000000
     0000000000000001`,
  ],
  'ip neigh replace 10.20.1.10 lladdr 02:53:32:00:00:0a nud permanent dev s32t0': [
    putNeighbour({ index: 3, ip: v4(10, 20, 1, 10), mac }),
    '300000001c0005050000000000000000020000000300000080000000080001000a14010a0a00020002533200000a0000',
  ],
  'ip neigh replace 2001:db8::a lladdr 02:53:32:00:00:0a nud permanent dev s32t0': [
    putNeighbour({ index: 3, ip: container, mac }),
    `3c0000001c00050500000000000000000a00000003000000800000001400010020010db800000000000000000000000a0a00020002533200
     000a0000`,
  ],
  'ip route replace 10.20.1.10/32 dev s32t0 table 1001 proto 32 metric 3232': [
    putRoute({ ...blue, destination: v4(10, 20, 1, 10), length: 32, hops: [{ oif: 3 }] }),
    '3c000000180005050000000000000000022000000020fd0100000000080001000a14010a08000f00e903000008000600a00c00000800040003000000',
  ],
  'ip route replace 10.20.2.0/24 proto 32 metric 3232 via 192.0.2.0': [
    putRoute({ ...main, destination: v4(10, 20, 2, 0), length: 24, hops: [{ gateway: v4(192, 0, 2, 0) }] }),
    '3400000018000505000000000000000002180000fe20000100000000080001000a14020008000600a00c000008000500c0000200',
  ],
  'ip route add default proto 32 metric 5 src 192.0.2.1 via 192.0.2.0 dev s32t0 onlink': [
    addRoute({
      table: 254,
      destination: v4(0, 0, 0, 0),
      length: 0,
      protocol: 32,
      metric: 5,
      source: v4(192, 0, 2, 1),
      hops: [{ gateway: v4(192, 0, 2, 0), oif: 3, onlink: true }],
    }),
    '3c00000018000506000000000000000002000000fe20000104000000080006000500000008000700c000020108000500c00002000800040003000000',
  ],
  'ip route replace 10.20.3.0/24 proto 32 metric 3232 nexthop via 192.0.2.0 nexthop via 192.0.2.0 dev s32t0': [
    putRoute({
      ...main,
      destination: v4(10, 20, 3, 0),
      length: 24,
      hops: [{ gateway: v4(192, 0, 2, 0) }, { gateway: v4(192, 0, 2, 0), oif: 3 }],
    }),
    `5000000018000505000000000000000002180000fe20000100000000080001000a14030008000600a00c0000240009001000000000000000
     08000500c0000200100000000300000008000500c0000200`,
  ],
  'ip route replace 10.20.4.0/24 proto 32 metric 3232 via inet6 2001:db8:: dev s32t0': [
    putRoute({ ...main, destination: v4(10, 20, 4, 0), length: 24, hops: [{ gateway: router6, oif: 3 }] }),
    `4c00000018000505000000000000000002180000fe20000100000000080001000a14040008000600a00c0000160012000a0020010db80000
     0000000000000000000000000800040003000000`,
  ],
  'ip -6 route replace 2001:db8:2::/64 table 1001 proto 32 metric 3232 via 2001:db8::': [
    putRoute({
      ...blue,
      destination: v6('20010db8000200000000000000000000'),
      length: 64,
      hops: [{ gateway: router6 }],
    }),
    `540000001800050500000000000000000a40000000200001000000001400010020010db800020000000000000000000008000f00e9030000
     08000600a00c00001400050020010db8000000000000000000000000`,
  ],
  'ip -6 route replace 2001:db8:3::a/128 table 1001 proto 32 metric 3232 dev s32t0': [
    putRoute({ ...blue, destination: v6('20010db800030000000000000000000a'), length: 128, hops: [{ oif: 3 }] }),
    `480000001800050500000000000000000a80000000200001000000001400010020010db800030000000000000000000a08000f00e9030000
     08000600a00c00000800040003000000`,
  ],
  'ip -6 route replace 2001:db8:4::/64 proto 32 metric 3232 nexthop via 2001:db8:: dev s32t0 nexthop via fe80::9 dev s32t0':
    [
      putRoute({
        ...main,
        destination: v6('20010db8000400000000000000000000'),
        length: 64,
        hops: [
          { gateway: router6, oif: 3 },
          { gateway: v6('fe800000000000000000000000000009'), oif: 3 },
        ],
      }),
      `740000001800050500000000000000000a400000fe200001000000001400010020010db800040000000000000000000008000600a00c0000
     3c0009001c000000030000001400050020010db80000000000000000000000001c0000000300000014000500fe8000000000000000000000
     00000009`,
    ],
  'ip route add local 169.254.1.1 dev s32t0 table local proto kernel metric 3232': [
    addLocalRoute({ ...local, metric: 3232, destination: v4(169, 254, 1, 1), length: 32 }),
    '3400000018000506000000000000000002200000ff02fe020000000008000100a9fe010108000600a00c00000800040003000000',
  ],
  'ip -6 route add local fe80::1 dev s32t0 table local proto kernel metric 2147483644': [
    addLocalRoute({
      ...local,
      metric: 2147483644,
      destination: v6('fe800000000000000000000000000001'),
      length: 128,
    }),
    `400000001800050600000000000000000a800000ff0200020000000014000100fe80000000000000000000000000000108000600fcffff7f
     0800040003000000`,
  ],
  'ip route del 10.20.2.0/24 proto 32 metric 3232': [
    deleteRoute({ ...main, destination: v4(10, 20, 2, 0), length: 24 }),
    '2c00000019000500000000000000000002180000fe20ff0000000000080001000a14020008000600a00c0000',
  ],
  'ip rule add prio 2032 fwmark 1001/0x3fff lookup 1001 protocol 32': [
    addRule({
      family: AF_INET,
      priority: 2032,
      mark: 1001,
      mask: 0x3fff,
      action: RuleAction.lookup,
      table: 1001,
      protocol: 32,
    }),
    '4400000020000506000000000000000002000000000000010000000008000600f007000008000a00e903000008001000ff3f000008000f00e90300000500150020000000',
  ],
  'ip rule add prio 2033 fwmark 1001/0x3fff lookup main suppress_ifgroup 0x533300 protocol 32': [
    addRule({
      family: AF_INET,
      priority: 2033,
      mark: 1001,
      mask: 0x3fff,
      action: RuleAction.lookup,
      table: 254,
      suppressGroup: 0x533300,
      protocol: 32,
    }),
    '4400000020000506000000000000000002000000fe0000010000000008000600f107000008000a00e903000008001000ff3f000008000d00003353000500150020000000',
  ],
  'ip -6 rule add prio 2033 fwmark 1001/0x3fff protocol 32 type unreachable': [
    addRule({
      family: AF_INET6,
      priority: 2033,
      mark: 1001,
      mask: 0x3fff,
      action: RuleAction.unreachable,
      table: 0,
      protocol: 32,
    }),
    `3c0000002000050600000000000000000a000000000000070000000008000600f107000008000a00e903000008001000ff3f000005001500
     20000000`,
  ],
};

describe('we send what iproute2 sends for', () => {
  for (const [command, [request, bytes]] of Object.entries(GOLDEN)) {
    it(command, () => {
      expect(encode(request).toString('hex')).to.equal(bytes.replace(/\s/g, ''));
    });
  }
});
