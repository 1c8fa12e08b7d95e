import { assert } from 'chai';
import fc from 'fast-check';
import { address, addressFrom, bitsOf, type Prefix, prefixAround } from '../model/address.js';
import { exampleEndpoint } from '../model/example-endpoint.js';
import { CniError } from './cni-error.js';
import { chained, type Result, resultOf } from './result.js';
import { decodeResult } from './result-decode.js';
import { encodeResult } from './result-encode.js';
import { atLeast, VERSIONS } from './version.js';

const endpoint = exampleEndpoint({ addresses: [address('10.20.1.10'), address('2001:db8::a')] });
const gateways = { v4: address('169.254.1.1'), v6: address('fe80::1') };
const result = resultOf(endpoint, gateways, { nameservers: ['10.0.0.53'] });
const dns = { nameservers: ['10.0.0.53'] };

describe('a result', () => {
  it('is one address per family and no interfaces in 0.1.0 and 0.2.0', () => {
    for (const cniVersion of ['0.1.0', '0.2.0'] as const) {
      assert.deepEqual(encodeResult(result, cniVersion), {
        cniVersion,
        ip4: { ip: '10.20.1.10/32', gateway: '169.254.1.1', routes: [{ dst: '0.0.0.0/0', gw: '169.254.1.1' }] },
        ip6: { ip: '2001:db8::a/128', gateway: 'fe80::1', routes: [{ dst: '::/0', gw: 'fe80::1' }] },
        dns,
      });
    }
  });

  it('tells the IP version of each address in 0.3.0 to 0.4.0, and no longer in 1.0.0', () => {
    const ips = [
      { interface: 1, address: '10.20.1.10/32', gateway: '169.254.1.1' },
      { interface: 1, address: '2001:db8::a/128', gateway: 'fe80::1' },
    ];
    const rest = {
      interfaces: [
        { name: 's328a1c4f', mac: '02:00:00:00:00:01' },
        { name: 'eth0', mac: '02:00:00:00:00:02', sandbox: '/run/netns/c1' },
      ],
      routes: [
        { dst: '0.0.0.0/0', gw: '169.254.1.1' },
        { dst: '::/0', gw: 'fe80::1' },
      ],
      dns,
    };
    const versioned = [
      { version: '4', ...ips[0] },
      { version: '6', ...ips[1] },
    ];
    for (const cniVersion of ['0.3.0', '0.3.1', '0.4.0'] as const) {
      assert.deepEqual(encodeResult(result, cniVersion), { cniVersion, ...rest, ips: versioned });
    }
    assert.deepEqual(encodeResult(result, '1.0.0'), { cniVersion: '1.0.0', ...rest, ips });
  });

  it('says the MTU of its interfaces from 1.1.0 on', () => {
    const encoded = encodeResult(result, '1.1.0') as { interfaces: object[] };
    assert.deepEqual(encoded.interfaces[1], {
      name: 'eth0',
      mac: '02:00:00:00:00:02',
      mtu: 1500,
      sandbox: '/run/netns/c1',
    });
  });

  it('without an address cannot be said before 0.3.0', () => {
    const none = { ...result, ips: [] };
    assert.throws(() => encodeResult(none, '0.2.0'), CniError);
    assert.deepInclude(encodeResult(none, '0.3.0'), { ips: [] });
  });

  it('comes back from each version as far as the version can say it', () => {
    fc.assert(
      fc.property(fc.constantFrom(...VERSIONS), results(), (version, any) => {
        const back = decodeResult(JSON.parse(JSON.stringify(encodeResult(any, version))), 'it');
        assert.deepEqual(plain(back), plain(sayable(any, version)));
      }),
    );
  });

  it('of an earlier plugin keeps its interfaces, and ours count on behind them', () => {
    const previous = decodeResult(
      { interfaces: [{ name: 'a' }], ips: [{ address: '10.0.0.1/8', interface: 0 }] },
      'it',
    );
    const { interfaces, ips } = chained(previous, result);
    assert.deepEqual(
      interfaces.map(({ name }) => name),
      ['a', 's328a1c4f', 'eth0'],
    );
    assert.deepEqual(
      ips.map((ip) => interfaces[ip.interface!]?.name),
      ['a', 'eth0', 'eth0'],
    );
  });
});

