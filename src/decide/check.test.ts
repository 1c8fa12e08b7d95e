import { expect } from 'chai';
import { address, prefix } from '../model/address.js';
import { exampleEndpoint } from '../model/example-endpoint.js';
import { hostSettings, type Wiring } from '../model/wiring.js';
import { differences, type Wanted } from './check.js';

const [v4, v6] = [address('10.20.1.10'), address('2001:db8::a')];
const gateways = { v4: address('169.254.1.1'), v6: address('fe80::1') };
const endpoint = exampleEndpoint({
  link: { name: 's32a', index: 7, mac: '02:00:00:00:00:01' },
  addresses: [v4, v6],
});
const wanted: Wanted = { endpoint, gateways, table: 1001, mac: endpoint.mac, mtu: undefined };
const host: NonNullable<Wiring['host']> = {
  name: 's32a',
  index: 7,
  peerIndex: 2,
  mac: endpoint.link.mac,
  mtu: 1500,
  up: true,
  addresses: [],
  gateways: [gateways.v4, gateways.v6],
  neighbours: new Map([v4, v6].map((own) => [own, endpoint.mac])),
  settings: hostSettings(endpoint),
};
const container: NonNullable<Wiring['container']> = {
  name: 'eth0',
  index: 2,
  peerIndex: 7,
  mac: endpoint.mac,
  mtu: 1500,
  up: true,
  addresses: ['10.20.1.10/32', '2001:db8::a/128'],
  neighbours: new Map([gateways.v4, gateways.v6].map((gateway) => [gateway, endpoint.link.mac])),
  routes: [
    { prefix: prefix('0.0.0.0/0'), gateway: gateways.v4 },
    { prefix: prefix('::/0'), gateway: gateways.v6 },
  ],
};
const whole: Wiring = {
  host,
  container,
  ways: [v4, v6].flatMap((to) => [
    { to, seenBy: 'network' as const, table: 1001, link: 7 },
    { to, seenBy: 'host' as const, table: 254, link: 7 },
  ]),
  lackingFilters: [],
};
const only = (found: Wiring, by: Wanted = wanted) => {
  const all = differences(by, found);
  expect(all, all.join('; ')).to.have.length(1);
  return all[0];
};

describe('the check of an endpoint', () => {
  it('finds nothing where all is as attached', () => {
    expect(differences(wanted, whole)).to.eql([]);
  });

  const BROKEN: Record<string, [Wiring, RegExp]> = {
    'a host link that is down': [{ ...whole, host: { ...host, up: false } }, /^host link s32a is down$/],
    'another MAC on the host link': [
      { ...whole, host: { ...host, mac: '02:00:00:00:00:09' } },
      /s32a has MAC address 02:00:00:00:00:09, expected 02:00:00:00:00:01/,
    ],
    'a gateway': [{ ...whole, host: { ...host, gateways: [gateways.v6] } }, /s32a lacks the gateway 169.254.1.1/],
    'a neighbour of the host': [
      { ...whole, host: { ...host, neighbours: new Map([[v4, endpoint.mac]]) } },
      /s32a lacks the permanent neighbour 2001:db8::a/,
    ],
    'a setting of the host link': [
      { ...whole, host: { ...host, settings: new Map([['net/ipv4/conf/s32a/rp_filter', '0']]) } },
      /sysctl net\/ipv4\/conf\/s32a\/rp_filter is 0, expected 1/,
    ],
    'an address of the container': [
      { ...whole, container: { ...container, addresses: ['10.20.1.10/24', '2001:db8::a/128'] } },
      /eth0 lacks address 10.20.1.10\/32/,
    ],
    'a route of the container': [
      { ...whole, container: { ...container, routes: container.routes.slice(0, 1) } },
      /lacks the route ::\/0 via fe80::1 dev eth0/,
    ],
    'a neighbour of the container': [
      { ...whole, container: { ...container, neighbours: new Map([[gateways.v6, endpoint.link.mac]]) } },
      /eth0 lacks the permanent neighbour 169.254.1.1/,
    ],
    'another MAC in the container': [
      { ...whole, container: { ...container, mac: '02:00:00:00:00:09' } },
      /eth0 has MAC address 02:00:00:00:00:09, expected 02:00:00:00:00:02/,
    ],
    'a container end of another pair': [{ ...whole, container: { ...container, peerIndex: 8 } }, /not the other end/],
    'a route of its network': [
      { ...whole, ways: whole.ways.map((way) => ({ ...way, table: way.to === v4 ? 254 : way.table })) },
      /the host lacks the route 10.20.1.10 dev s32a table 1001/,
    ],
    'a route of the host that leads elsewhere': [
      { ...whole, ways: whole.ways.map((way) => (way.to === v6 && way.table === 254 ? { ...way, link: 3 } : way)) },
      /the host lacks the route 2001:db8::a dev s32a table 254/,
    ],
    'a filter element': [{ ...whole, lackingFilters: ['source4 { x }'] }, /lacks source4 { x }/],
    'the host link as a whole': [{ ...whole, host: undefined }, /^host link s32a is gone$/],
    'the container end as a whole': [{ ...whole, container: undefined }, /^eth0 is gone from the container$/],
  };
  for (const [what, [found, says]] of Object.entries(BROKEN)) {
    it(`names ${what}, and nothing else`, () => expect(only(found)).to.match(says));
  }

  it('takes the MAC and the MTU that the last result says for right', () => {
    const neighbours = new Map([v4, v6].map((own) => [own, '0a:00:00:00:00:01']));
    const tuned = {
      ...whole,
      host: { ...host, neighbours },
      container: { ...container, mac: '0a:00:00:00:00:01', mtu: 1400 },
    };
    const said = { ...wanted, mac: '0a:00:00:00:00:01', mtu: 1400 };
    expect(differences(said, tuned)).to.eql([]);
    expect(only({ ...tuned, container: { ...tuned.container, mtu: 1300 } }, said)).to.include(
      'MTU 1300, expected 1400',
    );
  });

  it('names neighbours of the host that still have the MAC address from before somebody changed it', () => {
    const tuned = { ...whole, container: { ...container, mac: '0a:00:00:00:00:01' } };
    expect(differences({ ...wanted, mac: '0a:00:00:00:00:01' }, tuned)).to.eql(
      [v4, v6].map(
        (own) => `host link s32a has the permanent neighbour ${own} at 02:00:00:00:00:02, expected 0a:00:00:00:00:01`,
      ),
    );
  });

  it('does not ask for IPv6 settings where the kernel has none', () => {
    const settings = new Map([...hostSettings(endpoint)].filter(([path]) => !path.includes('ipv6')));
    expect(differences(wanted, { ...whole, host: { ...host, settings } })).to.eql([]);
  });

  it('gives every difference at once', () => {
    expect(differences(wanted, { ...whole, ways: [], lackingFilters: ['a', 'b'] })).to.have.length(6);
  });
});
