import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect } from 'chai';
import fc from 'fast-check';
import { peerKey } from '../model/peer.js';
import { example } from './example-node.js';
import { loadConfig } from './load.js';
import { ConfigError } from './problem.js';

const SAMPLE = `\
node: { name: node1, routerId: 192.0.2.1 }          # auto = first global IPv4
bgp:
  asn: 65001
  gobgp: { api: unix:///run/slash32/gobgpd.sock, manage: true }   # false: gobgpd has its own file, we only add paths
  peers:
    - { name: tor1, address: 192.0.2.0, asn: 65000, families: [ipv4, ipv6], passwordFile: /etc/slash32/tor1.key, untagged: ["64512:1"], allowDefault: true }
  timers: { hold: 9s, keepalive: 3s, connectRetry: 5s }   # gobgpd 3.10 waits 5 s at least
  gracefulRestart: 60s                               # the ToR must support it
networks:
  - name: blue
    import: ["64512:100", "64512:1"]                 # 64512:1 = what arrives without targets, here the ToR's default route
    export: ["64512:100"]
    pools: ["10.20.1.0/24", "2001:db8:20:1::/64"]    # this node's addresses, when no IPAM plugin is named
    prefixes: ["10.20.0.0/16", "2001:db8:20::/48"]   # nothing outside is announced; heard prefixes outside need allow
    allow: ["0.0.0.0/0", "::/0"]                     # exactly these, beside prefixes
    table: 1001                                      # one \`ip rule fwmark\` and one table; no VRF device
host:   { import: ["64512:1"] }                      # the host's main table is a network too
kernel: { protocol: 32, rulePriority: 2032, shortcut: false } # only routes with this protocol number are ever touched
log:    { level: info, format: auto }
`;