describe('a result of others', () => {
  it('may write a missing value as null, an empty text or an index of -1', () => {
    const decoded = decodeResult(
      {
        interfaces: null,
        ips: [{ version: '4', address: '10.1.2.3/24', gateway: '', interface: -1 }],
        routes: [{ dst: '10.0.0.1/8', gw: null }],
        dns: { nameservers: null, domain: '' },
      },
      'it',
    );
    assert.deepEqual(plain(decoded), {
      interfaces: [],
      ips: [{ address: '10.1.2.3', length: 24 }],
      routes: [{ dst: '10.0.0.0/8' }],
      dns: {},
    });
  });

  it('is refused with code 7 and the place when it is none', () => {
    const bad: [unknown, string][] = [
      [5, 'it is not a CNI result'],
      [{ ips: [{ address: '10.1.2.3/33' }] }, 'ips.0.address'],
      [{ ip4: { ip: 'x' } }, 'ip4.ip'],
      [{ routes: [{ dst: 'default' }] }, 'routes.0.dst'],
    ];
    for (const [value, place] of bad) assert.throws(() => decodeResult(value, 'it'), CniError, place);
  });
});

/** Without the keys whose value is undefined, which mean the same as their absence. */
const plain = (value: unknown) => JSON.parse(JSON.stringify(value));

/** What is left of a result in a version: the shapes of CNI's specification, told a second way. */
function sayable(of: Result, version: (typeof VERSIONS)[number]): Result {
  if (atLeast(version, '1.1.0')) return of;
  const routes = of.routes.map(({ dst, gw }) => ({ dst, gw }));
  const interfaces = of.interfaces.map(({ name, mac, sandbox }) => ({ name, mac, sandbox }));
  if (atLeast(version, '0.3.0')) return { ...of, interfaces, routes };
  const first = (colon: boolean) => of.ips.find((ip) => ip.address.includes(':') === colon);
  const firsts = [first(false), first(true)].filter((ip) => ip !== undefined);
  const families = firsts.map((ip) => ip.address.includes(':'));
  const kept = families.flatMap((colon) => routes.filter(({ dst }) => dst.includes(':') === colon));
  const ips = firsts.map(({ address: own, length, gateway }) => ({ address: own, length, gateway }));
  return { interfaces: [], ips, routes: kept, dns: of.dns };
}

function results(): fc.Arbitrary<Result> {
  const bytes = (length: number) => fc.uint8Array({ minLength: length, maxLength: length }).map(addressFrom);
  const anyAddress = fc.oneof(bytes(4), bytes(16));
  const maybe = <T>(arbitrary: fc.Arbitrary<T>) => fc.option(arbitrary, { nil: undefined });
  const count = maybe(fc.nat(65535));
  const word = fc.stringMatching(/^[a-z]{1,9}$/);
  const anyPrefix: fc.Arbitrary<Prefix> = fc
    .tuple(anyAddress, fc.nat(128))
    .map(([of, length]) => prefixAround(of, length % (bitsOf(of) + 1)));
  return fc.record({
    interfaces: fc.constant([
      { name: 'a', mac: '02:00:00:00:00:01', mtu: 9 },
      { name: 'b', sandbox: '/n', pciID: '1' },
    ]),
    ips: fc.array(
      fc.record({ address: anyAddress, length: fc.nat(32), gateway: maybe(anyAddress), interface: maybe(fc.nat(1)) }),
      { minLength: 1 },
    ),
    routes: fc.array(fc.record({ dst: anyPrefix, gw: maybe(anyAddress), mtu: count, priority: count, table: count })),
    dns: fc.record({ domain: maybe(word), search: maybe(fc.array(word, { minLength: 1 })) }),
  });
}
