import { expect } from 'chai';
import { EXAMPLE_NODE, problemsOf } from './example-node.js';
import { parseConfig } from './load.js';
import { readPassword } from './password-file.js';

/** A file that is right but for one part. */
const bgp = (part: string) => `bgp:\n  asn: 65001\n  ${part}\n`;
const peer = (part: string) => bgp(`peers: [{ address: 192.0.2.0, asn: 65000, ${part} }]`);
const network = (part: string) => `bgp: { asn: 65001 }\nnetworks:\n  - name: blue\n    ${part}\n`;
const section = (part: string) => `bgp: { asn: 65001 }\n${part}\n`;

const FIRST_NETWORK = '- { name: blue, table: 1001, pools: [10.20.1.0/24] }';
const two = (second: string) => `bgp: { asn: 65001 }\nnetworks:\n${FIRST_NETWORK}\n${second}\n`;

const CASES: Record<string, [text: string, problem: string]> = {
  'a word for a number': ['bgp:\n  asn: abc\n', '2:8: bgp.asn: expected number, found "abc"'],
  'a missing key': ['bgp:\n  peers: []\n', '2:3: bgp.asn: missing: expected number'],
  'an empty file': ['', '1:1: bgp: missing: expected a map'],
  'a list for a map': ['- 1\n', '1:1: expected a map, found a list'],
  'an empty section': [section('log:'), '2:5: log: expected a map, found nothing'],
  'blocks without pools': [
    network('announce: aggregate'),
    '4:15: networks.0.announce: "aggregate" needs pools of more than one address: they are what is announced',
  ],
  'a block of one address': [
    network('{ announce: both, pools: [10.20.1.1/32] }').replace('name: blue\n    {', '{ name: blue,'),
    '3:29: networks.0.announce: "both" needs pools of more than one address: they are what is announced',
  ],
  'an unknown kind of announcement': [
    network('announce: agregate'),
    '4:15: networks.0.announce: expected host or aggregate or both, found "agregate" (did you mean aggregate?)',
  ],
  'a reserved AS number': [
    'bgp: { asn: 65535 }\n',
    '1:13: bgp.asn: this AS number is reserved and cannot be spoken from',
  ],
  'an AS number out of range': [
    'bgp: { asn: 4294967296 }\n',
    '1:13: bgp.asn: expected a whole number from 1 to 4294967295',
  ],
  'half an AS number': ['bgp: { asn: 1.5 }\n', '1:13: bgp.asn: expected a whole number, found 1.5'],
  'port 0': [bgp('listenPort: 0'), '3:15: bgp.listenPort: expected a TCP port, or -1'],
  'a typo in a key': [section('netwroks: []'), '2:1: netwroks: unknown key (did you mean networks?)'],
  'a key that does nothing yet': [
    section('http: {}'),
    '2:1: http: unknown key; known here: node, bgp, networks, netConfNetworks, host, kernel, ipam, log, metrics, runDir',
  ],
  'a password in the file itself': [
    peer('password: hunter2'),
    '3:45: bgp.peers.0.password: unknown key (did you mean passwordFile?)',
  ],
  'a password for the path of its file': [
    'bgp: { asn: 1, peers: [{ address: 192.0.2.0, asn: 2, passwordFile: [hunter2] }] }\n',
    '1:68: bgp.peers.0.passwordFile: expected text, found a list',
  ],
  'an unreadable password file': [
    peer('passwordFile: /etc/nothing'),
    '3:59: bgp.peers.0.passwordFile: /etc/nothing cannot be read (ENOENT)',
  ],
  'an unknown family': [
    peer('families: [ipv4, ip6]'),
    '3:62: bgp.peers.0.families.1: expected ipv4 or ipv6, found "ip6" (did you mean ipv6?)',
  ],
  'no family': [peer('families: []'), '3:55: bgp.peers.0.families: a peer needs at least one of ipv4 and ipv6'],
  'a peer of many': [
    'bgp: { asn: 1, peers: [{ address: 224.0.0.5, asn: 2 }] }\n',
    "1:35: bgp.peers.0.address: 224.0.0.5 cannot be a peer's address",
  ],
  'a link-local peer without its link': [
    'bgp: { asn: 1, peers: [{ address: fe80::5, asn: 2 }] }\n',
    '1:35: bgp.peers.0.address: a link-local address means something on one link only; name the interface too',
  ],
  'a peer that is nowhere': [
    'bgp: { asn: 1, peers: [{ asn: 2 }] }\n',
    '1:24: bgp.peers.0.address: missing: where is the peer? Name its address, or the interface it is on, or "auto: default-gateway"',
  ],
  'a peer that is named twice': [
    peer('auto: default-gateway'),
    '3:51: bgp.peers.0.auto: the peer is named twice; leave out either auto, or address and interface',
  ],
  'one default gateway for two families': [
    bgp('peers: [{ auto: default-gateway, asn: 2, families: [ipv4, ipv6] }]'),
    '3:19: bgp.peers.0.auto: there is a default gateway for each family; write one peer with ipv4 and one with ipv6',
  ],
  'a link for a global address': [
    peer('interface: eth0'),
    '3:56: bgp.peers.0.interface: only a link-local address (fe80::...) needs its link; leave interface out',
  ],
  'a link that cannot be': [
    bgp('peers: [{ interface: a/b, asn: 2 }]'),
    '3:24: bgp.peers.0.interface: expected the name of a link, of at most 15 characters',
  ],
  'many hops on one link': [
    bgp('peers: [{ interface: eth0, asn: 2, multihop: 3 }]'),
    '3:48: bgp.peers.0.multihop: a peer on a link of this node is one hop away; leave multihop out',
  ],
  'multihop and TTL security': [
    peer('multihop: 3, ttlSecurity: 3'),
    '3:71: bgp.peers.0.ttlSecurity: sends with a TTL of 255, and multihop with a lower one; keep ttlSecurity alone, with the number of hops',
  ],
  'multihop for iBGP': [
    'bgp: { asn: 1, peers: [{ address: 192.0.2.0, asn: 1, multihop: 3 }] }\n',
    '1:64: bgp.peers.0.multihop: an iBGP peer (of the same AS) may be any number of hops away; leave multihop out',
  ],
  'an address of its own for a peer on a link': [
    bgp('peers: [{ interface: eth0, asn: 2, localAddress: "fe80::1" }]'),
    "3:52: bgp.peers.0.localAddress: a peer on a link is reached from that link's own address; leave localAddress out",
  ],
  'two families in one session': [
    peer('localAddress: "2001:db8::1"'),
    "3:59: bgp.peers.0.localAddress: is not of the family of the peer's address; a session has one family",
  ],
  "the peer's address as our own": [
    peer('localAddress: 192.0.2.0'),
    "3:59: bgp.peers.0.localAddress: is the peer's address too; name this node's own",
  ],
  'two sides that wait for each other': [
    'bgp: { asn: 1, listenPort: -1, peers: [{ address: 192.0.2.0, asn: 2, passive: true }] }\n',
    '1:79: bgp.peers.0.passive: waits for the peer to connect, but bgp.listenPort is -1; leave it out, or listen',
  ],
  'a listen range at a node that does not listen': [
    'bgp: { asn: 1, listenPort: -1, listenRanges: [{ prefix: 192.0.2.0/24, asn: 2 }] }\n',
    '1:57: bgp.listenRanges.0.prefix: waits for the peer to connect, but bgp.listenPort is -1; leave it out, or listen',
  ],
  'two listen ranges that overlap': [
    bgp('listenRanges: [{ prefix: 192.0.2.0/24, asn: 2 }, { prefix: 192.0.0.0/16, asn: 3 }]'),
    '3:62: bgp.listenRanges.1.prefix: 192.0.0.0/16 overlaps 192.0.2.0/24 of bgp.listenRanges.0; who comes belongs to one of them',
  ],
  'a listen range for any AS but ours': [
    bgp('listenRanges: [{ prefix: 192.0.2.0/24, asn: external }]'),
    '3:47: bgp.listenRanges.0.asn: gobgpd lets any AS in where a range has none, our own too; write one range for each AS, with its number',
  ],
  'a listen range of link-local addresses': [
    bgp('listenRanges: [{ prefix: fe80::/10, asn: 2 }]'),
    '3:28: bgp.listenRanges.0.prefix: a link-local peer is named by its link: use peers with interface',
  ],
  'an address of ours for whoever comes by a range': [
    bgp('listenRanges: [{ prefix: 192.0.2.0/24, asn: 2, localAddress: 192.0.2.1 }]'),
    '3:64: bgp.listenRanges.0.localAddress: gobgpd takes who comes from a range at every address that it listens to; name those in bgp.listenAddresses instead',
  ],
  'a heartbeat over several hops, of a range': [
    bgp('listenRanges: [{ prefix: 192.0.2.0/24, asn: 2, multihop: 2, bfd: true }]'),
    '3:68: bgp.listenRanges.0.bfd: is for a peer that is one hop away (RFC 5881), and multihop says that it is not; leave one of the two out',
  ],
  'blocks for a peer where no network has any': [
    peer('announce: aggregate'),
    '3:55: bgp.peers.0.announce: "aggregate" needs a network with pools of more than one address: they are what is announced',
  ],
  'what a peer is told, where gobgpd has a file of its own': [
    'bgp: { asn: 1, gobgp: { manage: false }, peers: [{ address: 192.0.2.0, asn: 2, announce: host }] }\n',
    '1:90: bgp.peers.0.announce: what a peer is told, gobgpd\'s own file decides ("manage: false"); leave announce out',
  ],
  'a heartbeat over several hops': [
    peer('multihop: 2, bfd: true'),
    '3:63: bgp.peers.0.bfd: is for a peer that is one hop away (RFC 5881), and multihop says that it is not; leave one of the two out',
  ],
  'a heartbeat too fast for anybody': [
    peer('bfd: { minTx: 1 }'),
    '3:59: bgp.peers.0.bfd.minTx: expected a whole number from 10 to 60000',
  ],
  'no paths at all': [
    peer('maxPrefixes: 0'),
    '3:58: bgp.peers.0.maxPrefixes: expected a whole number from 1 to 10000000',
  ],
  'TTL security over no hop': [
    peer('ttlSecurity: 0'),
    '3:58: bgp.peers.0.ttlSecurity: expected a whole number from 1 to 254',
  ],
  'a keepalive of one peer that one loss breaks': [
    peer('timers: { hold: 9s, keepalive: 4s }'),
    '3:76: bgp.peers.0.timers.keepalive: 4s is more than a third of hold (9s): one lost message would end the session',
  ],
  'a link-local next hop': [bgp('nextHop6: "fe80::1"'), '3:13: bgp.nextHop6: expected a global IPv6 address'],
  'a prefix list that matches nothing': [
    'bgp: { asn: 1, peers: [{ address: 192.0.2.0, asn: 2, allow: [10.0.0.0/8, 10.0.0.0/8 ge 4] }] }\n',
    '1:74: bgp.peers.0.allow.1: "10.0.0.0/8 ge 4" matches nothing: expected 8 <= ge <= le <= 32',
  ],
  'a word that no prefix list has': [
    'bgp: { asn: 1, peers: [{ address: 192.0.2.0, asn: 2, deny: [10.0.0.0/8 upto 32] }] }\n',
    '1:61: bgp.peers.0.deny.0: not a prefix range: "10.0.0.0/8 upto 32" (expected like 10.0.0.0/8 or 10.0.0.0/8 ge 24 le 32)',
  ],
  'lengths that let nothing in': [
    'bgp: { asn: 1, guards: { lengths: { ipv4: { ge: 24, le: 16 } } } }\n',
    '1:57: bgp.guards.lengths.ipv4.le: lets no length in: le is less than ge',
  ],
  'a protected prefix that is none': [
    'bgp: { asn: 1, guards: { protected: [192.0.2.1/24] } }\n',
    '1:38: bgp.guards.protected.0: not a prefix: "192.0.2.1/24" has host bits set (did you mean 192.0.2.0/24?)',
  ],
  'an address with a leading zero': [
    'bgp: { asn: 1, listenAddresses: [010.1.1.1] }\n',
    '1:34: bgp.listenAddresses.0: not an IP address: "010.1.1.1" (expected like 10.20.1.10 or 2001:db8::a)',
  ],
  'a number for a truth': [peer('passive: 1'), '3:54: bgp.peers.0.passive: expected true or false, found 1'],
  'one hop as multihop': [peer('multihop: 1'), '3:55: bgp.peers.0.multihop: expected a whole number from 2 to 255'],
  'hold below 3': [bgp('timers: { hold: 2s }'), '3:19: bgp.timers.hold: expected a time from 3s to 65535s, found 2s'],
  'a keepalive that one loss breaks': [
    bgp('timers: { hold: 9s, keepalive: 4s }'),
    '3:34: bgp.timers.keepalive: 4s is more than a third of hold (9s): one lost message would end the session',
  ],
  'a time without unit': [
    bgp('timers: { hold: "9" }'),
    '3:19: bgp.timers.hold: expected a time like 9s, 2m or 1h, found "9"',
  ],
  'a restart time that does not fit its 12 bits': [
    bgp('gracefulRestart: 2h'),
    '3:20: bgp.gracefulRestart: expected a time from 0s to 4095s, found 2h',
  ],
  'gRPC over TCP': [
    bgp('gobgp: { api: "127.0.0.1:50051" }'),
    '3:17: bgp.gobgp.api: expected unix:///path/of/a/socket, found "127.0.0.1:50051": gobgpd\'s API has no authentication',
  ],
  'an abstract socket': [
    bgp('gobgp: { api: "unix:@gobgpd" }'),
    '3:17: bgp.gobgp.api: expected unix:///path/of/a/socket, found "unix:@gobgpd": gobgpd\'s API has no authentication',
  ],
  'an IPv6 router id': [
    section('node: { routerId: 2001:db8::1 }'),
    '2:19: node.routerId: a router id is an IPv4 address or auto, not 2001:db8::1',
  ],
  'a name that is no name': [
    section('node: { name: "-rf" }'),
    '2:15: node.name: expected a name of at most 63 letters, digits, "_", "." and "-" that begins with a letter or digit, found "-rf"',
  ],
  'a target without number': [
    network('import: ["64512"]'),
    '4:14: networks.0.import.0: not a route target: "64512" (expected ASN:number or A.B.C.D:number, like 64512:100)',
  ],
  'a target whose number is too large': [
    network('export: 192.0.2.1:65536'),
    '4:13: networks.0.export: not a route target: "192.0.2.1:65536": the number after the colon is at most 65535',
  ],
  'a target that is a number': [
    network('import: [1:1, 5]'),
    '4:19: networks.0.import.1: expected a route target, found 5',
  ],
  'targets that are a truth': [
    network('import: true'),
    '4:13: networks.0.import: expected a route target, a comma list or a list of them, found true',
  ],
  'targets in two spellings': [
    network('import: 1:1\n    importrt: 1:2'),
    '5:15: networks.0.importrt: targets are given under another spelling of this key too; keep one',
  ],
  "the host's targets in two spellings": [
    section('host: { importRT: 1:1, import: 1:2 }'),
    '2:19: host.importRT: targets are given under another spelling of this key too; keep one',
  ],
  'host bits in a pool': [
    network('pools: [10.20.1.0/24, 10.30.0.1/8]'),
    '4:27: networks.0.pools.1: not a prefix: "10.30.0.1/8" has host bits set (did you mean 10.0.0.0/8?)',
  ],
  'a pool of loopback addresses': [
    network('pools: [127.1.0.0/16]'),
    '4:13: networks.0.pools.0: holds addresses that no container can have (loopback, IPv4-mapped, link-local, multicast or reserved)',
  ],
  'a pool of IPv4 addresses in the clothes of IPv6': [
    network('pools: ["::ffff:10.1.0.0/112"]'),
    '4:13: networks.0.pools.0: holds addresses that no container can have (loopback, IPv4-mapped, link-local, multicast or reserved)',
  ],
  'a key of nobody in a network, where other spellings of keys are taken, and not advertised': [
    network('vrf: red'),
    '4:5: networks.0.vrf: unknown key; known here: name, import, export, pools, prefixes, allow, maxRoutes, egress, announce, subnetFile, mtu, table, ipMasq, allowTargets, allowOverride',
  ],
  'another encoding than UTF-8': [
    network('pools: []  # r\uFFFDseau'),
    '4:19: this is not UTF-8; save the file as UTF-8 text',
  ],
  "a pool outside of the network's prefixes": [
    network('pools: [10.30.0.0/24]\n    prefixes: [10.20.0.0/16]'),
    "4:13: networks.0.pools.0: 10.30.0.0/24 lies outside of the network's prefixes, so its addresses would not be announced",
  ],
  "the kernel's main table": [
    network('table: 254'),
    "4:12: networks.0.table: 253, 254 and 255 are the kernel's own tables",
  ],
  'a table beyond the marks': [
    network('table: 16384'),
    '4:12: networks.0.table: expected a whole number from 1 to 8191',
  ],
  'table 0': [network('table: 0'), '4:12: networks.0.table: expected a whole number from 1 to 8191'],
  'a subnet file that is not there': [
    network('subnetFile: /run/nowhere'),
    '4:17: networks.0.subnetFile: /run/nowhere cannot be read (ENOENT)',
  ],
  'a subnet file whose subnet is none of the network': [
    network('subnetFile: /run/flannel/subnet.env\n    prefixes: [10.99.0.0/16]'),
    "4:17: networks.0.subnetFile: 10.20.7.0/24 lies outside of the network's prefixes, so its addresses would not be announced",
  ],
  'masquerade in a network that does not leave by the host': [
    network('ipMasq: true'),
    '4:13: networks.0.ipMasq: nothing of "blue" leaves by the node\'s own routes, so there is nothing to masquerade; give it egress: host',
  ],
  'an egress there is none of': [
    network('egress: hots'),
    '4:13: networks.0.egress: expected isolated or host, found "hots" (did you mean host?)',
  ],
  'no routes at all': [
    network('maxRoutes: 0'),
    '4:16: networks.0.maxRoutes: expected a whole number from 1 to 10000000',
  ],
  "the host's own name": [
    'bgp: { asn: 1 }\nnetworks: [{ name: host }]\n',
    '2:20: networks.0.name: "host" is the host\'s own network; choose another name',
  ],
  'another protocol number': [section('kernel: { protocol: 33 }'), '2:21: kernel.protocol: expected 32, found 33'],
  "a rule behind the main table's": [
    section('kernel: { rulePriority: 32766 }'),
    '2:25: kernel.rulePriority: expected a whole number from 1 to 32763',
  ],
  'a shortcut that is neither on nor off': [
    section('kernel: { shortcut: maybe }'),
    '2:21: kernel.shortcut: expected true or false, found "maybe"',
  ],
  'a gateway that is not link-local': [
    section('kernel: { gateways: { v4: 10.0.0.1 } }'),
    '2:27: kernel.gateways.v4: a gateway is a link-local address, in 169.254.0.0/16, like 169.254.1.1',
  ],
  'a quarantine of days': [
    section('ipam: { quarantine: 25h }'),
    '2:21: ipam.quarantine: expected a time from 0s to 86400s, found 25h',
  ],
  'a log level there is none of': [
    section('log: { level: warning }'),
    '2:15: log.level: expected error or warn or info or debug, found "warning" (did you mean warn?)',
  ],
  'a relative run directory': [
    section('runDir: run'),
    '2:9: runDir: expected an absolute path without "..", "." and "//", found "run"',
  ],
  'a run directory that climbs': [
    section('runDir: /run/../etc'),
    '2:9: runDir: expected an absolute path without "..", "." and "//", found "/run/../etc"',
  ],
  'a run directory too long for a socket': [
    section(`runDir: /${'r'.repeat(100)}`),
    `2:9: runDir: a socket's path has at most 107 bytes, and "/${'r'.repeat(63)}..." is longer`,
  ],
  'two peers of one name': [
    bgp('peers:\n  - { name: t, address: 192.0.2.0, asn: 1 }\n  - { name: t, address: 192.0.2.2, asn: 1 }'),
    '5:13: bgp.peers.1.name: "t" is the name of bgp.peers.0 too',
  ],
  'two peers of one address': [
    bgp('peers:\n  - { address: 2001:db8::1, asn: 1 }\n  - { name: t, address: "2001:DB8:0::1", asn: 1 }'),
    '5:25: bgp.peers.1.address: "2001:db8::1" is the address of bgp.peers.0 too',
  ],
  'two link-local peers of one address that are to be told different things': [
    bgp(
      'peers: [{ name: a, address: "fe80::1", interface: e1, asn: 2 },\n' +
        '    { name: b, address: "fe80::1", interface: e2, asn: 2, communities: [no-export] }]',
    ),
    '4:72: bgp.peers.1.communities: gobgpd tells fe80::1 on e1 and on e2 the same: give bgp.peers.0 the same communities, or another address to one of the two',
  ],
  'two networks of one name': [two('- { name: blue }'), '4:11: networks.1.name: "blue" is the name of networks.0 too'],
  'two networks of one name, whose tables are then one as well': [
    'bgp: { asn: 1 }\nnetworks: [{ name: blue }, { name: blue }]\n',
    '2:36: networks.1.name: "blue" is the name of networks.0 too',
  ],
  'two networks of one table': [
    two('- { name: red, table: 1001 }'),
    '4:23: networks.1.table: 1001 is the table of "blue" too; give one of them another table',
  ],
  "a pool in another network's": [
    two('- { name: red, pools: [10.30.0.0/24, 10.20.1.128/25] }'),
    '4:38: networks.1.pools.1: 10.20.1.128/25 overlaps pool 10.20.1.0/24 of "blue": an address would be given out twice',
  ],
  'a pool twice in one network': [
    network('pools: [10.20.1.0/24, 10.20.1.0/24]'),
    '4:27: networks.0.pools.1: 10.20.1.0/24 overlaps pool 10.20.1.0/24 of "blue": an address would be given out twice',
  ],
  'a pool in that of networks that a CNI configuration may define': [
    `${network('pools: [10.20.1.0/24]')}netConfNetworks: [{ name: tenant-*, pools: [10.20.0.0/16] }]\n`,
    '5:45: netConfNetworks.0.pools.0: 10.20.0.0/16 overlaps pool 10.20.1.0/24 of "blue": an address would be given out twice',
  ],
  'prefixes of two networks that have nothing in common': [
    `${network('prefixes: [10.20.0.0/16]')}  - { name: red, prefixes: [10.30.0.0/16, 10.20.128.0/17] }\n`,
    '5:43: networks.1.prefixes.1: 10.20.128.0/17 overlaps 10.20.0.0/16 of "blue", and neither imports what the other exports: an address would be of both; keep them apart',
  ],
  'a pattern of targets that is none': [
    network('allowTargets: { import: ["64512"] }'),
    '4:30: networks.0.allowTargets.import.0: not a pattern of route targets: "64512" (expected 64512:100, 64512:100-199, 64512:* or *)',
  ],
  'a range of targets that ends before it begins': [
    network('allowOverride: { export: ["64512:9-1"] }'),
    '4:31: networks.0.allowOverride.export.0: the range of "64512:9-1" ends before it begins',
  ],
  'a peer within a pool': [
    'bgp: { asn: 1, peers: [{ name: t, address: 10.20.1.1, asn: 2 }] }\nnetworks: [{ name: blue, pools: [10.20.1.0/24] }]\n',
    '2:34: networks.0.pools.0: 10.20.1.0/24 holds 10.20.1.1, the address of peer "t"',
  ],
};

