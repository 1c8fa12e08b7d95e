import { expect } from 'chai';
import { address } from '../model/address.js';
import { outdated } from './outdated.js';

const RUNNING = { asn: 65001, routerId: address('192.0.2.1'), listenPort: 179, listenAddresses: [] };

describe('what a running gobgpd cannot change', () => {
  it('is nothing while it runs as configured', () => {
    expect(outdated(RUNNING, { ...RUNNING, listenAddresses: [] })).to.equal(undefined);
  });

  it('is named with both values, and with how to restart it unnoticed', () => {
    const wanted = { ...RUNNING, asn: 65009, listenPort: 1179, listenAddresses: [address('192.0.2.1')] };
    expect(outdated(RUNNING, wanted)).to.equal(
      'configured is asn 65009, and gobgpd runs with 65001; listenPort 1179, and gobgpd runs with 179; ' +
        'listenAddresses 192.0.2.1, and gobgpd runs with every address: ' +
        'restart gobgpd (kill -9: the sidecar starts another, and peers keep our routes)',
    );
  });
});