describe('a configuration', () => {
  it('is loaded as written in the documentation', () => {
    expect(example(SAMPLE)).to.deep.equal({
      node: { name: 'node1' },
      speaker: {
        asn: 65001,
        routerId: '192.0.2.1',
        listenPort: 179,
        listenAddresses: [],
        timers: { hold: 9, keepalive: 3, connectRetry: 5 },
        restartTime: 60,
        peers: [
          {
            name: 'tor1',
            address: '192.0.2.0',
            asn: 65000,
            families: [4, 6],
            untagged: ['64512:1'],
            password: 'correct horse',
            passive: false,
            allowDefault: true,
          },
        ],
        sought: [],
      },
      gobgp: { api: 'unix:///run/slash32/gobgpd.sock', manage: true },
      networks: {
        byName: new Map([
          [
            'blue',
            {
              name: 'blue',
              table: 1001,
              imports: new Set(['64512:100', '64512:1']),
              exports: ['64512:100'],
              pools: ['10.20.1.0/24', '2001:db8:20:1::/64'],
              prefixes: ['10.20.0.0/16', '2001:db8:20::/48'],
              allow: ['0.0.0.0/0', '::/0'],
              egress: 'isolated',
            },
          ],
        ]),
        host: { imports: new Set(['64512:1']) },
      },
      kernel: { rulePriority: 2032, shortcut: false },
      gateways: { v4: '169.254.1.1', v6: 'fe80::1' },
      ipam: { quarantine: 60 },
      log: { level: 'info', format: 'auto' },
      runDir: '/run/slash32',
      sockets: { cni: '/run/slash32/cni.sock', admin: '/run/slash32/admin.sock' },
    });
  });

  it('is what the README shows, each of them', async () => {
    const readme = await readFile(new URL('../../../README.md', import.meta.url), 'utf8');
    const samples = [...readme.matchAll(/^```yaml\n([\s\S]*?)^```/gm)].map(([, text = '']) => text);
    expect(samples).to.have.length.of.at.least(2);
    for (const sample of samples) expect(example(sample).speaker.asn).to.equal(65001);
  });

  it('needs an AS number and nothing else, and then lets nothing in or out', () => {
    const config = example('bgp: { asn: 65001 }\nnetworks: [{ name: blue }]\n');
    const blue = config.networks.byName.get('blue');
    expect(config.node.name).to.equal('node1');
    expect(config.speaker).to.deep.include({ routerId: '192.0.2.1', listenPort: 179, restartTime: 60, peers: [] });
    expect(blue).to.deep.include({ imports: new Set(), exports: [], pools: [], egress: 'isolated' });
    expect(config.networks.host.imports.size).to.equal(0);
  });

  it('takes pools and MTU from the file in which flannel says what the node was given', () => {
    const loaded = (more: string) =>
      example(`bgp: { asn: 1 }\nnetworks: [{ name: blue, subnetFile: /run/flannel/subnet.env${more} }]\n`);
    expect(loaded('').networks.byName.get('blue')).to.deep.include({ pools: ['10.20.7.0/24'], mtu: 1450 });
    expect(loaded(', pools: ["2001:db8:7::/64"], mtu: 9000').networks.byName.get('blue')).to.deep.include({
      pools: ['2001:db8:7::/64', '10.20.7.0/24'],
      mtu: 9000,
    });
  });

  it('tells two peers of the same link-local address apart by their links', () => {
    const peers = (one: string, other: string) =>
      `bgp: { asn: 1, peers: [${[one, other].map((on, i) => `{ name: p${i}, address: "fe80::1", interface: ${on}, asn: 2 }`)}] }\n`;
    expect(example(peers('eth1', 'eth2')).speaker.peers.map(peerKey)).to.eql(['fe80::1%eth1', 'fe80::1%eth2']);
    expect(() => example(peers('eth1', 'eth1'))).to.throw(/"fe80::1%eth1" is the address of bgp\.peers\.0 too/);
  });

  it('derives every socket from the run directory', () => {
    const config = example('bgp: { asn: 65001 }\nrunDir: /run/other\n');
    expect([config.sockets.cni, config.sockets.admin, config.gobgp.api]).to.deep.equal([
      '/run/other/cni.sock',
      '/run/other/admin.sock',
      'unix:///run/other/gobgpd.sock',
    ]);
  });

  it('speaks the family of a peer by default, and keeps alive three times a hold', () => {
    const { peers, timers } = example(
      'bgp: { asn: 65001, timers: { hold: 2m }, peers: [{ address: 2001:db8::1, asn: 65000 }] }\n',
    ).speaker;
    expect(peers[0]).to.deep.include({ name: '2001:db8::1', families: [6] });
    expect(timers).to.deep.equal({ hold: 120, keepalive: 40, connectRetry: 5 });
  });

  it('carries everything that a peer can have', () => {
    const peer =
      '{ address: 192.0.2.64, asn: 64513, passive: true, multihop: 3, untagged: "1:1, 1:2", families: [ipv6, ipv6], ' +
      'localAddress: 192.0.2.1, maxPrefixes: 9, timers: { hold: 30s } }';
    expect(example(`bgp: { asn: 65001, listenPort: 1179, peers: [${peer}] }\n`).speaker).to.deep.include({
      listenPort: 1179,
      peers: [
        {
          name: '192.0.2.64',
          address: '192.0.2.64',
          asn: 64513,
          families: [6],
          untagged: ['1:1', '1:2'],
          passive: true,
          multihop: 3,
          localAddress: '192.0.2.1',
          maxPrefixes: 9,
          timers: { hold: 30, keepalive: 10, connectRetry: 5 },
        },
      ],
    });
  });

  it('has both families for a link-local peer, because one session carries both, and its link beside its address', () => {
    const { peers, sought } = example(
      'bgp: { asn: 65001, nextHop6: "2001:db8::1", peers: [{ address: "fe80::1", interface: eth0, asn: 65000, ttlSecurity: 1 }] }\n',
    ).speaker;
    expect(peers[0]).to.deep.include({ address: 'fe80::1', device: 'eth0', families: [4, 6], ttlSecurity: 1 });
    expect(sought).to.deep.equal([]);
  });

  it('seeks peers that are named by their place', () => {
    const { peers, sought } = example(
      'bgp: { asn: 65001, peers: [{ interface: eth0, asn: 65000 }, { name: gw, auto: default-gateway, asn: 65000 }] }\n',
    ).speaker;
    expect(peers).to.deep.equal([]);
    expect(sought?.map(({ name, where, families }) => ({ name, where, families }))).to.deep.equal([
      { name: 'eth0', where: { device: 'eth0' }, families: [4, 6] },
      { name: 'gw', where: { gateway: true }, families: [4] },
    ]);
  });

  it('says what is believed of peers: of each one, and of all', () => {
    const peer =
      '{ address: 192.0.2.64, asn: 2, allow: [10.0.0.0/8 le 32], deny: [10.9.0.0/16 ge 24], allowDefault: true }';
    const guards = '{ protected: [203.0.113.0/24], lengths: { ipv4: { ge: 16 } } }';
    const { speaker } = example(`bgp: { asn: 1, peers: [${peer}], guards: ${guards} }\n`);
    expect(speaker.peers[0]).to.deep.include({
      allow: [{ within: '10.0.0.0/8', ge: 8, le: 32 }],
      deny: [{ within: '10.9.0.0/16', ge: 24, le: 32 }],
      allowDefault: true,
    });
    expect(speaker.guards).to.deep.equal({
      protected: ['203.0.113.0/24'],
      lengths: { 4: { ge: 16, le: 32 }, 6: { ge: 16, le: 128 } },
    });
  });

  it('may share parts by anchor and alias', () => {
    const config = example(
      'bgp: { asn: 65001 }\nnetworks:\n- { name: blue, import: &all ["1:1"] }\n- { name: red, import: *all }\n',
    );
    expect([...config.networks.byName.values()].map(({ imports }) => [...imports])).to.deep.equal([['1:1'], ['1:1']]);
  });

  it('is read from a file, which problems call by the path it was given', async () => {
    const directory = await mkdtemp(join(tmpdir(), 's32-config-'));
    const path = join(directory, 'node.yaml');
    await writeFile(path, 'bgp: { asn: 65001, timer: {} }\nnode: { routerId: 192.0.2.1 }\n');
    const error = await loadConfig(path).catch((thrown: unknown) => thrown);
    await rm(directory, { recursive: true });
    expect(error).to.be.instanceOf(ConfigError);
    expect((error as Error).message).to.equal(`${path}:1:20: bgp.timer: unknown key (did you mean timers?)`);
  });

  it('that is not there is a ConfigError as well', async () => {
    const error = await loadConfig('/nonexistent/node.yaml').catch((thrown: unknown) => thrown);
    expect(error).to.be.instanceOf(ConfigError);
    expect((error as Error).message).to.equal(
      '/nonexistent/node.yaml:1:1: cannot be read (ENOENT); name another file, or make this one',
    );
  });
});

