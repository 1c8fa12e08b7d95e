import { expect } from 'chai';
import fc from 'fast-check';
import { address, prefix } from '../model/address.js';
import type { Endpoint } from '../model/endpoint.js';
import { exampleEndpoint } from '../model/example-endpoint.js';
import { routeTarget } from '../model/route-target.js';
import { parseEndpoint, parseFreed, printEndpoint, printFreed } from './record-format.js';

const text = fc.string({ unit: 'binary' });
const whole = fc.maxSafeInteger();
const addresses = fc.subarray(['10.20.1.10', '2001:db8:20:1::a', '::ffff:10.0.0.1', 'fe80::1'].map(address));
const routes = fc.subarray(['0.0.0.0/0', '::/0', '10.0.0.0/8'].map(prefix));
const targets = fc.option(fc.subarray(['64512:1', '192.0.2.1:7', '4200000000:7'].map(routeTarget)), { nil: undefined });
const wish = fc.record({ imports: targets, exports: targets }).map(said);

/** Every endpoint that the compiler lets pass. */
const endpoint = fc
  .record(
    {
      containerId: text,
      ifname: text,
      network: text,
      own: fc.record({ base: text, table: whole, byNetConf: wish, byContainer: wish }),
      cniNetwork: text,
      state: fc.constantFrom('pending', 'attached'),
      netns: text,
      netnsInode: whole,
      link: fc.record({ name: text, index: whole, mac: text }),
      mac: text,
      mtu: whole,
      addresses,
      routes,
      delegatedIpam: fc.record({ type: text, netConf: text, args: text, path: text }),
      masquerade: fc.boolean(),
      attachedAt: fc.maxSafeNat(),
      since: text,
    },
    { noNullPrototype: true, requiredKeys: Object.keys(required()) as [] },
  )
  .map((one) => one as Endpoint);

/** Without the keys that nothing is said of. */
function said<T extends object>(value: T): T {
  return Object.fromEntries(Object.entries(value).filter(([, one]) => one !== undefined)) as T;
}

function required() {
  const { cniNetwork: _, delegatedIpam: __, attachedAt: ___, ...rest } = exampleEndpoint();
  return rest;
}

describe('a record', () => {
  it('of any endpoint that can be is read again as it was', () => {
    fc.assert(fc.property(endpoint, (one) => void expect(parseEndpoint(printEndpoint(one))).to.deep.equal(one)));
  });

  it('of freed addresses is read again as it was', () => {
    fc.assert(fc.property(addresses, (some) => void expect(parseFreed(printFreed(some))).to.deep.equal(some)));
  });

  const UNREADABLE: Record<string, [spoilt: object, reason: RegExp]> = {
    'a number is none': [{ mtu: Number.NaN }, /: mtu: NaN/],
    'a number deep inside has a fraction': [{ link: { name: 's321', index: 1.5, mac: '' } }, /: index: 1\.5/],
    'there is a key too many': [{ colour: 'blue' }, /: colour: /],
  };
  for (const [what, [spoilt, reason]] of Object.entries(UNREADABLE)) {
    it(`in which ${what} is refused before it is written, as it would be when it is read`, () => {
      const bad = { ...exampleEndpoint(), ...spoilt };
      expect(() => printEndpoint(bad)).to.throw(reason);
      expect(() => parseEndpoint(JSON.stringify({ format: 1, ...bad }))).to.throw(/not a record of ours/);
    });
  }
});
