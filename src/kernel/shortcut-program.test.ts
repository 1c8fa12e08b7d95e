import { expect } from 'chai';
import { address } from '../model/address.js';
import { bytesOfPlace, keyOf } from './shortcut-program.js';

describe('the map of the shortcut', () => {
  it('has addresses as the program reads them: IPv4 behind ::ffff:', () => {
    expect(keyOf(address('192.0.2.1')).toString('hex')).to.equal('00000000000000000000ffffc0000201');
    expect(keyOf(address('2001:db8::1')).toString('hex')).to.equal('20010db8000000000000000000000001');
  });

  it('has the host end, then the table of its network, then how many packets are left until it is told', () => {
    expect(bytesOfPlace({ hostEnd: 0x0102, table: 1001 }).toString('hex')).to.equal('02010000e903000010270000');
  });
});
