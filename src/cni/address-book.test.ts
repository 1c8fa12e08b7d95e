import { expect } from 'chai';
import { address, prefix } from '../model/address.js';
import { AddressBook, NoAddress } from './address-book.js';

function book(quarantine = 60_000) {
  const clock = { time: 0, now: () => clock.time, after: () => () => {} };
  return { clock, book: new AddressBook(clock, quarantine) };
}
const pools = [prefix('10.20.1.0/29'), prefix('2001:db8::/125')];

describe('the address book', () => {
  it('gives one address of each family, in turn', () => {
    const { book: addresses } = book();
    expect(addresses.take('blue', pools, [])).to.eql(['10.20.1.1', '2001:db8::1']);
    expect(addresses.take('blue', pools, [])).to.eql(['10.20.1.2', '2001:db8::2']);
  });

  it('says beforehand in which family it has nothing to give, and counts what rests as free', () => {
    const { book: addresses } = book();
    const uneven = [prefix('10.0.0.1/32'), prefix('2001:db8::/125')];
    expect(addresses.exhausted(uneven)).to.eql([]);
    const taken = addresses.take('blue', uneven, []);
    expect(addresses.exhausted(uneven)).to.eql([['10.0.0.1/32']]);
    addresses.rest(taken);
    expect(addresses.exhausted(uneven)).to.eql([]);
    expect(addresses.exhausted([])).to.eql([]);
  });

  it('gives a freed address out again as late as possible', () => {
    const { book: addresses } = book(0);
    const first = addresses.take('blue', pools, []);
    addresses.rest(first);
    expect(addresses.take('blue', pools, [])).to.eql(['10.20.1.2', '2001:db8::2']);
  });

  it('lets a freed address rest while there are others', () => {
    const { book: addresses, clock } = book();
    const small = [prefix('10.0.0.0/30')];
    const [one] = addresses.take('blue', small, []);
    addresses.rest([one!]);
    expect(addresses.take('blue', small, [])).to.eql(['10.0.0.2']);
    clock.time = 60_000;
    expect(addresses.resting()).to.eql([]);
    expect(addresses.take('blue', small, [])).to.eql(['10.0.0.1']);
  });

  it('would rather reuse a resting address early than refuse a container', () => {
    const { book: addresses } = book();
    const single = [prefix('10.0.0.1/32')];
    addresses.rest(addresses.take('blue', single, []));
    expect(addresses.take('blue', single, [])).to.eql(['10.0.0.1']);
  });

  it('takes nothing when one family is exhausted', () => {
    const { book: addresses } = book();
    const uneven = [prefix('10.0.0.0/24'), prefix('2001:db8::1/128')];
    addresses.take('blue', uneven, []);
    expect(() => addresses.take('blue', uneven, [])).to.throw(
      NoAddress,
      /no free address in 2001:db8::1\/128 of network "blue"/,
    );
    expect(addresses.isTaken(address('10.0.0.2'))).to.equal(false);
  });

  it('refuses a requested address that is taken or lies in no pool', () => {
    const { book: addresses } = book();
    addresses.take('blue', pools, [address('10.20.1.3')]);
    expect(() => addresses.take('blue', pools, [address('10.20.1.3')])).to.throw(/in use/);
    expect(() => addresses.take('blue', pools, [address('192.0.2.1')])).to.throw(/lies in no pool/);
  });

  it('gives each of the six usable addresses of a pool once, then says that it is exhausted', () => {
    const { book: addresses } = book();
    const seen = Array.from({ length: 6 }, () => addresses.take('blue', [pools[0]!], [])[0]);
    expect(new Set(seen).size).to.equal(6);
    expect(() => addresses.take('blue', [pools[0]!], [])).to.throw(/all are taken/);
  });
});
