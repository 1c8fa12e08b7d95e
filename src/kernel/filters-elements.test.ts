import { expect } from 'chai';
import { address } from '../model/address.js';
import { elementFor, elementId, elementText, keysOf } from './filters-elements.js';

const endpoint = {
  link: { name: 's328a1c4f00', index: 7, mac: '02:00:00:00:00:01' },
  addresses: [address('10.20.1.10'), address('2001:db8::a')],
};

describe('the elements of an endpoint', () => {
  it('are its addresses from its link, and its addresses as destinations', () => {
    expect(keysOf(endpoint).map((key) => elementText(key, 1001))).to.deep.equal([
      'source4 { "s328a1c4f00" . 10.20.1.10 : goto net-1001 }',
      'source6 { "s328a1c4f00" . 2001:db8::a : goto net-1001 }',
      'destination4 { 10.20.1.10 : goto to-1001 }',
      'destination6 { 2001:db8::a : goto to-1001 }',
    ]);
  });

  it('are the masqueraded addresses too when that is asked for', () => {
    const more = keysOf(endpoint, true).slice(keysOf(endpoint).length);
    expect(more.map((key) => elementText(key, 1001))).to.deep.equal([
      'masquerade4 { 10.20.1.10 : goto masqueraded }',
      'masquerade6 { 2001:db8::a : goto masqueraded }',
    ]);
  });

  it('have no IPv6 when the endpoint has none', () => {
    const maps = keysOf({ ...endpoint, addresses: [address('10.20.1.10')] }).map(({ map }) => map);
    expect(maps).to.deep.equal(['source4', 'destination4']);
  });

  it('keep their ids when the network changes', () => {
    const ids = (table: number) => keysOf(endpoint).map((key) => elementId(elementFor(key, table)));
    expect(ids(1)).to.deep.equal(ids(2));
    expect(ids(1)).to.deep.equal(keysOf(endpoint).map(({ id }) => id));
    expect(new Set(ids(1)).size).to.equal(4);
  });

  it('put the link name in 16 bytes before the address', () => {
    expect(keysOf(endpoint)[0]!.key.toString('hex')).to.equal('73333238613163346630300000000000' + '0a14010a');
  });

  for (const name of ['eth0', 's32', 's32"; flush', 's32a b', 's32*', 's32aaaaaaaaaaaaaa', 's32a\n']) {
    it(`are refused for a link named ${JSON.stringify(name)}`, () => {
      expect(() => keysOf({ ...endpoint, link: { ...endpoint.link, name } })).to.throw(RangeError, 'host end');
    });
  }
});
