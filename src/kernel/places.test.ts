import { expect } from 'chai';
import type { Address } from '../model/address.js';
import { exampleEndpoint } from '../model/example-endpoint.js';
import { Places } from './places.js';
import type { Place } from './shortcut-program.js';

describe('places of addresses', () => {
  const endpoint = exampleEndpoint();
  const [own] = endpoint.addresses;
  let map: Map<Address, Place>;
  let puts: number;
  let places: Places;

  beforeEach(() => {
    [map, puts] = [new Map(), 0];
    const tables = new Map([[endpoint.network, 1001]]);
    places = new Places({ tables } as never, {
      putPlace: (address, place) => puts++ >= 0 && map.set(address, place),
      removePlace: (address) => map.delete(address),
    });
  });

  it('are those of every address of an endpoint, and go with it', () => {
    places.add(endpoint, 5);
    expect([...map]).to.eql(endpoint.addresses.map((address) => [address, { hostEnd: 5, table: 1001 }]));
    places.remove(endpoint, 5);
    expect(map.size).to.equal(0);
  });

  it('stay with the endpoint that has got the address since', () => {
    places.add(endpoint, 5);
    places.add({ ...endpoint, containerId: 'next' }, 7);
    places.remove(endpoint, 5);
    expect(map.get(own!)).to.eql({ hostEnd: 7, table: 1001 });
  });

  it('are none in a network without a table', () => {
    places.add({ ...endpoint, network: 'unknown' }, 5);
    expect(map.size).to.equal(0);
  });

  it('are put once, and again only to count anew', () => {
    for (let time = 0; time < 2; time++) places.add(endpoint, 5);
    expect(puts).to.equal(endpoint.addresses.length);
    places.countAnew(endpoint, 5);
    expect(puts).to.equal(2 * endpoint.addresses.length);
    expect(places.countedFor(endpoint)).to.be.within(0, 60_000);
  });
});