describe('any text at all', () => {
  const line = fc.constantFrom(
    ...SAMPLE.split('\n'),
    '  - x: [',
    '&a',
    '*a',
    '? |',
    '"',
    '%YAML 1.1',
    '---',
    '\t',
    '{}',
  );
  const junk = fc.oneof(
    fc.string({ unit: 'binary', maxLength: 200 }),
    fc.string({ unit: fc.constantFrom(...'[]{}:,-?|>&*!%@#"\' \n\tabgp019/.'), maxLength: 200 }),
    fc.array(line, { maxLength: 20 }).map((lines) => lines.join('\n')),
    fc.json(),
    fc
      .object({ key: fc.constantFrom('bgp', 'peers', 'networks', 'name', 'asn', '__proto__') })
      .map((value) => JSON.stringify(value)),
  );

  it('is a configuration or a ConfigError whose lines all have a place', () => {
    const parse = (text: string) => {
      try {
        example(text);
      } catch (error) {
        if (!(error instanceof ConfigError)) throw error;
        for (const { line: row, column } of error.problems) expect(Math.min(row, column)).to.be.at.least(1);
        expect(error.problems).to.not.have.length(0);
      }
    };
    fc.assert(fc.property(junk, parse), { numRuns: 500 });
  });

  it('that differs from a good file by a few characters is within all limits, or a ConfigError', () => {
    const change = fc.tuple(fc.nat(SAMPLE.length), fc.nat(5), fc.string({ unit: 'grapheme-ascii', maxLength: 3 }));
    fc.assert(
      fc.property(change, ([at, drop, insert]) => {
        const text = SAMPLE.slice(0, at) + insert + SAMPLE.slice(at + drop);
        try {
          expect(example(text).speaker.timers.hold).to.be.within(3, 65535);
        } catch (error) {
          if (!(error instanceof ConfigError)) throw error;
        }
      }),
      { numRuns: 300 },
    );
  });
});