describe('a configuration that is wrong says what, where and why', () => {
  for (const [name, [text, problem]] of Object.entries(CASES)) {
    it(`for ${name}`, () => expect(problemsOf(text)).to.deep.equal([problem]));
  }

  it('for everything at once, in the order of the file', () => {
    const text = `
bgp:
  asn: abc
  peers: [{ name: t, address: 10.20.1.5, asn: 5 }, { name: t, address: 10.0.0.2, asn: 5 }]
networks:
  - { name: blue, improt: 1:1 }
  - { name: red, pools: [10.20.1.0/24] }
`;
    expect(problemsOf(text)).to.deep.equal([
      '3:8: bgp.asn: expected number, found "abc"',
      '4:60: bgp.peers.1.name: "t" is the name of bgp.peers.0 too',
      '6:19: networks.0.improt: unknown key (did you mean import?)',
      '7:26: networks.1.pools.0: 10.20.1.0/24 holds 10.20.1.5, the address of peer "t"',
    ]);
  });

  it('in one line, even for a key of several', () => {
    expect(problemsOf('bgp: { asn: 1 }\n"a\\nb\\x1b": 1\n')).to.deep.equal([
      '2:1: a?b?: unknown key; known here: node, bgp, networks, netConfNetworks, host, kernel, ipam, log, metrics, runDir',
    ]);
  });

  it('without ever quoting what may be a password', () => {
    const node = { ...EXAMPLE_NODE, password: readPassword };
    for (const part of ['password: hunter2', 'passwordFile: hunter2', 'passwordFile: { password: hunter2 }']) {
      expect(() => parseConfig(peer(part), 'node.yaml', node)).to.throw(/^node.yaml:3:(?!.*hunter2)/);
    }
  });
});
